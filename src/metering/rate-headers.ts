import type { CounterState } from '../state/shared-state.js';
import type { Demand } from './demand.js';
import type { Rate } from './rate.js';
import { secondsUntil } from './refusals.js';

const NAMES = {
  requests: ['x-ratelimit-limit-requests', 'x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
  tokens: ['x-ratelimit-limit-tokens', 'x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
} as const;

/** `x-ratelimit-*` for the rule of this unit that leaves least: names and values in turn, added to `headers`. */
export function addRateHeaders(
  headers: string[],
  unit: Rate['unit'],
  demands: readonly Demand[],
  counters: readonly CounterState[],
  now: number,
): void {
  let tightest = -1;
  let least = 0;
  for (let i = 0; i < demands.length; i++) {
    const rate = demands[i]!.shown;
    if (rate === null || rate.unit !== unit) continue;
    const remaining = rate.limit - counters[i]!.used;
    if (tightest !== -1 && remaining >= least) continue;
    tightest = i;
    least = remaining;
  }
  if (tightest === -1) return;
  const [limit, remaining, reset] = NAMES[unit];
  headers.push(limit, String(demands[tightest]!.claim.limit), remaining, String(Math.max(0, least)));
  headers.push(reset, `${secondsUntil(counters[tightest]!.freeAt, now)}s`);
}
