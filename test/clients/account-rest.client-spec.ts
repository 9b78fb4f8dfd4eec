import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Cloudflare from 'cloudflare';
import OpenAI from 'openai';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sse, StubUpstream } from '../support/stub-upstream.js';
import { OPENAI_SDKS } from './openai-sdks.js';

/** SDKs at `/client/v4/accounts/{account_id}/ai`, as Cloudflare recommends for new work. */

let upstream: StubUpstream;
let gateway: RunningGateway;
let base: string;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify(
      Object.fromEntries(['openai', 'grok', 'workers-ai'].map((slug) => [slug, `${upstream.origin}/${slug}`])),
    ),
  });
  for (const provider of ['openai', 'grok', 'workers-ai']) await gateway.storeKey(provider, `key-of-${provider}`);
  await gateway.admin('POST', '/ai-gateway/gateways', {
    id: 'other',
    cache_invalidate_on_update: false,
    cache_ttl: 0,
    collect_logs: true,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
  });
  await gateway.admin('POST', '/ai-gateway/gateways/other/provider_configs', {
    provider_slug: 'openai',
    alias: 'default',
    default_config: true,
    secret: 'key-of-other',
  });
  base = `${gateway.origin}/client/v4`;
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

beforeEach(() => upstream.replies(json(200, aCompletion())));

describe.each(OPENAI_SDKS)('%s at an account', (_version, Sdk) => {
  const sdk = (apiKey = ADMIN_TOKEN, headers: Record<string, string> = {}): OpenAI =>
    new Sdk({ apiKey, baseURL: `${base}/accounts/default/ai/v1`, maxRetries: 0, defaultHeaders: headers });
  const chat = (client: OpenAI, model: string) => client.chat.completions.create({ ...hello, model } as never);

  it.each([
    ['openai/gpt-5-mini', '/openai/v1/chat/completions'],
    ['xai/grok-4', '/grok/v1/chat/completions'],
    ['@cf/meta/llama-3.1-8b-instruct', '/workers-ai/client/v4/accounts/default/ai/v1/chat/completions'],
  ])('96 · is answered by %s, with the token as its key', async (model, path) => {
    const completion = await chat(sdk(), model);

    expect(completion.choices[0]?.message.content).toBe('Hello there.');
    expect(upstream.last.path).toBe(path);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  it('96 · streams', async () => {
    upstream.replies(sse(...aStream()));

    const stream = await sdk().chat.completions.create({ ...hello, model: 'openai/m', stream: true } as never);
    let said = '';
    for await (const chunk of stream as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>)
      said += chunk.choices[0]?.delta.content ?? '';

    expect(said).toBe('Hello there, world.');
  });

  it('96 · goes to the gateway that a header names', async () => {
    await chat(sdk(ADMIN_TOKEN, { 'cf-aig-gateway-id': 'other' }), 'openai/gpt-5-mini');

    expect(upstream.last.headers.authorization).toBe('Bearer key-of-other');
  });

  it.each([
    ['a token nobody knows', () => chat(sdk(`aig_${'x'.repeat(43)}`), 'openai/m'), 401, /token/],
    ['a model of nobody', () => chat(sdk(), 'nobody/m'), 400, /not a provider/],
  ])('96 · reads what is refused: %s', async (_name, call, status, message) => {
    await expect(call()).rejects.toMatchObject({ status, message: expect.stringMatching(message) });
  });
});

describe('the cloudflare SDK at an account', () => {
  it('98 · runs a model of Workers AI', async () => {
    upstream.replies(json(200, { result: { response: 'Hello there.' }, success: true, errors: [], messages: [] }));
    const client = new Cloudflare({ baseURL: base, apiToken: ADMIN_TOKEN, maxRetries: 0 });

    const answer = await client.ai.run('@cf/meta/llama-3.1-8b-instruct', { account_id: 'default', prompt: 'Hello' });

    expect(answer).toEqual({ response: 'Hello there.' });
    expect(upstream.last.path).toBe('/workers-ai/client/v4/accounts/default/ai/run/@cf/meta/llama-3.1-8b-instruct');
  });
});
