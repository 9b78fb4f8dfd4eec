import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { aChunk, aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { aModel, anEnd, aStart } from '../support/route-elements.js';
import { frame, json, sse, sseCut, sseHang, StubUpstream, type StubReply } from '../support/stub-upstream.js';

/**
 * The sixteen failover faults, with real sockets, streamed and not, at a single target and with another behind it. The caller gets
 * the right answer or one honest error: never a cut text as success, never a duplicate, never the failed try's usage.
 */
const TIMEOUT_MS = 300;
const GOOD = 'Hello from the first.';
const OTHER = 'Hello from the second.';

let first: StubUpstream;
let second: StubUpstream;
let gateway: RunningGateway;
const records: CallRecord[] = [];

beforeAll(async () => {
  first = await StubUpstream.start();
  second = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: first.origin, mistral: second.origin }),
    UPSTREAM_CONNECT_TIMEOUT_MS: String(TIMEOUT_MS),
    UPSTREAM_HEADERS_TIMEOUT_MS: String(TIMEOUT_MS),
    UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: String(TIMEOUT_MS),
    UPSTREAM_IDLE_TIMEOUT_MS: String(TIMEOUT_MS),
    EGRESS_ALLOW_PRIVATE: 'true',
  });
  await gateway.storeKey('openai', 'sk-first-0123456789');
  await gateway.storeKey('mistral', 'sk-second-0123456789');
  // Two targets in a row, as administrators have them. What they do not say of attempts and time the request says.
  const unsaid = { timeout: undefined, retries: undefined };
  for (const [name, model] of Object.entries({ pair: 'openai/gpt-4o', 'flapping-pair': 'openai/gpt-flap' })) {
    const elements = [
      aStart('first'),
      aModel('first', model, { success: 'end', fallback: 'second' }, unsaid),
      aModel('second', 'mistral/mistral-small-latest', { success: 'end' }, unsaid),
      anEnd(),
    ];
    await gateway.admin('POST', '/ai-gateway/gateways/default/routes', { name, elements });
  }
  gateway.app.get(CallRecorder, { strict: false }).calls$.subscribe((record) => records.push(record));
});

afterAll(async () => {
  await gateway.close();
  await first.close();
  await second.close();
});

beforeEach(async () => {
  records.length = 0;
  await gateway.admin('POST', '/ai-gateway/gateways/default/health/reset', {});
});

type Reply = (streamed: boolean) => StubReply;

const good: Reply = (streamed) => (streamed ? sse(...aStream(GOOD)) : json(200, aCompletion(GOOD)));
const other: Reply = (streamed) => (streamed ? sse(...aStream(OTHER)) : json(200, aCompletion(OTHER)));
const failing =
  (status: number, code: string | null = null, headers: Record<string, string> = {}): Reply =>
  () =>
    json(status, { error: { message: `It says ${status}.`, type: 'some_error', param: null, code } }, headers);
const silent: Reply = () => () => {};
const reset: Reply = () => (response) => void response.socket?.resetAndDestroy();
const sixty = Array.from({ length: 60 }, (_, i) =>
  aChunk(i === 0 ? { role: 'assistant', content: 'w0 ' } : { content: `w${i} ` }),
);
const cutJson: StubReply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
  response.write('{"id":"chatcmpl-1","object":');
  setTimeout(() => response.destroy(), 20);
};
const halfJson: StubReply = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' }).write('{"id":');
};
const lateToken: Reply = (streamed) => async (response) => {
  response.writeHead(200, { 'content-type': streamed ? 'text/event-stream' : 'application/json' });
  if (streamed) response.write(frame(aChunk({ role: 'assistant', content: '' })));
  else response.flushHeaders();
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS * 3));
  response.end(streamed ? aStream(GOOD).map(frame).join('') : JSON.stringify(aCompletion(GOOD)));
};

/** What the caller must get: a text, an HTTP status, or a text that is cut and said to be. */
type Outcome = { readonly text: string } | { readonly status: number } | { readonly brokenAfter: string };

interface Fault {
  /** The first target's answers, one a try; the last goes on. */
  readonly script: readonly Reply[];
  readonly attempts?: number;
  readonly whole: Outcome;
  readonly stream: Outcome;
  /** With a second target behind it; by default its answer. */
  readonly fallback?: { readonly whole?: Outcome; readonly stream?: Outcome; readonly script?: readonly Reply[] };
}

const both = (outcome: Outcome) => ({ whole: outcome, stream: outcome });
const FIRST = { text: GOOD };
const SECOND = { text: OTHER };

const FAULTS: Readonly<Record<string, Fault>> = {
  '1 · 429 with Retry-After': {
    script: [failing(429, 'rate_limit_exceeded', { 'retry-after-ms': '120' }), good],
    attempts: 2,
    ...both(FIRST),
    fallback: both(FIRST),
  },
  '2 · 429 for ever': { script: [failing(429, 'rate_limit_exceeded')], attempts: 2, ...both({ status: 429 }) },
  '3 · one 500': { script: [failing(500), good], attempts: 2, ...both(FIRST), fallback: both(FIRST) },
  '4 · 503 for ever': { script: [failing(503)], attempts: 3, ...both({ status: 503 }) },
  '5 · reset on connect': { script: [reset], attempts: 2, ...both({ status: 502 }) },
  '6 · silence': { script: [silent], ...both({ status: 504 }) },
  '7 · a late first token': { script: [lateToken], ...both({ status: 504 }) },
  '8 · a stream cut at 40 of 60 events': {
    script: [(streamed) => (streamed ? sseCut(...sixty.slice(0, 40)) : cutJson)],
    whole: { status: 502 },
    stream: { brokenAfter: 'w39 ' },
    fallback: { stream: { brokenAfter: 'w39 ' } },
  },
  '9 · a stream that stalls': {
    script: [(streamed) => (streamed ? sseHang(...sixty.slice(0, 10)) : halfJson)],
    whole: { status: 504 },
    stream: { brokenAfter: 'w9 ' },
    fallback: { stream: { brokenAfter: 'w9 ' } },
  },
  '10 · a malformed event in mid-stream': {
    script: [
      (streamed) =>
        streamed
          ? sse(...sixty.slice(0, 5), 'NOT JSON', ...aStream(GOOD))
          : (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"id": nonsense'),
    ],
    whole: { status: 502 },
    stream: { brokenAfter: 'w4 ' },
    fallback: { stream: { brokenAfter: 'w4 ' } },
  },
  '10 · a malformed event at the start': {
    script: [
      (streamed) =>
        streamed
          ? sse('NOT JSON')
          : (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(''),
    ],
    ...both({ status: 502 }),
  },
  '11 · a stream without terminator': {
    script: [(streamed) => (streamed ? sse(...sixty) : cutJson)],
    whole: { status: 502 },
    stream: { brokenAfter: 'w59 ' },
    fallback: { stream: { brokenAfter: 'w59 ' } },
  },
  '12 · context-length 400': {
    script: [failing(400, 'context_length_exceeded')],
    attempts: 3,
    ...both({ status: 400 }),
  },
  '13 · content-filter 400': { script: [failing(400, 'content_filter')], attempts: 3, ...both({ status: 400 }) },
  '14 · a fallback that refuses prefill': {
    script: [failing(500)],
    ...both({ status: 500 }),
    fallback: { script: [failing(400, 'prefill_not_supported')], ...both({ status: 400 }) },
  },
};

interface Seen {
  readonly status: number;
  readonly text: string;
  readonly error: { readonly message: string; readonly metadata?: { readonly attempts?: readonly unknown[] } } | null;
  readonly dones: number;
  readonly headers: Headers;
}

async function call(model: string, streamed: boolean, attempts: number): Promise<Seen> {
  const response = await fetch(`${gateway.base}/compat/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
      'cf-aig-max-attempts': String(attempts),
      'cf-aig-retry-delay': '10',
    },
    body: JSON.stringify({ model, ...hello, ...(streamed ? { stream: true } : {}) }),
    signal: AbortSignal.timeout(10_000),
  });
  const body = await response.text();
  const { status, headers } = response;
  if (!(headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    const parsed = JSON.parse(body) as { choices?: { message: { content: string } }[]; error?: Seen['error'] };
    return { status, headers, text: parsed.choices?.[0]?.message.content ?? '', error: parsed.error ?? null, dones: 1 };
  }
  let [text, dones] = ['', 0];
  let error: Seen['error'] = null;
  for (const line of body.split('\n').filter((candidate) => candidate.startsWith('data: '))) {
    const data = line.slice('data: '.length);
    if (data === '[DONE]') dones++;
    else {
      const chunk = JSON.parse(data) as { choices?: { delta: { content?: string } }[]; error?: Seen['error'] };
      error = chunk.error ?? error;
      text += chunk.choices?.[0]?.delta.content ?? '';
    }
  }
  return { status, headers, text, error, dones };
}

function expectOutcome(seen: Seen, expected: Outcome): void {
  if ('text' in expected)
    expect({ status: seen.status, text: seen.text, error: seen.error, dones: seen.dones }).toEqual({
      status: 200,
      text: expected.text,
      error: null,
      dones: 1,
    });
  else if ('status' in expected) {
    expect({ status: seen.status, text: seen.text }).toEqual({ status: expected.status, text: '' });
    expect(seen.error!.message.length).toBeGreaterThan(5);
  } else {
    expect(seen.text.endsWith(expected.brokenAfter)).toBe(true);
    expect(seen.dones).toBe(0);
    expect(seen.error!.message.length).toBeGreaterThan(5);
    expect(records.at(-1)!.outcome).not.toBe('completed');
  }
}

describe.each([
  ['not streamed', false],
  ['streamed', true],
])('%s', (_name, streamed) => {
  describe.each(Object.entries(FAULTS))('%s', (_fault, { script, attempts = 1, whole, stream, fallback = {} }) => {
    it('at a single target', async () => {
      first.replies(...script.map((reply) => reply(streamed)));

      const seen = await call('openai/gpt-4o', streamed, attempts);

      expectOutcome(seen, streamed ? stream : whole);
      expect(records).toHaveLength(1);
      expect(records[0]!.attempts).toHaveLength(first.received.length);
    });

    it('with another target behind it', async () => {
      first.replies(...script.map((reply) => reply(streamed)));
      second.replies(...(fallback.script ?? [other]).map((reply) => reply(streamed)));

      const seen = await call('dynamic/pair', streamed, attempts);

      expectOutcome(seen, (streamed ? fallback.stream : fallback.whole) ?? SECOND);
      expect(records).toHaveLength(1);
      const [record] = records;
      expect(record!.attempts).toHaveLength(first.received.length + second.received.length);
      if (seen.status === 200 && seen.error === null) {
        const isSecond = seen.text === OTHER;
        // 16 · accounting after failover: the model that answered, its usage, and no charge for the failed try.
        expect(record).toMatchObject({
          provider: isSecond ? 'mistral' : 'openai',
          model: isSecond ? 'mistral-small-latest' : 'gpt-4o',
          step: isSecond ? 1 : 0,
          usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
          usageSource: 'provider',
          outcome: 'completed',
        });
        expect(seen.headers.get('cf-aig-step')).toBe(isSecond ? '1' : '0');
        expect(seen.headers.get('cf-aig-attempts')!.split(', ')).toHaveLength(record!.attempts.length);
      } else if (seen.status !== 200) {
        expect(seen.error!.metadata!.attempts).toHaveLength(record!.attempts.length);
      }
    });
  });

  it('14 · tells of both targets when the fallback fails too', async () => {
    first.replies(failing(500)(streamed));
    second.replies(failing(400, 'prefill_not_supported')(streamed));

    const { error } = await call('dynamic/pair', streamed, 1);

    expect(error!.metadata!.attempts).toMatchObject([
      { target: 'openai/gpt-4o', outcome: 'server', status: 500, next: 'fallback' },
      { target: 'mistral/mistral-small-latest', outcome: 'caller', status: 400, next: 'none' },
    ]);
  });

  it('waits as long as Retry-After says, and not when it says too long', async () => {
    first.replies(failing(429, null, { 'retry-after-ms': '400' })(streamed), good(streamed));
    const began = Date.now();
    expectOutcome(await call('openai/gpt-4o', streamed, 2), FIRST);
    expect(Date.now() - began).toBeGreaterThanOrEqual(390);

    first.replies(failing(429, null, { 'retry-after': '60' })(streamed), good(streamed));
    expectOutcome(await call('openai/gpt-4o', streamed, 3), { status: 429 });
    expect(first.received).toHaveLength(1);
  });

  it('15 · leaves a flapping provider alone, and comes back to it step by step', async () => {
    const model = 'dynamic/flapping-pair';
    first.replies(failing(500)(streamed));
    second.replies(other(streamed));
    for (let i = 0; i < 30; i++) expectOutcome(await call(model, streamed, 1), SECOND);
    expect(first.received.length).toBeLessThan(10);

    const report = (await gateway.admin('GET', '/ai-gateway/gateways/default/health')) as Record<string, unknown>[];
    expect(report.find(({ model: name }) => name === 'gpt-flap')).toMatchObject({
      provider: 'openai',
      circuit: 'open',
      key_alias: 'default',
    });
    expect(
      await gateway.admin('POST', '/ai-gateway/gateways/default/health/reset', { provider: 'openai' }),
    ).toMatchObject({ reset: expect.any(Number) });

    first.replies(good(streamed));
    expectOutcome(await call(model, streamed, 1), FIRST);
  });
});

describe('keys of one pool', () => {
  it('takes another one at once when the first is limited, and leaves that one alone', async () => {
    for (const alias of ['pool-a', 'pool-b'])
      await gateway.storeKey('openai', `sk-${alias}-0123456789`, alias, { settings: { pool: 'shared' } });
    const shown = new Map<string, number>();
    first.replies((response, request) => {
      const key = String(request.headers.authorization);
      shown.set(key, (shown.get(key) ?? 0) + 1);
      const reply = key.includes('pool-a') ? failing(429, null, { 'retry-after': '30' }) : good;
      return reply(false)(response, request);
    });

    for (let i = 0; i < 20; i++) {
      const response = await fetch(`${gateway.base}/compat/chat/completions`, {
        method: 'POST',
        headers: {
          'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
          'cf-aig-byok-alias': 'shared',
          'cf-aig-max-attempts': '2',
        },
        body: JSON.stringify({ model: 'openai/gpt-pooled', ...hello }),
      });
      expect(response.status).toBe(200);
      await response.text();
    }

    expect(shown.get('Bearer sk-pool-a-0123456789')).toBeLessThanOrEqual(1);
    expect(shown.get('Bearer sk-pool-b-0123456789')).toBe(20);
  });
});

describe('cf-aig-request-timeout', () => {
  const post = (model: string, timeout: string): Promise<Response> =>
    fetch(`${gateway.base}/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'cf-aig-request-timeout': timeout },
      body: JSON.stringify({ model, ...hello }),
    });
  const slow: StubReply = async (response, request) => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    await good(false)(response, request);
  };

  it('moves on when nothing has come by then, but waits for the very last attempt', async () => {
    first.replies(slow);
    second.replies(other(false));

    expect((await post('dynamic/pair', '50')).headers.get('cf-aig-provider')).toBe('mistral');
    expect((await post('openai/gpt-4o', '50')).status).toBe(200);
  });

  it.each([
    ['cf-aig-max-attempts', '6'],
    ['cf-aig-max-attempts', 'many'],
    ['cf-aig-retry-delay', '60001'],
    ['cf-aig-backoff', 'random'],
    ['cf-aig-request-timeout', '-1'],
  ])('refuses %s: %s', async (name, value) => {
    const response = await fetch(`${gateway.base}/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, [name]: value },
      body: JSON.stringify({ model: 'openai/gpt-4o', ...hello }),
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: name, message: expect.stringContaining(value) } });
  });
});
