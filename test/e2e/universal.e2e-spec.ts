import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway } from '../support/gateway.js';
import { json, sse, type StubUpstream, text } from '../support/stub-upstream.js';
import { startStubbedGateway, type StubbedGateway } from '../support/stubbed-gateway.js';

const KEY = 'sk-stored-universal-key-000001';
const OWN = 'sk-own-universal-key-0000000002';
const slugs = ['openai', 'anthropic', 'google-ai-studio', 'groq', 'azure-openai'];

let stubbed: StubbedGateway;
let upstream: StubUpstream;
let gateway: RunningGateway;
let records: StubbedGateway['records'];

beforeAll(async () => {
  stubbed = await startStubbedGateway(slugs);
  ({ upstream, gateway, records } = stubbed);
  for (const slug of slugs.slice(0, 3)) await gateway.storeKey(slug, KEY);
});

afterAll(() => stubbed.close());

beforeEach(async () => {
  await stubbed.forget();
  upstream.replies(json(200, aCompletion()));
});

const ask = (body: unknown, headers: Record<string, string> = {}, path = ''): Promise<Response> =>
  fetch(gateway.base + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
  });

const step = (provider: string, endpoint: string, rest: object = {}) => ({
  provider,
  endpoint,
  headers: { 'content-type': 'application/json' },
  query: { model: 'm', messages: [{ role: 'user', content: 'ping' }] },
  ...rest,
});
const openai = step('openai', 'v1/chat/completions');
const anthropic = step('anthropic', 'v1/messages');
/** Of OpenAI's dialect, for whoever has the model. */
const compat = (model: string) =>
  step('compat', 'chat/completions', { query: { model, messages: [{ role: 'user', content: 'ping' }] } });

const aMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude',
  content: [{ type: 'text', text: 'pong' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 5, output_tokens: 2 },
};
const errors = async (response: Response) =>
  ((await response.json()) as { error: { code: number; message: string }[] }).error;

describe('a universal call', () => {
  it.each([
    ['an array', [openai], ''],
    ['one step alone', openai, ''],
    ['an array at a trailing slash', [openai], '/'],
  ])('takes %s', async (_name, body, path) => {
    const response = await ask(body, {}, path);

    expect([response.status, response.headers.get('cf-aig-step')]).toEqual([200, '0']);
    expect(await response.json()).toEqual(aCompletion());
    expect(upstream.last).toMatchObject({ method: 'POST', path: '/openai/v1/chat/completions' });
    expect(upstream.last.json()).toEqual(openai.query);
    expect(upstream.last.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it.each([
    ['openai', 'chat/completions', '/openai/v1/chat/completions'],
    ['openai', '/v1/responses?x=1', '/openai/v1/responses?x=1'],
    [
      'google-ai-studio',
      'v1beta/models/g:streamGenerateContent?alt=sse',
      '/google-ai-studio/v1beta/models/g:streamGenerateContent?alt=sse',
    ],
  ])('joins %s and %s', async (provider, endpoint, path) => {
    await ask([step(provider, endpoint)]);

    expect(upstream.last.path).toBe(path);
  });

  it.each([
    ['an error of the provider', json(500, { error: { message: 'broken' } })],
    ['a model it does not know', json(404, { error: { message: 'no such model' } })],
    ['a key it does not know', json(401, { error: { message: 'who are you' } })],
    [
      'a stream that fails before its first content',
      sse({ choices: [{ index: 0, delta: { role: 'assistant' } }] }, { error: { message: 'overloaded', code: 503 } }),
    ],
  ])('goes on to the next step after %s', async (_name, reply) => {
    upstream.replies(reply, json(200, aMessage));

    const response = await ask([openai, anthropic]);

    expect([response.status, response.headers.get('cf-aig-step'), response.headers.get('cf-aig-provider')]).toEqual([
      200,
      '1',
      'anthropic',
    ]);
    expect(await response.json()).toEqual(aMessage);
    expect(upstream.received.map(({ path }) => path)).toEqual([
      '/openai/v1/chat/completions',
      '/anthropic/v1/messages',
    ]);
    expect(records).toMatchObject([
      { provider: 'anthropic', model: 'm', step: 1, usage: { prompt_tokens: 5, completion_tokens: 2 } },
    ]);
    expect(records[0]?.attempts).toHaveLength(2);
  });

  it('goes on after a step’s own time-out, and tries as often as the step says', async () => {
    upstream.replies(json(503, {}), () => {}, json(200, aMessage));

    const response = await ask([
      { ...openai, config: { requestTimeout: 100, maxAttempts: 2, retryDelay: 0, backoff: 'constant' } },
      anthropic,
    ]);

    expect([response.status, response.headers.get('cf-aig-step')]).toEqual([200, '1']);
    expect(upstream.received).toHaveLength(3);
  });

  it('brings the winner’s stream as it came', async () => {
    const events = [
      'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":3}}}',
      'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"pong"}}',
      'event: message_stop\ndata: {"type":"message_stop"}',
    ];
    upstream.replies(json(429, {}), text(200, `${events.join('\n\n')}\n\n`, 'text/event-stream'));

    const response = await ask([openai, { ...anthropic, query: { ...anthropic.query, stream: true } }]);

    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toBe(`${events.join('\n\n')}\n\n`);
  });

  it.each([
    ['a provider that nobody is', step('nobody', 'x'), { provider: 'nobody', model: 'm' }],
    ['a model that nobody has', compat('nobody/x'), { provider: 'nobody', model: 'x' }],
    ['no route of this gateway', compat('dynamic/none'), { provider: 'dynamic', model: 'none' }],
    ['another endpoint of compat', step('compat', 'images'), { provider: 'compat', model: 'm' }],
    ['a body that makes no sense', step('compat', 'chat/completions'), { provider: 'compat', model: 'm' }, { n: 'x' }],
    ['a header that makes no sense', { ...openai, headers: { 'cf-aig-max-attempts': 'x' } }, { provider: 'openai' }],
    ['no key for its provider', step('groq', 'chat/completions'), { provider: 'groq', model: 'm' }],
  ])('lets a step fail that asks for %s, and goes on', async (_name, senseless, told, query: object = {}) => {
    upstream.replies(json(200, aMessage));

    const response = await ask([{ ...senseless, query: { ...senseless.query, ...query } }, anthropic]);

    expect([response.status, response.headers.get('cf-aig-step')]).toEqual([200, '1']);
    expect(response.headers.get('cf-aig-attempts')).toMatch(/^[^,]*;refused;0ms, anthropic\/m;/);
    expect(records).toMatchObject([
      { provider: 'anthropic', model: 'm', kind: 'native', requestedModel: 'm', step: 1, status: 200 },
    ]);
    expect(records[0]?.attempts).toMatchObject([
      { step: 0, ...told, outcome: 'refused', next: 'fallback' },
      { step: 1, provider: 'anthropic', outcome: 'ok' },
    ]);
  });

  it('answers with what is wrong with the last step, behind those that failed', async () => {
    upstream.replies(json(500, {}));

    const response = await ask([openai, step('nobody', 'x')]);

    expect([response.status, await errors(response)]).toMatchObject([400, [{ code: 2008 }]]);
    expect(records).toMatchObject([{ provider: null, model: null, step: 1, error: 'invalid_provider' }]);
    expect(records[0]?.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
      ['openai', 'server'],
      ['nobody', 'refused'],
    ]);
  });

  it('speaks OpenAI’s Responses to whoever has the model, in a step of compat', async () => {
    const response = await ask([
      step('compat', 'v1/responses', { query: { model: 'anthropic/claude', input: 'ping' } }),
      step('compat', 'v1/responses', { query: { model: 'openai/gpt', input: 'ping' } }),
    ]);

    expect([response.status, response.headers.get('cf-aig-step')]).toEqual([200, '1']);
    expect([upstream.last.path, upstream.last.json()]).toEqual([
      '/openai/v1/responses',
      { model: 'gpt', input: 'ping' },
    ]);
    expect(records[0]?.attempts[0]).toMatchObject({ provider: 'anthropic', model: 'claude', outcome: 'refused' });
  });

  it('has on record the step that answered: its kind, its model, what it asked, what it says of the call', async () => {
    upstream.replies(json(500, {}), json(200, aCompletion()));

    await ask([
      { ...anthropic, headers: { 'cf-aig-metadata': '{"step":"first"}' } },
      { ...compat('openai/gpt'), headers: { 'cf-aig-metadata': '{"step":"second"}' } },
    ]);

    expect(records).toMatchObject([
      {
        provider: 'openai',
        model: 'gpt',
        kind: 'chat',
        requestedModel: 'openai/gpt',
        step: 1,
        inbound: { surface: 'universal', metadata: { entries: { step: 'second' } } },
      },
    ]);
    expect(JSON.parse(String(records[0]?.requestBody))).toEqual(compat('openai/gpt').query);
    const log = await gateway.admin('GET', `/ai-gateway/gateways/default/logs/${records[0]?.requestId}`);
    expect(log).toMatchObject({ provider: 'openai', model: 'openai/gpt', step: 1 });
  });

  it('answers with the last step’s own error when all fail', async () => {
    upstream.replies(
      json(500, {}),
      json(429, { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }),
    );

    const response = await ask([openai, anthropic]);

    expect([response.status, response.headers.get('cf-aig-step')]).toEqual([429, '1']);
    expect(await response.json()).toEqual({ type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } });
    expect(records).toMatchObject([{ outcome: 'failed', status: 429, step: 1 }]);
  });

  it('never answers 400 or 401 with anything but JSON', async () => {
    upstream.replies(text(401, 'go away', 'text/plain'));

    const response = await ask([openai]);

    expect(response.status).toBe(401);
    expect(await errors(response)).toMatchObject([{ code: 2005 }]);
  });

  it('takes compat as the provider of a step, embeddings too', async () => {
    upstream.replies(json(500, {}), json(200, { ...aMessage, model: 'claude-x' }));

    const response = await ask([compat('openai/gpt'), compat('anthropic/claude-x')]);

    expect([response.status, response.headers.get('cf-aig-step')]).toEqual([200, '1']);
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: 'pong' } }],
    });
  });

  it('brings a compat step’s error in the words of OpenAI’s clients', async () => {
    upstream.replies(json(429, { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } }));

    const response = await ask([compat('openai/gpt')]);

    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('slow down'), code: 'rate_limit_exceeded' },
    });
  });

  it.each([
    ['of the step, whatever its case', { Authorization: `Bearer ${OWN}` }, {}, `Bearer ${OWN}`],
    ['of the step, in the old place', {}, { authorization: `Bearer ${OWN}` }, `Bearer ${OWN}`],
    ['stored, where the step’s is a placeholder', { authorization: 'Bearer CF_TEMP_TOKEN' }, {}, `Bearer ${KEY}`],
    ['stored, where the step’s is a gateway token', { authorization: `Bearer ${ADMIN_TOKEN}` }, {}, `Bearer ${KEY}`],
  ])('shows the key %s', async (_name, headers, rest, shown) => {
    await ask([{ ...openai, ...rest, headers }]);

    expect(upstream.last.headers.authorization).toBe(shown);
  });

  it('shows no step the key of the outer request', async () => {
    const response = await ask([step('groq', 'chat/completions')], { authorization: `Bearer ${OWN}` });

    expect(response.status).toBe(401);
    expect(upstream.received).toEqual([]);
  });

  it('lets a step’s headers win over those of the request, and sends none of ours on', async () => {
    await gateway.storeKey('openai', 'sk-second-universal-key-00000003', 'second');
    upstream.replies(json(200, aCompletion()));

    await ask([{ ...openai, headers: { 'CF-AIG-BYOK-Alias': 'second', 'x-title': 'mine', 'x-number': 5 } }], {
      'cf-aig-byok-alias': 'default',
      'x-outer': 'stays here',
    });

    expect(upstream.last.headers).toMatchObject({
      authorization: 'Bearer sk-second-universal-key-00000003',
      'x-title': 'mine',
      'x-number': '5',
    });
    expect(Object.keys(upstream.last.headers).filter((name) => name.startsWith('cf-') || name === 'x-outer')).toEqual(
      [],
    );
  });

  it.each([
    ['nothing', '', 2902],
    ['no JSON', '[{]', 2902],
    ['no step', [], 2902],
    ['a step that is none', ['openai'], 2902],
    ['an unknown provider', [step('nobody', 'x')], 2008],
    ['an unknown prefix on compat', [compat('nobody/m')], 2008],
    ['another endpoint of compat', [step('compat', 'images')], 2902],
    ['too many attempts', [{ ...openai, config: { maxAttempts: 9 } }], 2902],
    ['a header that is none', [{ ...openai, headers: { 'x-a': 'b\r\nx-c: d' } }], 2902],
  ])('refuses %s with 400, in JSON', async (_name, body, code) => {
    const response = await ask(body);

    expect(response.status).toBe(400);
    expect(await errors(response)).toMatchObject([{ code }]);
    expect(upstream.received).toEqual([]);
  });

  it('refuses a caller without a token, and one at no gateway, in Cloudflare’s words', async () => {
    const unauthorized = await fetch(gateway.base, { method: 'POST', body: '[]' });
    const nowhere = await fetch(`${gateway.origin}/v1/default/nowhere`, {
      method: 'POST',
      body: '[]',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
    });

    expect([unauthorized.status, await errors(unauthorized)]).toMatchObject([401, [{ code: 2009 }]]);
    expect([nowhere.status, await errors(nowhere)]).toMatchObject([400, [{ code: 2001 }]]);
  });
});
