/** Reads `retry-after-ms`, or `retry-after` in either form (seconds, HTTP date), as milliseconds from `now`; null: not said, or unreadable. */
export function retryAfterMs(headers: Readonly<Record<string, string>> | undefined, now: number): number | null {
  const exact = headers?.['retry-after-ms'];
  if (exact !== undefined && /^\d+(?:\.\d+)?$/.test(exact)) return toMs(Number(exact));
  const coarse = headers?.['retry-after'];
  if (coarse === undefined) return null;
  if (/^\d+(?:\.\d+)?$/.test(coarse)) return toMs(Number(coarse) * 1000);
  const date = Date.parse(coarse);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** More than anybody can count to is as long as anybody can wait. */
const toMs = (ms: number): number => Math.min(ms, Number.MAX_SAFE_INTEGER);
