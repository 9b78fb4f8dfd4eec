import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sse, StubUpstream } from '../support/stub-upstream.js';

const PROVIDERS = ['openai', 'grok', 'workers-ai', 'mistral'];

describe('/client/v4/accounts/{account_id}/ai', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;
  let base: string;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify(Object.fromEntries(PROVIDERS.map((slug) => [slug, upstream.origin]))),
    });
    for (const provider of PROVIDERS) await gateway.storeKey(provider, `key-of-${provider}`);
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
    base = `${gateway.origin}/client/v4/accounts/default/ai`;
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => upstream.replies(json(200, aCompletion())));

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(base + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it.each([
    ['openai/gpt-5.2', 'openai', 'gpt-5.2'],
    ['xai/grok-4', 'grok', 'grok-4'],
    ['mistral/mistral-small', 'mistral', 'mistral-small'],
    ['@cf/meta/llama-3.3-70b-instruct-fp8-fast', 'workers-ai', '@cf/meta/llama-3.3-70b-instruct-fp8-fast'],
    ['workers-ai/@cf/meta/llama-3.1-8b-instruct', 'workers-ai', '@cf/meta/llama-3.1-8b-instruct'],
  ])('answers chats with %s at the default gateway, with its stored key', async (model, provider, asked) => {
    const response = await post('/v1/chat/completions', { ...hello, model });

    expect([response.status, await response.json()]).toEqual([200, aCompletion()]);
    expect(response.headers.get('cf-aig-provider')).toBe(provider);
    expect(upstream.last.json()).toMatchObject({ model: asked });
    expect(upstream.last.headers.authorization).toBe(`Bearer key-of-${provider}`);
  });

  it('streams', async () => {
    upstream.replies(sse(...aStream()));

    const response = await post('/v1/chat/completions', { ...hello, model: 'openai/m', stream: true });

    expect(await response.text()).toMatch(/"content":"Hello "[\s\S]*data: \[DONE\]\n\n$/);
  });

  it('answers at the gateway that cf-aig-gateway-id names', async () => {
    await post('/v1/chat/completions', { ...hello, model: 'openai/m' }, { 'cf-aig-gateway-id': 'other' });

    expect(upstream.last.headers.authorization).toBe('Bearer key-of-other');
    expect(upstream.last.headers).not.toHaveProperty('cf-aig-gateway-id');
  });

  it('makes embeddings, and takes bodies larger than the control plane does', async () => {
    upstream.replies(json(200, { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }] }));

    const response = await post('/v1/embeddings', { model: 'openai/e', input: 'x'.repeat(2 * 1024 * 1024) });

    expect(response.status).toBe(200);
    expect(upstream.last.path).toBe('/v1/embeddings');
  });

  it.each([
    ['no token', { authorization: '' }, 'openai/m', 401, 10_000, 'invalid_api_key'],
    ['a gateway that is none', { 'cf-aig-gateway-id': 'nowhere' }, 'openai/m', 400, 2001, 'gateway_not_found'],
    ['an unknown author', {}, 'nobody/m', 400, 7003, 'model_not_found'],
    ['no model', {}, undefined, 400, 2902, 'invalid_request'],
  ])('tells %s in the words of both its clients', async (_name, headers, model, status, platformCode, code) => {
    const response = await post('/v1/chat/completions', { ...hello, model }, headers);

    expect([response.status, await response.json()]).toEqual([
      status,
      expect.objectContaining({
        success: false,
        result: null,
        errors: [{ code: platformCode, message: expect.any(String) }],
        error: expect.objectContaining({ code, message: expect.any(String) }),
      }),
    ]);
  });

  it.each([
    ['/run/@cf/meta/llama-3.1-8b-instruct', ''],
    ['/run/@cf%2Fmeta%2Fllama-3.1-8b-instruct', ''],
    ['/run/%40cf/meta/llama-3.1-8b-instruct?tags=a%2Fb', '?tags=a%2Fb'],
  ])('runs a model of Workers AI at %s, as it is', async (path, query) => {
    const answer = { result: { response: 'Hello.' }, success: true, errors: [], messages: [] };
    upstream.replies(json(200, answer));

    const response = await post(path, { prompt: 'Hello' });

    expect([response.status, await response.json()]).toEqual([200, answer]);
    expect(upstream.last.path).toBe(`/client/v4/accounts/default/ai/run/@cf/meta/llama-3.1-8b-instruct${query}`);
    expect(upstream.last.headers.authorization).toBe('Bearer key-of-workers-ai');
    expect(response.headers.get('cf-aig-model')).toBe('@cf/meta/llama-3.1-8b-instruct');
  });

  it("gives Workers AI's own errors as they are", async () => {
    const refusal = { errors: [{ code: 5007, message: 'No such model' }], success: false, result: {}, messages: [] };
    upstream.replies(json(400, refusal));

    const response = await post('/run/@cf/meta/none', { prompt: 'Hello' });

    expect([response.status, await response.json()]).toEqual([400, refusal]);
  });

  it.each(['/run/openai/gpt-5', '/run/%E0%A4%A', '/run/..%2F..%2Ftokens', '/run/@cf/a%0d%0ab'])(
    'runs no %s',
    async (path) => {
      const response = await post(path, { prompt: 'Hello' });

      expect([response.status, upstream.received.length]).toEqual([400, 0]);
    },
  );

  it("tells a provider's error in OpenAI's shape, with its status", async () => {
    upstream.replies(json(429, { error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' } }));

    const response = await post('/v1/chat/completions', { ...hello, model: 'openai/m' });

    expect([response.status, await response.json()]).toEqual([
      429,
      expect.objectContaining({ error: expect.objectContaining({ code: 'rate_limit_exceeded' }) }),
    ]);
  });
});
