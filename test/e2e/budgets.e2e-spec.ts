import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aChunk, aCompletion, hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { scratchDirectory } from '../support/scratch-directory.js';
import { json, sseHang, StubUpstream } from '../support/stub-upstream.js';
import { allowPlans } from '../support/two-targets.js';

const DAY = 86_400;
/** 9 tokens of prompt and 1,000 of completion, at gpt-4o's 2.50 and 10 dollars a million. */
const COST = 0.0100225;
const aRule = (extra: Record<string, unknown> = {}) => ({
  id: 'daily',
  limit: 0.1,
  limitType: 'cost',
  window: DAY,
  technique: 'fixed',
  ...extra,
});
const answer = aCompletion('Long.', { usage: { prompt_tokens: 9, completion_tokens: 1_000, total_tokens: 1_009 } });

interface Budget {
  readonly id: string;
  readonly spent: number;
  readonly reserved: number;
  readonly remaining: number;
  readonly resets_at: string;
  readonly partitions?: readonly (Budget & { readonly metadata: Record<string, string> })[];
}

let upstream: StubUpstream;
let gateway: RunningGateway;
let id: string;
let count = 0;
const scratch = scratchDirectory();

const start = (): Promise<RunningGateway> =>
  startGateway({
    DATA_DIR: scratch.path,
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin, groq: upstream.origin }),
  });

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await start();
  allowPlans(gateway);
});

beforeEach(() => {
  upstream.replies(json(200, answer));
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
  scratch.remove();
});

/** A gateway of its own for each test: counters do not meet. */
async function aGateway(
  rules: readonly Record<string, unknown>[],
  budgets: Record<string, unknown> = {},
): Promise<void> {
  id = `budgeted-${count++}`;
  await gateway.admin('POST', '/ai-gateway/gateways', {
    id,
    cache_invalidate_on_update: false,
    cache_ttl: 0,
    collect_logs: true,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
    authentication: true,
    spend_limits: { enabled: true, rules },
    settings: { budgets },
  });
}

const post = (
  body: Record<string, unknown> = {},
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> =>
  fetch(`${gateway.origin}/v1/default/${id}/compat/chat/completions`, {
    method: 'POST',
    headers: {
      'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
      authorization: 'Bearer sk-own-0123456789',
      ...headers,
    },
    body: JSON.stringify({ model: 'openai/gpt-4o', max_tokens: 1_000, ...hello, ...body }),
    ...(signal === undefined ? {} : { signal }),
  });

const budgets = async (): Promise<readonly Budget[]> =>
  (await gateway.admin('GET', `/ai-gateway/gateways/${id}/budgets`)) as Budget[];
const budget = async (): Promise<Budget> => (await budgets())[0]!;

describe('a budget', () => {
  it('is never overdrawn, however many calls come at once, and says who was refused and why', async () => {
    await aGateway([aRule()]);

    const answers = await Promise.all(Array.from({ length: 60 }, () => post()));

    const served = answers.filter(({ status }) => status === 200);
    const refused = answers.find(({ status }) => status === 429)!;
    expect(served).toHaveLength(9);
    expect(upstream.received).toHaveLength(9);
    expect(await budget()).toEqual({
      id: 'daily',
      limit: 0.1,
      window: DAY,
      technique: 'fixed',
      mode: 'exact',
      spent: expect.closeTo(9 * COST, 9),
      reserved: 0,
      remaining: expect.closeTo(0.1 - 9 * COST, 9),
      resets_at: new Date((Math.floor(Date.now() / (DAY * 1000)) + 1) * DAY * 1000).toISOString(),
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({
      error: {
        type: 'insufficient_quota',
        code: 'spend_limit_exceeded',
        message: expect.stringContaining("rule 'daily' (cost limit 0.1 per 86400s, fixed) for openai gpt-4o"),
        metadata: {
          rule: { id: 'daily', limit: 0.1, window: DAY, spent: expect.any(Number), needed: expect.any(Number) },
        },
      },
      name: 'AiGatewayError',
      internalCode: 2041,
    });
  });

  it('lets go of what it reserved when the provider fails', async () => {
    await aGateway([aRule()]);
    upstream.replies(json(500, { error: { message: 'no' } }));

    const answers = await Promise.all(Array.from({ length: 5 }, () => post()));

    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 500, 500]);
    expect(await budget()).toMatchObject({ spent: 0, reserved: 0, remaining: 0.1 });
  });

  it('takes an estimate for a stream whose caller has left, and lets go of the rest', async () => {
    await aGateway([aRule()]);
    upstream.replies(sseHang(aChunk({ role: 'assistant', content: 'One' }), aChunk({ content: ' two' })));
    const controller = new AbortController();
    const response = await post({ stream: true }, {}, controller.signal);
    await response.body!.getReader().read();
    expect((await budget()).reserved).toBeGreaterThan(0.01);

    controller.abort();
    await eventually(async () => (await budget()).reserved === 0);

    const { spent } = await budget();
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThan(0.001);
  });

  it('tells a call that may cost more than there is to ask for less', async () => {
    await aGateway([aRule()]);

    const refused = await post({ max_tokens: 16_000 });

    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBeNull();
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining('max_tokens') } });
    expect((await post({ max_tokens: 1_000 })).status).toBe(200);
  });

  it('is shared out by metadata, and concerns only the models and providers it names', async () => {
    await aGateway([
      aRule({ limit: 0.015, metadata: { user: { mode: 'partition' }, plan: { mode: 'filter', values: ['free'] } } }),
      aRule({ id: 'other', limit: 0.0001, model: { mode: 'filter', values: ['openai/o3'] } }),
    ]);
    const as = (metadata: Record<string, unknown>) => post({}, { 'cf-aig-metadata': JSON.stringify(metadata) });
    const status = async (metadata: Record<string, unknown>) => (await as(metadata)).status;

    expect(await status({ user: 'alice', plan: 'free' })).toBe(200);
    expect(await status({ user: 'alice', plan: 'free' })).toBe(429);
    expect(await status({ user: 'bob', plan: 'free' })).toBe(200);
    expect(await status({ user: 'alice', plan: 'paid' })).toBe(200);
    expect(await status({ plan: 'free' })).toBe(200);

    const [shared, other] = await budgets();
    expect(shared!.partitions!.map(({ metadata, spent }) => [metadata, spent])).toEqual([
      [{ user: 'alice' }, expect.closeTo(COST, 9)],
      [{ user: 'bob' }, expect.closeTo(COST, 9)],
    ]);
    expect(other).toMatchObject({ spent: 0, remaining: 0.0001, resets_at: expect.any(String) });
  });

  it('that is spent on the first target leads to the next', async () => {
    await aGateway([aRule({ limit: 0.001, provider: { mode: 'filter', values: ['openai'] } })]);

    const answered = await post({ model: 'plan:openai/gpt-4o|groq/llama-3.3-70b-versatile' });

    expect(answered.status).toBe(200);
    expect(answered.headers.get('cf-aig-provider')).toBe('groq');
    expect(answered.headers.get('cf-aig-attempts')).toMatch(/^openai\/gpt-4o.*;skipped;.*, groq\//);
  });

  it('that is soft lets calls pass until it has been reached', async () => {
    await aGateway([aRule({ limit: 0.011 })], { mode: 'soft' });

    const answers = [await post({ max_tokens: 16_000 }), await post(), await post()];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(await budget()).toMatchObject({ mode: 'soft', spent: expect.closeTo(2 * COST, 9), remaining: 0 });
  });

  it.each([
    ['takes the known price where its caller says less', {}, 0, COST],
    ['takes what its caller says where that is more', {}, 0.05, 0.05],
    ["takes its caller's word where the gateway does", { custom_cost: 'trust' }, 0, 0],
  ])('%s', async (_name, settings, said, spent) => {
    await aGateway([aRule()], settings);

    expect((await post({}, { 'cf-aig-custom-cost': JSON.stringify({ total_cost: said }) })).status).toBe(200);

    expect(await budget()).toMatchObject({ spent: expect.closeTo(spent, 9), reserved: 0 });
  });

  it('that is spent lets answers from the cache pass', async () => {
    await aGateway([aRule({ limit: 0.015 })]);
    const cached = { 'cf-aig-cache-key': 'mine' };
    expect((await post({}, cached)).status).toBe(200);
    expect((await post()).status).toBe(429);

    const hit = await post({}, cached);

    expect(hit.status).toBe(200);
    expect(hit.headers.get('cf-aig-cache-status')).toBe('HIT');
    expect((await budget()).spent).toBeCloseTo(COST, 9);
  });

  it('survives a restart', async () => {
    await aGateway([aRule({ limit: 0.015 })]);
    expect((await post()).status).toBe(200);
    const before = await budget();

    await gateway.close();
    gateway = await start();
    allowPlans(gateway);

    expect(await budget()).toEqual(before);
    expect((await post()).status).toBe(429);
  });
});

describe('a model without a price', () => {
  const unknown = { model: 'openai/a-model-nobody-knows' };
  const unpricedAnswer = { ...answer, model: 'a-model-nobody-knows' };
  beforeEach(() => upstream.replies(json(200, unpricedAnswer)));

  it('passes, and nothing is booked for it', async () => {
    await aGateway([aRule()]);

    expect((await post(unknown)).status).toBe(200);
    expect(await budget()).toMatchObject({ spent: 0, reserved: 0 });
  });

  it('is refused where the gateway says so', async () => {
    await aGateway([aRule()], { unknown_price: 'block' });

    const refused = await post(unknown);

    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ error: { code: 'unknown_price' }, internalCode: 2041 });
    expect(upstream.received).toHaveLength(0);
  });

  it('is refused by such a gateway whatever its caller says that it costs', async () => {
    await aGateway([aRule()], { unknown_price: 'block' });

    expect((await post(unknown, { 'cf-aig-custom-cost': '{"total_cost":0}' })).status).toBe(429);
  });

  it('costs what the gateway estimates, where it does', async () => {
    await aGateway([aRule()], { unknown_price: 'estimate', estimated_price: { input: 1, output: 4 } });

    expect((await post(unknown)).status).toBe(200);
    expect((await budget()).spent).toBeCloseTo(0.004009, 9);
  });
});
