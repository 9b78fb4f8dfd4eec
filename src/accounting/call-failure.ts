import { classOfStatus } from '../common/errors/error-class.js';
import type { CountedCall } from './counted-call.js';

/**
 * Why a call did not end well, in one word of a small set: the provider's failing by its class (`rate_limit`, `timeout` …), a refusal
 * of the gateway's own by its key in the table of codes, `aborted` for a caller that left. A provider's error that was passed on as it came is
 * classed by its status. Null: it ended well.
 */
export function failureOf({
  outcome,
  status,
  error,
  attempts,
}: Pick<CountedCall, 'outcome' | 'status' | 'error' | 'attempts'>): string | null {
  if (outcome === 'completed') return status < 400 ? null : classOfStatus(status);
  if (outcome === 'aborted') return 'aborted';
  if (error === null || error.startsWith('upstream_')) return attempts.at(-1)?.outcome ?? outcome;
  return error;
}
