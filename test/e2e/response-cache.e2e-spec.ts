import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { frame, json, sse, sseCut, type StubReply, StubUpstream } from '../support/stub-upstream.js';

let upstream: StubUpstream;
let gateway: RunningGateway;
const calls: CallRecord[] = [];

const OFF = {
  cache_invalidate_on_update: false,
  cache_ttl: 0,
  collect_logs: true,
  rate_limiting_interval: 0,
  rate_limiting_limit: 0,
};

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin, groq: upstream.origin, anthropic: upstream.origin }),
    RESPONSE_CACHE_MAX_ENTRY_BYTES: '100000',
    EGRESS_ALLOW_PRIVATE: 'true',
  });
  await gateway.admin('POST', '/ai-gateway/gateways', { ...OFF, id: 'cached', cache_ttl: 600 });
  await gateway.admin('POST', '/ai-gateway/gateways', { ...OFF, id: 'twin', cache_ttl: 600 });
  for (const id of ['default', 'cached', 'twin']) {
    for (const provider of ['openai', 'groq', 'anthropic']) {
      await gateway.admin('POST', `/ai-gateway/gateways/${id}/provider_configs`, {
        provider_slug: provider,
        alias: 'default',
        default_config: true,
        secret: `sk-${id}-${provider}-00000000001`,
      });
    }
  }
  gateway.app.get(CallRecorder).calls$.subscribe((call) => calls.push(call));
});
beforeEach(() => {
  upstream.replies(json(200, aCompletion()));
  calls.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

interface Asked {
  readonly at?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** A question nobody has asked before. */
let count = 0;
const aQuestion = (extra: Record<string, unknown> = {}) => ({
  ...hello,
  model: 'openai/gpt-4o',
  user: `somebody-${++count}`,
  ...extra,
});

async function ask({ at = 'cached', path = 'compat/chat/completions', body, headers = {}, signal }: Asked) {
  const response = await fetch(`${gateway.origin}/v1/default/${at}/${path}`, {
    method: 'POST',
    headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  return {
    status: response.status,
    cache: response.headers.get('cf-aig-cache-status'),
    headers: response.headers,
    text,
  };
}

/** What two equal calls in a row are told. */
async function twice(asked: Asked, second: Asked = asked) {
  const [first, again] = [await ask(asked), await ask(second)];
  return [first.cache, again.cache];
}

/** Answers when it is told to. */
function onCommand(reply: StubReply) {
  let go = (): void => undefined;
  const told = new Promise<void>((resolve) => (go = resolve));
  const held: StubReply = async (response, request) => {
    await told;
    await reply(response, request);
  };
  return { held, go: () => go() };
}

describe('response cache', () => {
  it('answers the second of two equal calls itself, at no cost, and says so', async () => {
    const body = aQuestion();
    const first = await ask({ body });
    const second = await ask({ body });

    expect([first.cache, second.cache]).toEqual(['MISS', 'HIT']);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('cf-aig-attempts')).toBe('openai/gpt-4o;cached;200;0ms');
    expect(upstream.received).toHaveLength(1);
    expect(
      calls.map(({ cached, cost: { charged, basis }, usage }) => [cached, charged, basis, usage?.total_tokens]),
    ).toEqual([
      [false, 62_500, 'catalogue', 13],
      [true, 0, 'nothing', 0],
    ]);
  });

  it('replays a stream in the pieces it came in', async () => {
    upstream.replies(sse(...aStream()));
    const body = aQuestion({ stream: true, stream_options: { include_usage: true } });
    const first = await ask({ body });
    const second = await ask({ body });

    expect([first.cache, second.cache]).toEqual(['MISS', 'HIT']);
    expect(second.text).toBe(first.text);
    expect(second.text).toMatch(/data: \[DONE]\n\n$/);
    expect(second.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(calls.at(-1)).toMatchObject({ cached: true, streamed: true, finishReason: 'stop', outcome: 'completed' });
  });

  it('answers embeddings', async () => {
    const data = [{ object: 'embedding', index: 0, embedding: [0.5] }];
    upstream.replies(json(200, { object: 'list', data, model: 'm', usage: { prompt_tokens: 1, total_tokens: 1 } }));
    const asked = {
      path: 'compat/embeddings',
      body: { model: 'openai/text-embedding-3-small', input: `text ${++count}` },
    };

    expect(await twice(asked)).toEqual(['MISS', 'HIT']);
  });

  it("answers a provider's own API, streamed or not", async () => {
    const message = {
      id: 'msg',
      type: 'message',
      role: 'assistant',
      model: 'claude',
      content: [{ type: 'text', text: 'Hi' }],
    };
    const whole = { ...message, stop_reason: 'end_turn', usage: { input_tokens: 1, output_tokens: 1 } };
    upstream.replies(json(200, whole));
    const asked = {
      path: 'anthropic/v1/messages',
      body: { model: 'claude-x', max_tokens: 5, messages: [], user: ++count },
    };
    const first = await ask(asked);
    const second = await ask(asked);

    expect([first.cache, second.cache]).toEqual(['MISS', 'HIT']);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('content-type')).toBe('application/json');

    const events = [
      { type: 'message_start', message: { ...message, usage: { input_tokens: 1, output_tokens: 1 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ];
    upstream.replies(sse(...events));
    const streamed = { ...asked, body: { ...asked.body, stream: true } };
    const live = await ask(streamed);
    const replayed = await ask(streamed);

    expect([live.cache, replayed.cache]).toEqual(['MISS', 'HIT']);
    expect(replayed.text).toBe(live.text);
    expect(replayed.headers.get('content-type')).toBe('text/event-stream');
  });

  it('takes bodies for equal that differ in white space and order only', async () => {
    const { user, messages, model } = aQuestion();
    const other = `{ "messages": ${JSON.stringify(messages)},\n "user": "${user}", "model": "${model}" }`;

    expect(await twice({ body: { model, user, messages } }, { body: other })).toEqual(['MISS', 'HIT']);
  });

  it.each<[string, Asked, Asked]>([
    ['another word', {}, { body: aQuestion({ temperature: 0.5 }) }],
    ['another gateway', {}, { at: 'twin' }],
    ['a key of the callers own', {}, { headers: { authorization: 'Bearer sk-inline-000000000000001' } }],
    ['a stream', {}, { body: { ...hello, model: 'openai/gpt-4o', user: 'same', stream: true } }],
    ['another model', {}, { body: { ...hello, model: 'openai/gpt-4o-mini', user: 'same' } }],
    ['another provider', {}, { body: { ...hello, model: 'groq/gpt-4o', user: 'same' } }],
    [
      'a custom key at another gateway',
      { headers: { 'cf-aig-cache-key': 'faq-1' } },
      { at: 'twin', headers: { 'cf-aig-cache-key': 'faq-1' } },
    ],
    [
      'a custom key with another credential',
      { headers: { 'cf-aig-cache-key': 'faq-2' } },
      { headers: { 'cf-aig-cache-key': 'faq-2', authorization: 'Bearer sk-inline-000000000000002' } },
    ],
  ])('keeps apart %s', async (_name, first, second) => {
    upstream.replies((response, request) =>
      String(request.body).includes('"stream":true')
        ? sse(...aStream())(response, request)
        : json(200, aCompletion())(response, request),
    );
    const body = { ...hello, model: 'openai/gpt-4o', user: 'same' };

    await ask({ body, ...first });
    expect((await ask({ body, ...second })).cache).toBe('MISS');
  });

  it('keeps whatever is asked under a key of the callers own, also where the gateway does not cache', async () => {
    const headers = { 'cf-aig-cache-key': `faq-${++count}` };
    const asked = { at: 'default', headers };

    expect(await twice({ ...asked, body: aQuestion() }, { ...asked, body: aQuestion() })).toEqual(['MISS', 'HIT']);
    const longer = { ...headers, 'cf-aig-cache-ttl': '7200' };
    expect((await ask({ ...asked, headers: longer, body: aQuestion() })).cache).toBe('HIT');
  });

  it.each<[string, string, Record<string, string>]>([
    ['the gateway does not cache', 'default', {}],
    ['a time to live alone does not ask for it', 'default', { 'cf-aig-cache-ttl': '600' }],
    ['the time to live is 0', 'cached', { 'cf-aig-cache-ttl': '0' }],
    ['the call skips it', 'cached', { 'cf-aig-skip-cache': 'true' }],
    ['the call skips it by the older name', 'cached', { 'cf-skip-cache': 'true' }],
    ['the older name says 0', 'cached', { 'cf-cache-ttl': '0' }],
    ['a key is named and the call skips it', 'cached', { 'cf-aig-cache-key': 'x', 'cf-aig-skip-cache': 'true' }],
  ])('keeps nothing where %s', async (_name, at, headers) => {
    const body = aQuestion();

    expect(await twice({ at, headers, body })).toEqual(['MISS', 'MISS']);
    expect((await ask({ at, body })).cache).toBe('MISS');
  });

  it('refuses a time to live that is no number', async () => {
    expect(await ask({ headers: { 'cf-aig-cache-ttl': 'soon' }, body: aQuestion() })).toMatchObject({ status: 400 });
  });

  it('leaves an entry where it is when a call skips it', async () => {
    const body = aQuestion();

    expect((await ask({ body })).cache).toBe('MISS');
    expect((await ask({ body, headers: { 'cf-aig-skip-cache': 'true' } })).cache).toBe('MISS');
    expect((await ask({ body })).cache).toBe('HIT');
  });

  it('forgets what it has when the gateway is written, where the gateway says so', async () => {
    const body = aQuestion();
    const write = (invalidates: boolean) =>
      gateway.admin('PUT', '/ai-gateway/gateways/twin', {
        ...OFF,
        cache_ttl: 600,
        cache_invalidate_on_update: invalidates,
      });

    await write(false);
    expect(await twice({ at: 'twin', body })).toEqual(['MISS', 'HIT']);
    await write(false);
    expect((await ask({ at: 'twin', body })).cache).toBe('HIT');
    await write(true);
    expect((await ask({ at: 'twin', body })).cache).toBe('MISS');
    await write(true);
    expect((await ask({ at: 'twin', body })).cache).toBe('MISS');
  });

  it.each<[string, StubReply, boolean]>([
    ['errors', json(500, { error: { message: 'no' } }), false],
    ['a stream that was cut', sseCut(...aStream().slice(0, 3)), true],
    [
      'a stream that told an error',
      sse(...aStream().slice(0, 3), { error: { message: 'late', type: 'server_error' } }),
      true,
    ],
    ['what is too large', json(200, aCompletion('x'.repeat(200_000))), false],
    ['a stream that is too large', sse(...aStream('word '.repeat(2_000))), true],
  ])('does not keep %s', async (_name, reply, stream) => {
    upstream.replies(reply);
    const body = aQuestion(stream ? { stream } : {});

    expect((await ask({ body })).cache === 'HIT').toBe(false);
    expect((await ask({ body })).cache === 'HIT').toBe(false);
    expect(upstream.received).toHaveLength(2);
  });

  it('does not keep a stream whose caller left', async () => {
    upstream.replies(
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const event of aStream().slice(0, 3)) response.write(frame(event));
      },
      sse(...aStream()),
    );
    const body = aQuestion({ stream: true });
    const leaving = new AbortController();
    const left = ask({ body, signal: leaving.signal });
    await eventually(() => upstream.received.length === 1);
    leaving.abort();
    await expect(left).rejects.toThrow('abort');
    await eventually(() => calls.length === 1);

    expect((await ask({ body })).cache).toBe('MISS');
    expect((await ask({ body })).cache).toBe('HIT');
  });

  it('is asked for each step of a universal request, whose headers go before those of the request', async () => {
    const body = aQuestion({ model: 'gpt-4o' });
    const step = (headers: Record<string, string>) => [
      { provider: 'openai', endpoint: 'chat/completions', headers, query: body },
    ];
    const asked = { path: '', body: step({}) };

    expect(await twice(asked)).toEqual(['MISS', 'HIT']);
    expect((await ask({ ...asked, body: step({ 'cf-aig-cache-ttl': '0' }) })).cache).toBe('MISS');
    expect((await ask({ ...asked, headers: { 'cf-aig-skip-cache': 'true' } })).cache).toBe('MISS');
  });

  it('forgets what it has of a custom provider when that is written', async () => {
    const path = '/ai-gateway/custom-providers';
    const fields = { name: 'Ours', base_url: upstream.origin, enable: true };
    const { id } = (await gateway.admin('POST', path, { ...fields, slug: 'ours' })) as { id: string };
    const body = aQuestion({ model: 'custom-ours/m' });

    expect(await twice({ body })).toEqual(['MISS', 'HIT']);
    await gateway.admin('PATCH', `${path}/${id}`, { description: 'Another machine.' });
    expect((await ask({ body })).cache).toBe('MISS');
  });

  it('answers whom a budget or a rate limit holds back', async () => {
    const body = aQuestion();
    const write = (extra: Record<string, unknown>) =>
      gateway.admin('PUT', '/ai-gateway/gateways/twin', { ...OFF, cache_ttl: 600, ...extra });
    const rule = { limit: 1e-9, limitType: 'cost', window: 3600 };
    await write({});
    await ask({ at: 'twin', body });

    await write({ spend_limits: { enabled: true, rules: [rule] } });
    expect(await ask({ at: 'twin', body: aQuestion() })).toMatchObject({ status: 429 });
    expect(await ask({ at: 'twin', body })).toMatchObject({ status: 200, cache: 'HIT' });

    await write({ rate_limiting_limit: 1, rate_limiting_interval: 3600, rate_limiting_technique: 'fixed' });
    await ask({ at: 'twin', body: aQuestion() });
    expect(await ask({ at: 'twin', body: aQuestion() })).toMatchObject({ status: 429 });
    expect(await ask({ at: 'twin', body })).toMatchObject({ status: 200, cache: 'HIT' });
    await write({});
  });

  it('gives a replayed stream no faster than it is read', async () => {
    const long = 'word '.repeat(100);
    upstream.replies(sse(...aStream(long)));
    const body = aQuestion({ stream: true });
    const first = await ask({ body });
    const response = await fetch(`${gateway.origin}/v1/default/cached/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify(body),
    });
    let text = '';
    for await (const bytes of response.body ?? []) {
      text += Buffer.from(bytes).toString();
      await turn();
    }

    expect(response.headers.get('cf-aig-cache-status')).toBe('HIT');
    expect(text).toBe(first.text);
  });

  describe('identical calls at one time', () => {
    it.each([
      ['answers', false],
      ['streams', true],
    ])('are one call to the provider: 100 %s', async (_name, stream) => {
      const { held, go } = onCommand(stream ? sse(...aStream()) : json(200, aCompletion()));
      upstream.replies(held);
      const body = aQuestion({ stream });
      const all = Array.from({ length: 100 }, () => ask({ body }));
      await eventually(() => upstream.received.length === 1);
      go();
      const answers = await Promise.all(all);

      expect(upstream.received).toHaveLength(1);
      expect(answers.filter(({ cache }) => cache === 'HIT')).toHaveLength(99);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(calls.filter(({ cached }) => !cached)).toHaveLength(1);
    });

    it('go on when the one that fetches leaves: another fetches in its place', async () => {
      const { held, go } = onCommand(json(200, aCompletion('second')));
      upstream.replies(() => undefined, held);
      const body = aQuestion();
      const leaving = new AbortController();
      const leader = ask({ body, signal: leaving.signal });
      await eventually(() => upstream.received.length === 1);
      const others = Array.from({ length: 20 }, () => ask({ body }));
      await new Promise((resolve) => setTimeout(resolve, 100));
      leaving.abort();
      await expect(leader).rejects.toThrow('abort');
      await eventually(() => upstream.received.length === 2);
      go();
      const answers = await Promise.all(others);

      expect(answers.every(({ status, text }) => status === 200 && text.includes('second'))).toBe(true);
      expect(upstream.received).toHaveLength(2);
    });

    it('do not fail because the one that fetches does', async () => {
      const { held, go } = onCommand(json(400, { error: { message: 'no' } }));
      upstream.replies(held, json(200, aCompletion()));
      const body = aQuestion();
      const leader = ask({ body });
      await eventually(() => upstream.received.length === 1);
      const others = Array.from({ length: 5 }, () => ask({ body }));
      await new Promise((resolve) => setTimeout(resolve, 100));
      go();

      expect((await leader).status).toBe(400);
      expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    });
  });
});
