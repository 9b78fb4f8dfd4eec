import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertToken } from '../support/second-account.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

const DAY = 86_400;

let upstream: StubUpstream;
let gateway: RunningGateway;
let id: string;
let count = 0;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
});

beforeEach(() => {
  upstream.replies(json(200, aCompletion()));
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const unlimited = {
  cache_invalidate_on_update: false,
  cache_ttl: 0,
  collect_logs: true,
  rate_limiting_interval: 0,
  rate_limiting_limit: 0,
  authentication: true,
};

/** A gateway of its own for each test: counters do not meet. */
async function aGateway(
  options: Record<string, unknown>,
  keys: readonly Record<string, unknown>[] = [{}],
): Promise<void> {
  id = `limited-${count++}`;
  await gateway.admin('POST', '/ai-gateway/gateways', { id, ...unlimited, ...options });
  for (const [i, key] of keys.entries()) {
    await gateway.admin('POST', `/ai-gateway/gateways/${id}/provider_configs`, {
      provider_slug: 'openai',
      alias: i === 0 ? 'default' : `key-${i}`,
      default_config: i === 0,
      secret: `sk-stored-${i}-0123456789`,
      ...key,
    });
  }
}

const post = (
  headers: Record<string, string> = {},
  path = 'compat/chat/completions',
  model = 'openai/gpt-4o',
): Promise<Response> =>
  fetch(`${gateway.origin}/v1/default/${id}/${path}`, {
    method: 'POST',
    headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, ...headers },
    body: JSON.stringify({ model, ...hello }),
  });

const statuses = async (calls: readonly Promise<Response>[]): Promise<number[]> =>
  (await Promise.all(calls)).map(({ status }) => status);

describe("a gateway's rate limit", () => {
  it.each(['fixed', 'sliding'])(
    'lets exactly its number through, however many come at once (%s)',
    async (technique) => {
      await aGateway({ rate_limiting_limit: 20, rate_limiting_interval: DAY, rate_limiting_technique: technique });

      const answers = await statuses(Array.from({ length: 100 }, () => post()));

      expect(answers.filter((status) => status === 200)).toHaveLength(20);
      expect(answers.filter((status) => status === 429)).toHaveLength(80);
      expect(upstream.received).toHaveLength(20);
    },
  );

  it('says how much is left, and when to come back', async () => {
    await aGateway({ rate_limiting_limit: 1, rate_limiting_interval: DAY, rate_limiting_technique: 'fixed' });

    const passed = await post();
    const refused = await post();

    const untilMidnight = (DAY * 1000 - (Date.now() % (DAY * 1000))) / 1000;
    const retryAfter = Number(refused.headers.get('retry-after'));
    expect(passed.headers.get('x-ratelimit-limit-requests')).toBe('1');
    expect(passed.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(refused.headers.get('x-ratelimit-reset-requests')).toBe(`${retryAfter}s`);
    expect(Math.abs(retryAfter - untilMidnight)).toBeLessThan(5);
    expect(refused.headers.get('x-should-retry')).toBe('true');
    expect(await refused.json()).toMatchObject({
      error: {
        code: 'rate_limit_exceeded',
        type: 'requests',
        message: expect.stringContaining('1 requests in 86400 s'),
      },
      name: 'AiGatewayError',
      httpCode: 429,
      internalCode: 2003,
    });
  });

  it("holds for providers' own APIs too, in the gateway's envelope", async () => {
    await aGateway({ rate_limiting_limit: 1, rate_limiting_interval: DAY });

    expect((await post({}, 'openai/chat/completions', 'gpt-4o')).status).toBe(200);
    const refused = await post({}, 'openai/chat/completions', 'gpt-4o');

    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ success: false, error: [{ code: 2003 }], internalCode: 2003 });
  });

  it.each([
    [false, [200, 200, 200, 429]],
    [true, [200, 429, 429, 429]],
  ])('counts answers from the cache only where its settings say so (%s)', async (countsHits, expected) => {
    await aGateway({
      rate_limiting_limit: 1,
      rate_limiting_interval: DAY,
      cache_ttl: 3600,
      settings: { rate_limits: { count_cache_hits: countsHits } },
    });
    const skip = { 'cf-aig-skip-cache': 'true' };

    const answers = [await post(), await post(), await post(), await post(skip)];

    expect(answers.map(({ status }) => status)).toEqual(expected);
    expect(upstream.received).toHaveLength(1);
  });

  it('keeps the headers to itself where its settings say so', async () => {
    await aGateway({
      rate_limiting_limit: 1,
      rate_limiting_interval: DAY,
      settings: { rate_limits: { headers: false } },
    });

    const [passed, refused] = [await post(), await post()];

    expect(refused.status).toBe(429);
    for (const { headers } of [passed, refused]) {
      expect([...headers.keys()].filter((name) => name.startsWith('x-ratelimit') || name === 'retry-after')).toEqual(
        [],
      );
    }
  });
});

describe('rules of its settings', () => {
  const rules = (...all: readonly Record<string, unknown>[]) => ({ settings: { rate_limits: { rules: all } } });

  it('count each token for itself', async () => {
    await aGateway(rules({ per: 'token', requests: 1, interval: DAY }));
    const other = { 'cf-aig-authorization': `Bearer ${await insertToken(gateway, {})}` };

    expect(await statuses([post(), post()])).toEqual(expect.arrayContaining([200, 429]));
    expect((await post(other)).status).toBe(200);
    expect((await post(other)).status).toBe(429);
  });

  it('count each value of a metadata key for itself, and leave calls without it alone', async () => {
    await aGateway(rules({ per: { metadata: 'user' }, requests: 1, interval: DAY }));
    const as = (user: unknown) => post({ 'cf-aig-metadata': JSON.stringify({ user }) });

    expect((await as('alice')).status).toBe(200);
    expect((await as('alice')).status).toBe(429);
    expect((await as('bob')).status).toBe(200);
    expect(await statuses([post(), post()])).toEqual([200, 200]);
  });

  it('count tokens when they are known: what is over is over, and the next call waits', async () => {
    await aGateway(rules({ per: 'gateway', tokens: 20, interval: DAY }));

    const answers = [await post(), await post(), await post()];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers.get('x-ratelimit-remaining-tokens'))).toEqual(['20', '7', '0']);
    expect(await answers[2]!.json()).toMatchObject({ error: { type: 'tokens' }, internalCode: 2003 });
  });

  it('count a call at none of them when one refuses it', async () => {
    await aGateway(
      rules({ per: { metadata: 'user' }, requests: 1, interval: DAY }, { per: 'gateway', requests: 2, interval: DAY }),
    );
    const as = (user: string) => post({ 'cf-aig-metadata': JSON.stringify({ user }) });

    expect(await statuses([as('alice')])).toEqual([200]);
    expect(await statuses([as('alice'), as('alice'), as('alice')])).toEqual([429, 429, 429]);
    expect((await as('bob')).status).toBe(200);
    expect((await as('carol')).status).toBe(429);
  });

  it.each([
    [{ per: 'gateway', interval: 60 }, 'needs either requests or tokens'],
    [{ per: 'gateway', requests: 1, tokens: 1, interval: 60 }, 'needs either requests or tokens'],
    [{ per: 'nobody', requests: 1, interval: 60 }, '400'],
    [{ per: 'gateway', requests: 1, interval: 0 }, '400'],
  ])('are refused where they make no sense: %j', async (rule, reason) => {
    await expect(aGateway(rules(rule))).rejects.toThrow(reason);
  });
});

describe("a stored key's rate limit", () => {
  it('holds for the calls that use the key, and not for those that bring their own', async () => {
    await aGateway({}, [{ rate_limit: 1, rate_limit_period: DAY }]);

    expect((await post()).status).toBe(200);
    const refused = await post();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      internalCode: 2003,
      error: { message: expect.stringContaining('stored key') },
    });
    expect((await post({ authorization: 'Bearer sk-own-0123456789' })).status).toBe(200);
  });

  it('makes another key of the pool stand in', async () => {
    const pool = { settings: { pool: 'shared' }, rate_limit: 2, rate_limit_period: DAY };
    await aGateway({}, [pool, pool]);
    const pooled = (): Promise<Response> => post({ 'cf-aig-byok-alias': 'shared' });

    const answers: number[] = [];
    for (let i = 0; i < 5; i++) answers.push((await pooled()).status);

    expect(answers).toEqual([200, 200, 200, 200, 429]);
    const used = upstream.received.map(({ headers }) => headers.authorization);
    expect(new Set(used).size).toBe(2);
  });
});
