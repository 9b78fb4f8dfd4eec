import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ownCredentialHeaders, readCredentials } from '../../src/auth/inbound-credentials.js';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import { retryAfterMs } from '../../src/common/retry-after.js';
import { isTokenShaped } from '../../src/common/token-shape.js';
import { parseAttemptHeaders } from '../../src/contract/attempt-headers.js';
import { parseCacheHeaders } from '../../src/contract/cache-headers.js';
import { MAX_METADATA_ENTRIES, parseMetadata } from '../../src/contract/call-metadata.js';
import { parseCustomCost } from '../../src/contract/custom-cost.js';
import { forwardedHeaders, headerSafe, nativeHeaders } from '../../src/contract/gateway-headers.js';
import { surfaceOf } from '../../src/contract/surface.js';
import { parseTraceLink } from '../../src/contract/trace-headers.js';
import { preflightHeaders } from '../../src/http/cors.js';
import { fuzzed } from './fuzzing.js';
import { jsonNear, textNear } from './inputs.js';

const TOKEN = `aig_${'a'.repeat(43)}`;
/** What Node hands on of a header: Latin-1 without control characters. */
const asHeader = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replaceAll(/(?!\t)\p{Cc}/gu, '');
const value = textNear([
  '{"user":"ann","n":1,"b":true}',
  '{"per_token_in":0.1,"total_cost":2}',
  'Bearer sk-0123456789',
  `Bearer ${TOKEN}`,
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '3',
  '1e3',
  '0x10',
  'exponential',
  'true',
  'close, x-a',
  '60',
  'Basic eDp5',
]).map(asHeader);
const NAMES = [
  'cf-aig-authorization',
  'authorization',
  'x-api-key',
  'x-goog-api-key',
  'api-key',
  'cf-aig-metadata',
  'cf-aig-custom-cost',
  'cf-aig-max-attempts',
  'cf-aig-retry-delay',
  'cf-aig-backoff',
  'cf-aig-request-timeout',
  'cf-aig-cache-ttl',
  'cf-aig-cache-key',
  'cf-aig-skip-cache',
  'cf-cache-ttl',
  'cf-aig-otel-trace-id',
  'cf-aig-otel-parent-span-id',
  'traceparent',
  'connection',
  'user-agent',
  'x-a',
  'x-forwarded-for',
  'x-amz-date',
  'openai-beta',
  '__proto__',
  'constructor',
] as const;
const headers = fc.dictionary(
  fc.constantFrom(...NAMES),
  fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.array(value, { maxLength: 3 }) }),
);

/** What it says, or null where it refuses, in the name of a header. */
function refusable<Result>(run: () => Result): Result | null {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ key: 'invalid_request', param: expect.stringMatching(/^cf-aig-/) });
    return null;
  }
}

describe('headers', () => {
  it(
    'of the gateway are read within their bounds, or refused by name',
    fuzzed([headers, fc.constantFrom(5, 16)], (given, max) => {
      const { entries, dropped } = parseMetadata(given, max);
      expect(Object.keys(entries).length).toBeLessThanOrEqual(MAX_METADATA_ENTRIES);
      for (const entry of Object.values(entries)) expect(['string', 'number', 'boolean']).toContain(typeof entry);
      expect(dropped.every((name) => typeof name === 'string')).toBe(true);

      const cost = refusable(() => parseCustomCost(given));
      for (const price of Object.values(cost ?? {}))
        if (typeof price === 'number' && cost?.total_cost === price) expect(price).toBeGreaterThanOrEqual(0);
      const attempts = refusable(() => parseAttemptHeaders(given));
      expect(attempts?.maxAttempts ?? 1).toBeLessThanOrEqual(5);
      expect(attempts?.retryDelayMs ?? 0).toBeLessThanOrEqual(60_000);
      const cache = refusable(() => parseCacheHeaders(given));
      expect(cache?.ttlSeconds ?? 0).toBeLessThanOrEqual(2_592_000);
      const trace = parseTraceLink(given);
      if (trace !== null) expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    }),
  );

  it(
    'of metadata, JSON of any form, are entries or the names of what was dropped',
    fuzzed([jsonNear([{ user: 'ann', a: 1, b: true, c: 'x', d: 2, e: 3 }]), fc.constantFrom(5, 16)], (json, max) => {
      const { entries, dropped } = parseMetadata({ 'cf-aig-metadata': JSON.stringify(json) ?? '' }, max);
      const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);

      if (isObject) expect([...Object.keys(entries), ...dropped].toSorted()).toEqual(Object.keys(json).toSorted());
      expect(Object.getPrototypeOf(entries)).toBe(Object.prototype);
    }),
  );

  it(
    'that travel on hold no token of ours, nothing of this hop, and nothing of the gateway',
    fuzzed([headers], (given) => {
      for (const sent of [nativeHeaders(given), forwardedHeaders(given)]) {
        for (let at = 0; at < sent.length; at += 2) {
          expect(sent[at]).not.toMatch(/^(?:cf-|connection$|authorization$|x-api-key$|x-forwarded-)/);
          expect(sent[at + 1]).not.toContain(TOKEN);
        }
      }
    }),
  );

  it(
    'with credentials are told apart: a token of ours is never a provider’s key',
    fuzzed([headers, fc.option(value, { nil: undefined })], (given, queryKey) => {
      const { providerKey, gatewayToken } = readCredentials(given, queryKey, isTokenShaped);

      expect(providerKey === null || !isTokenShaped(providerKey)).toBe(true);
      expect(gatewayToken).not.toBe('');
      expect(ownCredentialHeaders(given, isTokenShaped).join(' ')).not.toContain(TOKEN === gatewayToken ? TOKEN : '\0');
    }),
  );

  it(
    'that are answered hold what a header may',
    fuzzed([textNear(['openai/gpt-4o', 'x\r\ny: z', '\u{1f600}', '\ud800'])], (text) => {
      const safe = headerSafe(text);
      expect(safe).toMatch(/^[\x20-\x7e]*$/);
      expect(safe.length).toBeLessThanOrEqual(256 * 12);
      for (const own of Object.values(preflightHeaders(asHeader(text)))) expect(own).toMatch(/^[\x20-\x7e]*$/);
    }),
  );

  it(
    'of time are a time that makes sense, or none',
    fuzzed([headers, value], (_given, text) => {
      const ms = retryAfterMs({ 'retry-after': text }, 0);
      expect(ms === null || (Number.isFinite(ms) && ms >= 0)).toBe(true);
    }),
  );

  it(
    'and addresses lead to one surface, or none',
    fuzzed(
      [textNear(['/v1/a/b/compat/chat/completions', '/v1/a/b', '/client/v4/accounts/a/ai/run/@cf/x', '//v1/..'])],
      (url) => {
        expect(['compat', 'universal', 'native', 'rest', null]).toContain(surfaceOf(url));
      },
    ),
  );
});
