import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { aChunk, aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { frame, json, sse, sseCut, sseHang, StubUpstream, text } from '../support/stub-upstream.js';

let upstream: StubUpstream;
let gateway: RunningGateway;
const records: CallRecord[] = [];

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: `${upstream.origin}/openai`, groq: upstream.origin }),
    UPSTREAM_IDLE_TIMEOUT_MS: '1500',
    UPSTREAM_HEADERS_TIMEOUT_MS: '1500',
    UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '1500',
    UPSTREAM_MAX_ANSWER_BYTES: String(2 * 1024 * 1024),
    STREAM_HEARTBEAT_MS: '100',
  });
  await gateway.storeKey('openai', 'sk-stored-openai-key');
  gateway.app.get(CallRecorder, { strict: false }).calls$.subscribe((record) => records.push(record));
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

beforeEach(() => {
  records.length = 0;
});

const post = (body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> =>
  fetch(`${gateway.base}/compat/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });

const eventually = async (check: () => boolean, withinMs = 2000): Promise<void> => {
  const deadline = Date.now() + withinMs;
  while (!check()) {
    if (Date.now() > deadline) throw new Error('It did not happen in time.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const hi = { model: 'openai/gpt-4o', ...hello };

describe('POST …/compat/chat/completions', () => {
  it("answers with the provider's own bytes, and says who answered", async () => {
    const completion = aCompletion();
    upstream.replies(json(200, completion));

    const response = await post(hi, { 'cf-aig-event-id': 'event-7' });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe(JSON.stringify(completion));
    const requestId = response.headers.get('x-request-id');
    expect(requestId).toMatch(/^[0-9A-Z]{26}$/);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'cf-aig-request-id': requestId,
      'cf-aig-log-id': requestId,
      'cf-aig-event-id': 'event-7',
      'cf-aig-step': '0',
      'cf-aig-provider': 'openai',
      'cf-aig-model': 'gpt-4o',
      'cf-aig-cache-status': 'MISS',
    });
  });

  it('sends the bare model name, the stored key, and everything else byte for byte', async () => {
    upstream.replies(json(200, aCompletion()));
    const body =
      '{ "messages": [{"role":"user","content":"h\\u00e9 \\"model\\": 1"}],\n "model":"openai/gpt-4o" , "x_new":1e2 }';

    await post(body);

    expect(upstream.last.path).toBe('/openai/v1/chat/completions');
    expect(upstream.last.body.toString()).toBe(body.replace('openai/gpt-4o', 'gpt-4o'));
    expect(upstream.last.headers['authorization']).toBe('Bearer sk-stored-openai-key');
    expect(upstream.last.headers['content-length']).toBe(String(upstream.last.body.length));
  });

  it("keeps back what is none of the provider's business", async () => {
    upstream.replies(json(200, aCompletion()));

    await post(hi, {
      cookie: 'session=1',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'for=10.0.0.1',
      'cf-connecting-ip': '10.0.0.1',
      'cf-aig-metadata': '{"a":1}',
      'x-stray': ADMIN_TOKEN,
      'user-agent': 'my-app/1',
      'openai-organization': 'org-1',
    });

    const names = Object.keys(upstream.last.headers).toSorted();
    expect(names).toEqual([
      'accept',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'openai-organization',
      'user-agent',
    ]);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  it("passes on what the caller may act on, with the key's rate limits under another name", async () => {
    upstream.replies(
      json(200, aCompletion(), {
        'x-ratelimit-remaining-requests': '7',
        'openai-processing-ms': '12',
        'x-request-id': 'req_up',
        'set-cookie': 'a=1',
      }),
    );

    const { headers } = await post(hi);

    expect(headers.get('cf-aig-upstream-ratelimit-remaining-requests')).toBe('7');
    expect(headers.get('openai-processing-ms')).toBe('12');
    expect(headers.get('cf-aig-upstream-request-id')).toBe('req_up');
    expect(headers.get('x-request-id')).not.toBe('req_up');
    expect(headers.has('x-ratelimit-remaining-requests')).toBe(false);
    expect(headers.has('set-cookie')).toBe(false);
  });

  it('records usage, finish reason and outcome on the side', async () => {
    upstream.replies(json(200, aCompletion()));

    await (await post(hi)).text();

    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      outcome: 'completed',
      status: 200,
      provider: 'openai',
      model: 'gpt-4o',
      requestedModel: 'openai/gpt-4o',
      finishReason: 'stop',
      usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
      streamed: false,
    });
  });
});

describe('POST …/compat/chat/completions with stream: true', () => {
  const streamed = { ...hi, stream: true };

  it('hands the events on unchanged and ends with one [DONE]', async () => {
    const events = aStream('Grüße, 世界 👋 and all.');
    upstream.replies(sse(...events));

    const response = await post({ ...streamed, stream_options: { include_usage: true } });

    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toBe(events.map(frame).join(''));
  });

  it('asks for usage always, and keeps the usage chunk from a caller who did not ask', async () => {
    const events = aStream();
    upstream.replies(sse(...events));

    const body = await (await post(streamed)).text();

    expect(upstream.last.json()).toMatchObject({ stream_options: { include_usage: true } });
    expect(body).toBe(
      events
        .filter((_, i) => i !== events.length - 2)
        .map(frame)
        .join(''),
    );
    expect(records[0]).toMatchObject({
      outcome: 'completed',
      finishReason: 'stop',
      usage: { total_tokens: 13 },
      streamed: true,
    });
  });

  it('delivers events as they come', async () => {
    const gate: { open?: () => void } = {};
    upstream.replies(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(frame(aChunk({ role: 'assistant', content: 'first' })));
      await new Promise<void>((resolve) => (gate.open = resolve));
      response.end(frame(aChunk({}, 'stop')) + frame('[DONE]'));
    });

    const response = await post(streamed);
    const reader = response.body!.getReader();
    const { value } = await reader.read();

    expect(Buffer.from(value ?? []).toString()).toContain('first');
    gate.open!();
    let rest = '';
    for (let part = await reader.read(); !part.done; part = await reader.read())
      rest += Buffer.from(part.value).toString();
    expect(rest.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('turns an error before the first content into an HTTP error', async () => {
    upstream.replies(
      sse(aChunk({ role: 'assistant', content: '' }), {
        error: { message: 'Overloaded', type: 'server_error', code: null },
      }),
    );

    const response = await post(streamed);

    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('Overloaded') } });
  });

  it.each([
    [
      'an error event',
      sse(aChunk({ role: 'assistant', content: 'Hel' }), { error: { message: 'Overloaded', type: 'server_error' } }),
      'failed',
      'Overloaded',
    ],
    ['a cut connection', sseCut(aChunk({ role: 'assistant', content: 'Hel' })), 'truncated', 'openai/gpt-4o'],
    [
      'an end without a terminal event',
      sse(aChunk({ role: 'assistant', content: 'Hel' })),
      'truncated',
      'before it was complete',
    ],
    ['silence', sseHang(aChunk({ role: 'assistant', content: 'Hel' })), 'truncated', 'idle_timeout'],
  ])('ends a stream broken by %s with an error frame and no [DONE]', async (_name, reply, outcome, message) => {
    upstream.replies(reply);

    const body = await (await post(streamed)).text();

    const last = body.trimEnd().split('\n\n').at(-1)!;
    expect(JSON.parse(last.replace('data: ', ''))).toMatchObject({
      error: { message: expect.stringContaining(message), type: 'server_error' },
    });
    expect(body).toContain('Hel');
    expect(body).not.toContain('[DONE]');
    expect(records.at(-1)).toMatchObject({ outcome });
  });

  it('answers 504 when the first event never comes', async () => {
    upstream.replies(sseHang());

    const response = await post(streamed);

    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ internalCode: 2005, error: { code: 'timeout' } });
  });

  it('closes the upstream when the caller leaves', async () => {
    upstream.replies(sseHang(aChunk({ role: 'assistant', content: 'Hel' })));
    const controller = new AbortController();
    const response = await post(streamed, {}, controller.signal);
    await response.body!.getReader().read();

    controller.abort();
    await upstream.last.closed;

    await eventually(() => records.length === 1);
    expect(records[0]).toMatchObject({ outcome: 'aborted' });
  });

  it('closes the upstream when the caller leaves before anything came', async () => {
    upstream.replies(() => {});
    const controller = new AbortController();
    const call = post(hi, {}, controller.signal).catch(() => null);
    await eventually(() => upstream.received.length === 1);

    controller.abort();
    await upstream.last.closed;

    await call;
    await eventually(() => records.length === 1);
    expect(records[0]).toMatchObject({ outcome: 'aborted', status: 499 });
  });

  it('slows the provider down to the pace of a slow reader', async () => {
    const chunk = frame(aChunk({ role: 'assistant', content: 'x'.repeat(64 * 1024) }));
    let sent = 0;
    upstream.replies(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (; sent < 1000 && !response.destroyed; sent++) {
        if (!response.write(chunk)) {
          const drained = await Promise.race([
            new Promise((resolve) => response.once('drain', () => resolve(true))),
            new Promise((resolve) => setTimeout(() => resolve(false), 500)),
          ]);
          if (drained === false) break;
        }
      }
      response.destroy();
    });
    const controller = new AbortController();

    const response = await post(streamed, {}, controller.signal);
    await upstream.last.closed;

    expect(sent).toBeLessThan(400); // of 64 MB: what fits the sockets' buffers, and no more
    controller.abort();
    await response.text().catch(() => '');
  });

  it('sends a comment into long silence', async () => {
    upstream.replies(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(frame(aChunk({ role: 'assistant', content: 'Hel' })));
      await new Promise((resolve) => setTimeout(resolve, 400));
      response.end(frame(aChunk({ content: 'lo' }, 'stop')) + frame('[DONE]'));
    });

    const body = await (await post(streamed)).text();

    expect(body).toContain(': keep-alive\n\n');
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it("makes a stream of a provider's JSON answer", async () => {
    upstream.replies(json(200, aCompletion('All at once.')));

    const body = await (await post(streamed)).text();

    expect(body).toContain('All at once.');
    expect(body).toContain('"finish_reason":"stop"');
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true);
  });
});

describe('upstreams that misbehave', () => {
  it.each([
    ['HTML', text(200, '<html>hello</html>'), 502, 2005],
    ['an HTML error page', text(502, '<html>Bad Gateway</html>'), 502, 2005],
    ['nothing', text(200, '', 'application/json'), 502, 2005],
    ['garbage', text(200, '{"id": "chatcmpl-', 'application/json'), 502, 2005],
    ['an answer that is too large', text(200, `{"x":"${'y'.repeat(3 * 1024 * 1024)}"}`, 'application/json'), 502, 2005],
  ])('answers clearly when the provider sends %s', async (_name, reply, status, internalCode) => {
    upstream.replies(reply);

    const response = await post(hi);
    const body = (await response.json()) as { error: { message: string; metadata: unknown }; internalCode: number };

    expect(response.status).toBe(status);
    expect(body.internalCode).toBe(internalCode);
    expect(body.error.message).toMatch(/openai/i);
    expect(body.error.metadata).toMatchObject({
      provider_name: 'openai',
      target: 'openai/gpt-4o',
      attempts: [{ target: 'openai/gpt-4o', key: 'default', next: 'none' }],
      request_id: response.headers.get('x-request-id'),
    });
  });

  it('answers 502 when the connection is dropped, and 504 when nothing comes', async () => {
    upstream.replies((response) => void response.destroy());
    expect((await post(hi)).status).toBe(502);

    upstream.replies(() => {});
    expect((await post(hi)).status).toBe(504);
  });

  it("keeps the provider's status and raw body, in OpenAI's shape", async () => {
    upstream.replies(
      json(
        429,
        { error: { message: 'Slow down', type: 'tokens', param: null, code: 'rate_limit_exceeded' } },
        { 'retry-after': '2' },
      ),
    );

    const response = await post(hi);

    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('cf-aig-provider')).toBe('openai');
    expect(await response.json()).toMatchObject({
      error: {
        message: expect.stringContaining('Slow down'),
        code: 'rate_limit_exceeded',
        metadata: { raw: { error: { message: 'Slow down' } } },
      },
      success: false,
      name: 'AiGatewayError',
      httpCode: 429,
    });
  });
});

describe('browsers', () => {
  it('answers a pre-flight request and exposes the headers', async () => {
    const preflight = await fetch(`${gateway.base}/compat/chat/completions`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,cf-aig-authorization,content-type,x-stainless-os,x-evil',
      },
    });

    const allowed = preflight.headers.get('access-control-allow-headers')!.split(', ');
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(allowed).toEqual(
      expect.arrayContaining([
        'authorization',
        'x-api-key',
        'anthropic-version',
        'cf-aig-authorization',
        'x-stainless-os',
      ]),
    );
    expect(allowed).not.toContain('x-evil');

    upstream.replies(json(200, aCompletion()));
    const answer = await post(hi, { origin: 'https://app.example' });
    const refused = await post(hi, { origin: 'https://app.example', 'cf-aig-authorization': 'Bearer wrong' });
    for (const { headers } of [answer, refused]) {
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-expose-headers')).toContain('cf-aig-log-id');
    }
  });
});
