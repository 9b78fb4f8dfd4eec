import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../common/errors/gateway-error.js';
import type { AttemptPolicy } from './attempt-policy.js';
import { isRetried, retryDelayMs } from './retry-policy.js';

const upstream = (
  status: number,
  rest: { code?: string; retryable?: boolean; headers?: Record<string, string> } = {},
) => new GatewayError('upstream_error', 'x', { status, ...rest });

const aPolicy = (rest: Partial<AttemptPolicy> = {}): AttemptPolicy => ({
  maxAttempts: 5,
  retryDelayMs: 100,
  backoff: 'constant',
  timeouts: { connectMs: 0, headersMs: 0, firstTokenMs: 0, idleMs: 0, totalMs: 0, requestMs: 0 },
  limitsLastAttempt: false,
  ...rest,
});
const dice = (value: number) => ({ roll: () => value });

describe('isRetried', () => {
  it.each([408, 409, 425, 429, 500, 502, 503, 504, 529])('retries %i', (status) => {
    expect(isRetried(upstream(status))).toBe(true);
  });

  it.each([400, 401, 403, 404, 413, 422])('does not retry %i', (status) => {
    expect(isRetried(upstream(status))).toBe(false);
  });

  it.each([
    ['a connection error', new GatewayError('upstream_failed', 'x'), true],
    ['a time-out', new GatewayError('upstream_timeout', 'x', { metadata: { fault: 'headers_timeout' } }), true],
    ['the end of all time', new GatewayError('upstream_timeout', 'x', { metadata: { fault: 'total_timeout' } }), false],
    ['an empty account', upstream(429, { code: 'insufficient_quota' }), false],
    ['x-should-retry: false', upstream(500, { retryable: false }), false],
    ["the gateway's own refusal", new GatewayError('unknown_key_alias', 'x'), false],
  ])('decides on %s', (_what, error, expected) => {
    expect(isRetried(error)).toBe(expected);
  });
});

describe('retryDelayMs', () => {
  it.each([
    ['constant', [100, 100, 100]],
    ['linear', [100, 200, 300]],
    ['exponential', [100, 200, 400]],
  ] as const)('grows as %s says', (backoff, delays) => {
    expect([1, 2, 3].map((n) => retryDelayMs(upstream(500), n, aPolicy({ backoff }), dice(1), 0))).toEqual(delays);
  });

  it('leaves half of an exponential delay to chance', () => {
    expect(retryDelayMs(upstream(500), 3, aPolicy({ backoff: 'exponential' }), dice(0), 0)).toBe(200);
  });

  it('ends with the last attempt', () => {
    expect(retryDelayMs(upstream(500), 5, aPolicy(), dice(0), 0)).toBeNull();
    expect(retryDelayMs(upstream(500), 1, aPolicy({ maxAttempts: 1 }), dice(0), 0)).toBeNull();
  });

  it.each([
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '20' }, 100],
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:05 GMT' }, 5_000],
    [{ 'retry-after': '10' }, 10_000],
    [{ 'retry-after': '11' }, null],
    [{ 'retry-after': 'soon' }, 100],
  ])('reads %j as %s', (headers, expected) => {
    expect(retryDelayMs(upstream(429, { headers }), 1, aPolicy(), dice(0), 0)).toBe(expected);
  });
});
