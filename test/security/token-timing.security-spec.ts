import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayTokenDirectory } from '../../src/tokens/gateway-token.directory.js';
import { newTokenValue, tokenDigest } from '../../src/tokens/token-value.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const src = fileURLToPath(new URL('../../src/', import.meta.url));

/** Every file of the product, by its path below `src/`. */
const sources = (): readonly (readonly [string, string])[] =>
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.startsWith('generated'))
    .map((path) => [path, readFileSync(src + path, 'utf8')] as const);

/**
 * How long a comparison takes tells how much of a guess was right, unless what is compared is a digest. Nobody can measure that in a test
 * that has to come out the same on every machine; which comparisons there are can be seen.
 */
describe('agw#2191: how long it takes to refuse a token', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway({ METRICS_TOKEN: 'metrics-token-0123456789-abcdefghij' });
  }, 120_000);
  afterAll(() => gateway.close());

  it('depends on no token: they are kept and looked up by their SHA-256', () => {
    const directory = gateway.app.get(GatewayTokenDirectory, { strict: false });
    const kept: unknown = Reflect.get(directory, 'byDigest');

    expect(kept).toBeInstanceOf(Map);
    expect([...(kept as Map<string, unknown>).keys()]).toEqual([tokenDigest(ADMIN_TOKEN)]);
    expect(tokenDigest(ADMIN_TOKEN)).toHaveLength(44);
    expect(directory.find(ADMIN_TOKEN)).not.toBeNull();
    // Neither the digest, which a thief of the database has, nor a part of the token opens anything.
    const near = [
      tokenDigest(ADMIN_TOKEN),
      ADMIN_TOKEN.slice(0, -1),
      `${ADMIN_TOKEN}x`,
      ADMIN_TOKEN.toUpperCase(),
      '',
      newTokenValue().reveal(),
    ];
    for (const value of near) expect(directory.find(value)).toBeNull();
  });

  it('compares no secret with anything in the source: where one must be compared, it is by its digest and in constant time', () => {
    const compared =
      /\breveal\(\)\s*(?:[!=]==?|\.(?:startsWith|endsWith|includes|indexOf|localeCompare)\()|[!=]==?\s*[\w.]+\.reveal\(\)/;
    expect(sources().length).toBeGreaterThan(300);
    expect(sources().flatMap(([path, text]) => (compared.test(text) ? [path] : []))).toEqual([]);
    expect(sources().flatMap(([path, text]) => (text.includes('timingSafeEqual(') ? [path] : []))).toEqual([
      'auth/guards/metrics.guard.ts',
    ]);
    const guard = sources().find(([path]) => path === 'auth/guards/metrics.guard.ts')?.[1];
    expect(guard).toContain('timingSafeEqual(digestOf(given), this.scraper)');
  });

  it.each([
    ['the whole of it', 'metrics-token-0123456789-abcdefghij', 200],
    ['its beginning', 'metrics-token-0123456789-abcdefghi', 401],
    ['more than it', 'metrics-token-0123456789-abcdefghijk', 401],
    ['another of its length', 'metrics-token-0123456789-abcdefghiX', 401],
  ])('opens the metrics to %s, whatever its length', async (_name, token, status) => {
    const response = await fetch(`${gateway.origin}/metrics`, { headers: { authorization: `Bearer ${token}` } });

    expect(response.status).toBe(status);
  });
});
