import type { ErrorClass } from '../common/errors/error-class.js';

/** Why the next thing was tried after an attempt, or that nothing was. */
export type NextStep = 'retry' | 'fallback' | 'none';

/** One try at a target, or the reason why there was none. */
export interface Attempt {
  readonly step: number;
  /** Canonical slug. */
  readonly provider: string;
  readonly model: string;
  /** A stored key's alias; `inline` for the caller's own; null where there was none. */
  readonly key: string | null;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** `skipped`: the target's circuit is open, or its key is parked, and there is another way. */
  outcome: 'ok' | 'aborted' | 'skipped' | ErrorClass;
  /** The upstream's HTTP status; null when there was no answer. */
  status: number | null;
  durationMs: number;
  /** Bytes of the answer that came. */
  bytes: number;
  next: NextStep | null;
}

/** The attempts of a call in one header: `openai/gpt-5.2;key=default;rate_limit;429;120ms, groq/llama;key=default;ok;200;340ms`. */
export const toAttemptsHeader = (attempts: readonly Attempt[]): string => attempts.map(toText).join(', ');

const toText = ({ provider, model, key, outcome, status, durationMs }: Attempt): string =>
  `${provider}/${model}${key === null ? '' : `;key=${key}`};${outcome}${status === null ? '' : `;${status}`};${durationMs}ms`;

/** The same for an error body, in the words of the wire. */
export const presentAttempts = (attempts: readonly Attempt[]): readonly Record<string, unknown>[] =>
  attempts.map(({ step, provider, model, key, startedAt, outcome, status, durationMs, bytes, next }) => ({
    step,
    target: `${provider}/${model}`,
    key,
    started_at: new Date(startedAt).toISOString(),
    outcome,
    status,
    duration_ms: durationMs,
    bytes,
    next,
  }));
