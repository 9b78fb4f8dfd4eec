import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion, aResponse, aStream, hello } from '../support/builders.js';
import { startAccountDoors } from '../support/account-doors.js';
import { ADMIN_TOKEN } from '../support/gateway.js';
import { aModel, anEnd, aStart } from '../support/route-elements.js';
import { json, sse, type StubUpstream } from '../support/stub-upstream.js';
import type { StubbedGateway } from '../support/stubbed-gateway.js';

describe('/client/v4/accounts/{account_id}/ai', () => {
  let doors: StubbedGateway;
  let upstream: StubUpstream;
  let base: string;

  beforeAll(async () => {
    doors = await startAccountDoors();
    ({ upstream } = doors);
    base = `${doors.gateway.origin}/client/v4/accounts/default/ai`;
  });
  afterAll(() => doors.close());
  beforeEach(async () => {
    await doors.forget();
    upstream.replies(json(200, aCompletion()));
  });

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
    expect(upstream.last.path).toBe('/openai/v1/embeddings');
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
    expect(upstream.last.path).toBe(
      `/workers-ai/client/v4/accounts/default/ai/run/@cf/meta/llama-3.1-8b-instruct${query}`,
    );
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

  const aMessage = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [],
    usage: { input_tokens: 3, output_tokens: 2 },
  };
  const dialects = [
    ['/v1/responses', { input: 'ping', reasoning: { effort: 'low' } }, aResponse()],
    ['/v1/messages', { max_tokens: 5, messages: [{ role: 'user', content: 'ping' }] }, aMessage],
  ] as const;

  it.each([
    ['openai/gpt-5.2', dialects[0], '/openai/v1/responses', 'gpt-5.2', 'authorization', 'Bearer key-of-openai'],
    ['xai/grok-4', dialects[0], '/grok/v1/responses', 'grok-4', 'authorization', 'Bearer key-of-grok'],
    [
      '@cf/openai/gpt-oss-120b',
      dialects[0],
      '/workers-ai/client/v4/accounts/default/ai/v1/responses',
      '@cf/openai/gpt-oss-120b',
      'authorization',
      'Bearer key-of-workers-ai',
    ],
    ['anthropic/claude-x', dialects[1], '/anthropic/v1/messages', 'claude-x', 'x-api-key', 'key-of-anthropic'],
  ] as const)(
    'passes what is asked of %s on in its own dialect',
    async (model, [path, body, answer], asked, name, header, key) => {
      upstream.replies(json(200, answer));

      const response = await post(`${path}?beta=true`, { ...body, model });

      expect([response.status, await response.json()]).toEqual([200, answer]);
      expect([upstream.last.path, upstream.last.json()]).toEqual([`${asked}?beta=true`, { ...body, model: name }]);
      expect(upstream.last.headers[header]).toBe(key);
      expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
      expect(doors.records).toMatchObject([
        { kind: 'native', model: name, requestedModel: model, usage: { prompt_tokens: 3, completion_tokens: 2 } },
      ]);
    },
  );

  it('follows a dynamic route in a dialect, past the models that do not speak it', async () => {
    await doors.gateway.admin('POST', '/ai-gateway/gateways/default/routes', {
      name: 'answers',
      elements: [
        aStart('a'),
        aModel('a', 'mistral/mistral-small', { success: 'end', fallback: 'b' }),
        aModel('b', 'openai/gpt-5.2'),
        anEnd(),
      ],
    });
    upstream.replies(json(200, aResponse()));

    const response = await post('/v1/responses', { model: 'dynamic/answers', input: 'ping' });

    expect([response.status, upstream.last.path, upstream.last.json()]).toEqual([
      200,
      '/openai/v1/responses',
      { model: 'gpt-5.2', input: 'ping' },
    ]);
    expect(doors.records[0]?.attempts).toMatchObject([
      { provider: 'mistral', element: 'a', outcome: 'refused' },
      { provider: 'openai', element: 'b', outcome: 'ok' },
    ]);
  });

  it.each([
    ['a provider that speaks something else', { model: 'mistral/m', input: 'x' }, 7003, /does not speak .*openai/],
    ['nobody’s model', { model: 'nobody/m', input: 'x' }, 7003, /not a provider/],
    ['no model', { input: 'x' }, 2902, /model/],
  ])('refuses responses of %s', async (_name, body, code, message) => {
    const response = await post('/v1/responses', body);

    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({
        errors: [{ code, message: expect.stringMatching(message) }],
        error: expect.objectContaining({ message: expect.stringMatching(message) }),
      }),
    ]);
    expect(upstream.received).toEqual([]);
  });

  it('gives the error of a provider in its dialect as it is', async () => {
    const refusal = { type: 'error', error: { type: 'overloaded_error', message: 'busy' }, request_id: 'req_1' };
    upstream.replies(json(529, refusal, { 'request-id': 'req_1' }));

    const response = await post('/v1/messages', { ...dialects[1][1], model: 'anthropic/claude-x' });

    expect([response.status, response.headers.get('request-id'), await response.json()]).toEqual([
      529,
      'req_1',
      refusal,
    ]);
  });
});
