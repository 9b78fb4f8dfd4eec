import { GatewayError } from '../common/errors/gateway-error.js';
import { inboundHeader, type InboundHeaders } from './gateway-headers.js';

export const BACKOFFS = ['constant', 'linear', 'exponential'] as const;
export type Backoff = (typeof BACKOFFS)[number];

/** What a request, or a step of one, says of attempts. Absent: the next in line decides (step > header > gateway). */
export interface AttemptOverrides {
  /** Tries in total, 1–5. */
  readonly maxAttempts?: number;
  /** 0–60,000. */
  readonly retryDelayMs?: number;
  readonly backoff?: Backoff;
  /** Until the first byte. */
  readonly requestTimeoutMs?: number;
}

const NAMES = ['cf-aig-max-attempts', 'cf-aig-retry-delay', 'cf-aig-backoff', 'cf-aig-request-timeout'] as const;

export const NO_OVERRIDES: AttemptOverrides = {};

const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** Reads `cf-aig-max-attempts`, `-retry-delay`, `-backoff` and `-request-timeout`. Throws `invalid_request` naming the header. */
export function parseAttemptHeaders(headers: InboundHeaders): AttemptOverrides {
  // Most calls say nothing, and share one answer.
  if (NAMES.every((name) => headers[name] === undefined)) return NO_OVERRIDES;
  const maxAttempts = numberOf(headers, 'cf-aig-max-attempts', 1, 5);
  const retryDelayMs = numberOf(headers, 'cf-aig-retry-delay', 0, 60_000);
  const requestTimeoutMs = numberOf(headers, 'cf-aig-request-timeout', 1, MAX_TIMEOUT_MS);
  const backoff = inboundHeader(headers, 'cf-aig-backoff')?.toLowerCase() ?? null;
  if (backoff !== null && !isBackoff(backoff))
    throw invalid('cf-aig-backoff', `one of ${BACKOFFS.join(', ')}`, backoff);
  return {
    ...(maxAttempts === null ? {} : { maxAttempts }),
    ...(retryDelayMs === null ? {} : { retryDelayMs }),
    ...(backoff === null ? {} : { backoff }),
    ...(requestTimeoutMs === null ? {} : { requestTimeoutMs }),
  };
}

function numberOf(headers: InboundHeaders, name: string, min: number, max: number): number | null {
  const text = inboundHeader(headers, name);
  if (text === null) return null;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalid(name, `a whole number from ${min} to ${max}`, text);
  return value;
}

const isBackoff = (value: string): value is Backoff => BACKOFFS.some((backoff) => backoff === value);

const invalid = (name: string, expected: string, found: string): GatewayError =>
  new GatewayError('invalid_request', `The header ${name} must be ${expected}; got "${found.slice(0, 64)}".`, {
    param: name,
  });
