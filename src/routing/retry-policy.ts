import type { Dice } from '../common/dice.js';
import { errorClassOf } from '../common/errors/error-class.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import { retryAfterMs } from '../common/retry-after.js';
import type { Backoff } from '../contract/attempt-headers.js';
import type { AttemptPolicy } from './attempt-policy.js';

/** A `retry-after` up to this long is waited for; a longer one means that another target is quicker. */
const MAX_RETRY_AFTER_MS = 10_000;

/** What may pass when it is sent again (design: connection errors, time-outs before the first byte, 408, 409, 425, 429, 5xx). */
const RETRIED_STATUSES = new Set([408, 409, 425, 429]);

/** Would the same request at the same target have a chance? */
export function isRetried(error: GatewayError): boolean {
  if (error.key === 'upstream_failed') return true;
  if (error.key === 'upstream_timeout') return error.details.metadata?.['fault'] !== 'total_timeout';
  if (error.key !== 'upstream_error' || !error.retryable) return false;
  const { status } = error;
  return (status >= 500 || RETRIED_STATUSES.has(status)) && errorClassOf(error) !== 'quota';
}

/**
 * How long to wait before the next try at the same target; null: there is none.
 * @param attempt The number of the try that failed, from 1.
 */
export function retryDelayMs(
  error: GatewayError,
  attempt: number,
  policy: AttemptPolicy,
  dice: Dice,
  now: number,
): number | null {
  if (attempt >= policy.maxAttempts || !isRetried(error)) return null;
  const retryAfter = retryAfterMs(error.details.headers, now);
  if (retryAfter !== null && retryAfter > MAX_RETRY_AFTER_MS) return null;
  return Math.max(retryAfter ?? 0, backoffMs(attempt, policy, dice));
}

/** How a delay grows with the number of tries that failed. */
const GROWTH: Readonly<Record<Backoff, (attempt: number) => number>> = {
  constant: () => 1,
  linear: (attempt) => attempt,
  exponential: (attempt) => 2 ** (attempt - 1),
};

/** Half of an exponential delay is left to chance, so that callers do not come back in step. */
function backoffMs(attempt: number, { retryDelayMs: delay, backoff }: AttemptPolicy, dice: Dice): number {
  const full = delay * GROWTH[backoff](attempt);
  return backoff === 'exponential' ? full / 2 + (full / 2) * dice.roll() : full;
}
