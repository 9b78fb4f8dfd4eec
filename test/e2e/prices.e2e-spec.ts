import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import { aCompletion, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

let upstream: StubUpstream;
let gateway: RunningGateway;
const calls: CallRecord[] = [];

/** 9 tokens in, 4 out, of gpt-4o: 9 × 2.50 + 4 × 10 a million. */
const LISTED = 62_500;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin, openrouter: upstream.origin }),
  });
  await gateway.storeKey('openai', 'sk-openai-0000000000000001');
  await gateway.storeKey('openrouter', 'sk-or-0000000000000000002');
  gateway.app.get(CallRecorder).calls$.subscribe((call) => calls.push(call));
});
beforeEach(() => {
  upstream.replies(json(200, aCompletion()));
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

async function costOf(model: string, headers: Record<string, string> = {}) {
  calls.length = 0;
  const response = await fetch(`${gateway.base}/compat/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...hello, model }),
  });
  await response.text();
  return calls.at(-1)?.cost;
}

const store = (body: Record<string, unknown>) =>
  gateway.admin('POST', '/ai-gateway/prices', body) as Promise<{ readonly id: string }>;

describe('what a call costs', () => {
  it('is what the built-in list says of the model that answered', async () => {
    expect(await costOf('openai/gpt-4o')).toMatchObject({
      computed: LISTED,
      reported: null,
      charged: LISTED,
      basis: 'catalogue',
      priceVersion: expect.stringMatching(/^genai-prices@[\d.]+:openai\/gpt-4o$/),
    });
  });

  it('is not known where nobody knows a price, and nothing for a call that failed', async () => {
    upstream.replies(json(200, aCompletion('Hi.', { model: 'in-house' })));
    expect(await costOf('openai/in-house')).toMatchObject({ charged: null, basis: 'unpriced', computed: null });

    upstream.replies(json(400, { error: { message: 'no' } }));
    expect(await costOf('openai/gpt-4o')).toMatchObject({ charged: 0, basis: 'nothing' });
  });

  it("is the provider's own figure where there is one, and the computed one is kept beside it", async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, cost: 0.0001 };
    upstream.replies(json(200, aCompletion('Hi.', { model: 'openai/gpt-4o', usage })));

    expect(await costOf('openrouter/openai/gpt-4o')).toMatchObject({
      computed: LISTED,
      reported: 100_000,
      charged: 100_000,
      basis: 'reported',
    });
  });

  it('is what the caller says in cf-aig-custom-cost', async () => {
    const header = (value: unknown) => ({ 'cf-aig-custom-cost': JSON.stringify(value) });

    expect(await costOf('openai/gpt-4o', header({ per_token_in: 1e-6, per_token_out: 1e-5 }))).toMatchObject({
      computed: LISTED,
      charged: 49_000,
      basis: 'custom',
    });
    expect(await costOf('openai/gpt-4o', header({ total_cost: 0.5 }))).toMatchObject({ charged: 500_000_000 });
    upstream.replies(json(200, aCompletion()));
    expect(await costOf('openai/gpt-4o', { 'cf-aig-custom-cost': 'cheap' })).toMatchObject({ basis: 'nothing' });
    expect(upstream.received).toHaveLength(0);
  });
});

describe('…/ai-gateway/prices', () => {
  it("stands for the built-in list: the account's, then a gateway's, the closer rule first", async () => {
    const at = { provider: 'openai', prices: { input: 1, output: 1 } };
    const wide = await store({ ...at, model: 'gpt-', model_rule: 'starts-with' });
    expect(await costOf('openai/gpt-4o')).toMatchObject({ charged: 13_000, basis: 'override' });

    const close = await store({ ...at, model: 'gpt-4o', prices: { input: 2, output: 2 } });
    expect(await costOf('openai/gpt-4o')).toMatchObject({
      charged: 26_000,
      priceVersion: expect.stringContaining(close.id),
    });

    const own = await store({
      ...at,
      model: '4o',
      model_rule: 'contains',
      gateway_id: 'default',
      prices: { input: 3, output: 3 },
    });
    expect(await costOf('openai/gpt-4o')).toMatchObject({ charged: 39_000 });

    await gateway.admin('PUT', `/ai-gateway/prices/${own.id}`, { ...at, model: 'another', gateway_id: 'default' });
    expect(await costOf('openai/gpt-4o')).toMatchObject({ charged: 26_000 });

    await gateway.admin('PUT', `/ai-gateway/prices/${close.id}`, { ...at, model: 'gpt-4o', enable: false });
    expect(await costOf('openai/gpt-4o')).toMatchObject({ charged: 13_000 });

    for (const { id } of [wide, close, own]) await gateway.admin('DELETE', `/ai-gateway/prices/${id}`);
    expect(await costOf('openai/gpt-4o')).toMatchObject({ charged: LISTED });
  });

  it('knows tiers', async () => {
    const { id } = await store({
      provider: 'openai',
      model: 'gpt-4o',
      prices: { input: 1, output: 1 },
      tiers: [{ above_input_tokens: 8, prices: { input: 2 } }],
    });

    expect(await costOf('openai/gpt-4o')).toMatchObject({ charged: 9 * 2000 + 4 * 1000 });
    await gateway.admin('DELETE', `/ai-gateway/prices/${id}`);
  });

  it('is listed, and read as it was written', async () => {
    const written = {
      provider: 'google',
      model: 'gemini',
      model_rule: 'contains',
      prices: { input: 0.5, cached_input: 0.1 },
    };
    const made = await store(written);

    expect(made).toMatchObject({ ...written, provider: 'google-ai-studio', gateway_id: null, tiers: [], enable: true });
    expect(await gateway.admin('GET', `/ai-gateway/prices/${made.id}`)).toEqual(made);
    expect(await gateway.admin('GET', '/ai-gateway/prices?provider=google&search=gemi')).toEqual([made]);
    expect(await gateway.admin('GET', '/ai-gateway/prices?provider=openai')).toEqual([]);
    expect(await gateway.admin('DELETE', `/ai-gateway/prices/${made.id}`)).toEqual(made);
    await expect(gateway.admin('GET', `/ai-gateway/prices/${made.id}`)).rejects.toThrow('7002');
  });

  it.each([
    ['a provider that is none', { provider: 'nobody', model: 'm', prices: {} }],
    ['a gateway that is not there', { provider: 'openai', model: 'm', prices: {}, gateway_id: 'nowhere' }],
    ['a price below zero', { provider: 'openai', model: 'm', prices: { input: -1 } }],
    ['a kind of token that it does not know', { provider: 'openai', model: 'm', prices: { smell: 1 } }],
  ])('refuses %s', async (_name, body) => {
    await expect(store(body)).rejects.toThrow('7001');
  });
});
