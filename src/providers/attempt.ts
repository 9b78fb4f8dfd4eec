import type { AttemptPhases } from '../transport/attempt-watch.js';
import type { ErrorClass } from '../common/errors/error-class.js';

/** Why the next thing was tried after an attempt, or that nothing was. */
export type NextStep = 'retry' | 'fallback' | 'none';

/** One try at a target, or the reason why there was none. */
export interface Attempt {
  readonly step: number;
  /** Canonical slug; of a refused one what the caller wrote. */
  readonly provider: string;
  readonly model: string;
  /** The dynamic route's element that wanted it; null where there is none. */
  readonly element: string | null;
  /** A stored key's alias; `inline` for the caller's own; null where there was none. */
  readonly key: string | null;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /**
   * `cached`: the answer was there already, and nobody was asked. `skipped`: the target's circuit is open, or its key is parked, and
   * there is another way. `refused`: it could not be tried, and the provider may be nobody.
   */
  outcome: 'ok' | 'cached' | 'aborted' | 'skipped' | 'refused' | ErrorClass;
  /** The upstream's HTTP status; null when there was no answer. */
  status: number | null;
  durationMs: number;
  /** Bytes of the answer that came. */
  bytes: number;
  next: NextStep | null;
  /** Null where no answer came, or where it took more than one request. */
  phases: AttemptPhases | null;
}

/** What a header may hold of them. */
export const MAX_ATTEMPTS_HEADER = 2048;

/** The attempts of a call in one header: `openai/gpt-5.2;key=default;rate_limit;429;120ms, groq/llama;key=default;ok;200;340ms`. */
export const toAttemptsHeader = (attempts: readonly Attempt[]): string => attempts.map(toText).join(', ');

const toText = ({ provider, model, key, outcome, status, durationMs }: Attempt): string =>
  `${provider}${model === '' ? '' : `/${model}`}${key === null ? '' : `;key=${key}`};${outcome}${status === null ? '' : `;${status}`};${durationMs}ms`;

/** The same for an error body, in the words of the wire. */
export const presentAttempts = (attempts: readonly Attempt[]): readonly Record<string, unknown>[] =>
  attempts.map(({ step, provider, model, element, key, startedAt, outcome, status, durationMs, bytes, next }) => ({
    step,
    target: `${provider}/${model}`,
    ...(element === null ? {} : { element }),
    key,
    started_at: new Date(startedAt).toISOString(),
    outcome,
    status,
    duration_ms: durationMs,
    bytes,
    next,
  }));
