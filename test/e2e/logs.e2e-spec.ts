import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { LogPipeline } from '../../src/request-logs/log-pipeline.service.js';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sse, sseCut, sseHang, StubUpstream } from '../support/stub-upstream.js';

const logSchema = z.looseObject({ id: z.string() });
const KEY = `sk-${'k'.repeat(40)}`;

let upstream: StubUpstream;
let gateway: RunningGateway;
let pipeline: LogPipeline;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin, groq: upstream.origin }),
  });
  await gateway.storeKey('openai', 'sk-stored-openai-key');
  pipeline = gateway.app.get(LogPipeline, { strict: false });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const hi = { model: 'openai/gpt-4o', ...hello };

const call = (
  body: unknown = hi,
  headers: Record<string, string> = {},
  { gatewayId = 'default', signal }: { gatewayId?: string; signal?: AbortSignal } = {},
): Promise<Response> =>
  fetch(`${gateway.origin}/v1/default/${gatewayId}/compat/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, ...headers },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });

/** Makes the call, reads its answer to the end and returns its log. */
async function logOf(...args: Parameters<typeof call>): Promise<z.infer<typeof logSchema>> {
  const response = await call(...args);
  await response.text().catch(() => '');
  return logSchema.parse(await gateway.admin('GET', `${logsOf('default')}/${response.headers.get('cf-aig-log-id')}`));
}

const logsOf = (gatewayId: string): string => `/ai-gateway/gateways/${gatewayId}/logs`;

const rawOf = (id: string, which: 'request' | 'response', accept = 'application/json'): Promise<Response> =>
  fetch(`${gateway.origin}/client/v4/accounts/default${logsOf('default')}/${id}/${which}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, accept },
  });

const countOf = async (gatewayId: string): Promise<number> => {
  await pipeline.flush();
  return z.array(z.unknown()).parse(await gateway.admin('GET', `${logsOf(gatewayId)}?per_page=50`)).length;
};

const newGateway = (id: string, fields: Record<string, unknown>): Promise<unknown> =>
  gateway.admin('POST', '/ai-gateway/gateways', {
    id,
    cache_invalidate_on_update: true,
    cache_ttl: 0,
    collect_logs: true,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
    ...fields,
  });

describe('the log of a call', () => {
  it('says everything of it, as soon as it is answered', async () => {
    upstream.replies(json(200, aCompletion()));

    const log = await logOf(hi, {
      'cf-aig-metadata': '{"user":"ann","seats":3,"trial":false}',
      'cf-aig-event-id': 'event-7',
      'user-agent': 'a-test/1',
    });

    expect(log).toMatchObject({
      provider: 'openai',
      model: 'openai/gpt-4o',
      model_type: 'text-generation',
      path: '/v1/default/default/compat/chat/completions',
      success: true,
      status_code: 200,
      cached: false,
      step: 0,
      tokens_in: 9,
      tokens_out: 4,
      metadata: '{"user":"ann","seats":3,"trial":false}',
      request_type: 'chat',
      request_content_type: 'application/json',
      response_content_type: 'application/json',
      request_head: JSON.stringify(hi),
      request_head_complete: true,
      request_size: JSON.stringify(hi).length,
      response_head: JSON.stringify(aCompletion()),
      response_head_complete: true,
      event_id: 'event-7',
      user_agent: 'a-test/1',
      feedback: null,
      authentication: true,
      byok: true,
      credential: 'default',
      compatibilityMode: true,
      outcome: 'completed',
      finish_reason: 'stop',
      usage_metadata: { prompt_tokens: 9, completion_tokens: 4, source: 'provider' },
      attempts: [{ provider: 'openai', model: 'gpt-4o', key: 'default', outcome: 'ok', status: 200 }],
      error: null,
    });
    expect(log['cost']).toBeCloseTo(9 * 2.5e-6 + 4 * 10e-6, 9);
    expect(log['timings']).toMatchObject({
      queue: expect.any(Number),
      connect: expect.any(Number),
      headers: expect.any(Number),
      first_token: expect.any(Number),
      total: log['duration'],
    });
  });

  it('has the first five entries of metadata, and names the others', async () => {
    upstream.replies(json(200, aCompletion()));

    const log = await logOf(hi, { 'cf-aig-metadata': '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}' });

    expect(log).toMatchObject({ metadata: '{"a":1,"b":2,"c":3,"d":4,"e":5}', metadata_dropped: ['f'] });
    const response = await call(hi, { 'cf-aig-metadata': '{"a":null,"b":1}' });
    expect(response.headers.get('cf-aig-metadata-dropped')).toBe('a,b');
  });

  it('keeps a stream as it was sent, and shows it as the answer that it amounts to', async () => {
    upstream.replies(sse(...aStream('Hello there.')));
    const response = await call({ ...hi, stream: true, stream_options: { include_usage: true } });
    const sent = await response.text();
    const id = response.headers.get('cf-aig-log-id') ?? '';

    const answer = await rawOf(id, 'response').then((raw) => raw.json());
    const stream = await rawOf(id, 'response', 'text/event-stream');

    expect(answer).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'Hello there.' }, finish_reason: 'stop' }],
      usage: { total_tokens: 13 },
    });
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await stream.text()).toBe(sent);
  });

  it.each([
    ['breaks off', sseCut(...aStream().slice(0, 3)), 'truncated'],
    ['errs', sse(...aStream().slice(0, 3), { error: { message: 'Overloaded.' } }), 'failed'],
  ])('says of a stream that %s what came of it', async (_what, reply, outcome) => {
    upstream.replies(reply);

    const log = await logOf({ ...hi, stream: true });

    expect(log).toMatchObject({ success: false, outcome, status_code: 200, usage_metadata: { source: 'estimated' } });
    expect(await rawOf(log.id, 'response').then((raw) => raw.json())).toMatchObject({
      choices: [{ message: { content: 'Hello there, ' } }],
    });
  });

  it('says that the caller left', async () => {
    upstream.replies(sseHang(...aStream().slice(0, 3)));
    const controller = new AbortController();
    const response = await call({ ...hi, stream: true }, {}, { signal: controller.signal });
    const id = response.headers.get('cf-aig-log-id') ?? '';
    const gone = upstream.last.closed;
    controller.abort();
    await gone;

    expect(await gateway.admin('GET', `${logsOf('default')}/${id}`)).toMatchObject({
      outcome: 'aborted',
      success: false,
    });
  });

  it.each([
    ['without a token', {}, { 'cf-aig-authorization': '' }, 401, 'unauthorized'],
    ['without a model', { messages: [] }, {}, 400, 'invalid_request'],
    ['of no provider', { ...hi, model: 'nobody/x' }, {}, 400, 'invalid_provider'],
    ['without a key', { ...hi, model: 'groq/x' }, {}, 401, 'missing_provider_key'],
    ['with a bad header', hi, { 'cf-aig-max-attempts': '99' }, 400, 'invalid_request'],
  ])('is there for a call %s', async (_what, body, headers, status, code) => {
    const log = await logOf(body, headers);

    expect(log).toMatchObject({ success: false, status_code: status, error: { code }, outcome: 'failed' });
    expect(await rawOf(log.id, 'response').then((raw) => raw.json())).toMatchObject({
      success: false,
      httpCode: status,
    });
  });

  it('shows what was tried for one that failed', async () => {
    upstream.replies(json(500, { error: { message: 'Oh.' } }));

    const log = await logOf(hi, { 'cf-aig-max-attempts': '2', 'cf-aig-retry-delay': '1' });

    expect(log).toMatchObject({ success: false, status_code: 500, error: { code: 'upstream_error' } });
    expect(log['attempts']).toMatchObject([
      { outcome: 'server', status: 500, next: 'retry' },
      { outcome: 'server', status: 500, next: 'none' },
    ]);
  });

  it('hides keys, wherever they stand', async () => {
    upstream.replies(json(200, aCompletion(`Your key is ${KEY}.`)));

    const log = await logOf(
      { ...hi, messages: [{ role: 'user', content: `use\n${KEY}` }] },
      { 'cf-aig-metadata': JSON.stringify({ key: KEY }), 'user-agent': KEY },
    );
    const raw = await Promise.all(
      (['request', 'response'] as const).map(async (which) => (await rawOf(log.id, which)).text()),
    );

    expect(JSON.stringify(log) + raw.join('')).not.toContain(KEY);
    expect(raw[0]).toContain('use\\nsk-k***');
    expect(raw[1]).toContain('Your key is sk-k***');
  });

  it('takes what no database does', async () => {
    upstream.replies(json(200, aCompletion('\0 \uD800')));

    const log = await logOf(
      { ...hi, messages: [{ role: 'user', content: 'a\0b\uD800' }] },
      { 'cf-aig-metadata': '{"a":"\\u0000x\\\\u0000","b":"\\ud800"}' },
    );

    expect(log['metadata']).toBe('{"a":"\uFFFDx\\\\u0000","b":"\uFFFD"}');
    expect(await (await rawOf(log.id, 'request')).text()).toContain('a\\u0000b\\ud800');
    expect(pipeline.statistics.unwritable).toBe(0);
  });
});

describe('what is logged', () => {
  it.each([
    [true, {}, 1],
    [true, { 'cf-aig-collect-log': 'false' }, 0],
    [false, {}, 0],
    [false, { 'cf-aig-collect-log': 'true' }, 1],
  ])('is for the gateway (collect_logs: %s) and the header (%j) to say', async (collects, headers, logs) => {
    const id = `collects-${String(collects)}-${Object.values(headers).join('')}x`;
    await newGateway(id, { collect_logs: collects });
    upstream.replies(json(200, aCompletion()));

    await (await call({ ...hi, model: 'sandbox/echo' }, headers, { gatewayId: id })).text();

    expect(await countOf(id)).toBe(logs);
  });

  it('leaves the bodies out when asked to', async () => {
    upstream.replies(json(200, aCompletion()));

    const log = await logOf(hi, { 'cf-aig-collect-log-payload': 'false' });

    expect(log).toMatchObject({ success: true, request_head: null, response_head: null, tokens_in: 9 });
    expect((await rawOf(log.id, 'request')).status).toBe(404);
    expect((await rawOf(log.id, 'response')).status).toBe(404);
  });
});

describe('PATCH …/logs/{id}', () => {
  it('writes feedback, a score and metadata to it, and takes them back', async () => {
    upstream.replies(json(200, aCompletion()));
    const { id } = await logOf();

    const edited = await gateway.admin('PATCH', `${logsOf('default')}/${id}`, {
      feedback: -1,
      score: 42.5,
      metadata: { a: 'b' },
    });
    const again = await gateway.admin('PATCH', `${logsOf('default')}/${id}`, { feedback: null });

    expect(edited).toMatchObject({ feedback: -1, score: 42.5, metadata: '{"a":"b"}' });
    expect(again).toMatchObject({ feedback: null, score: 42.5, metadata: '{"a":"b"}' });
    await expect(gateway.admin('PATCH', `${logsOf('default')}/${id}`, { feedback: 2 })).rejects.toThrow('7001');
    await expect(
      gateway.admin('PATCH', `${logsOf('default')}/01JDEADBEEF00000000000000A`, { feedback: 1 }),
    ).rejects.toThrow('7002');
  });
});

describe('logs of other gateways', () => {
  it('are not shown', async () => {
    await newGateway('elsewhere', {});
    upstream.replies(json(200, aCompletion()));
    const { id } = await logOf();

    for (const path of ['', '/request', '/response'])
      await expect(gateway.admin('GET', `${logsOf('elsewhere')}/${id}${path}`)).rejects.toThrow('7002');
    expect(await gateway.admin('GET', logsOf('elsewhere'))).toEqual([]);
  });
});
