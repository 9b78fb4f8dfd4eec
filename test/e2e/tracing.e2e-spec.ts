import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PERMISSION_GROUPS } from '../../src/tokens/permission-groups.js';
import { withIds } from '../../src/tokens/token-policy.js';
import { CallTraces } from '../../src/tracing/call-traces.service.js';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertToken } from '../support/second-account.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { json, sse, StubUpstream } from '../support/stub-upstream.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SETTINGS = {
  cache_invalidate_on_update: false,
  cache_ttl: null,
  collect_logs: true,
  rate_limiting_interval: null,
  rate_limiting_limit: null,
};

let upstream: StubUpstream;
let receiver: OtlpReceiver;
let gateway: RunningGateway;

beforeAll(async () => {
  process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'x-operator=secret-of-the-operator';
  upstream = await StubUpstream.start();
  receiver = await OtlpReceiver.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: `${upstream.origin}/openai` }),
    EGRESS_ALLOW_PRIVATE: 'true',
  });
  const stores = (await gateway.admin('GET', '/secrets_store/stores')) as { id: string }[];
  await gateway.admin('POST', `/secrets_store/stores/${stores[0]?.id ?? ''}/secrets`, [
    { name: 'collector-key', value: 'Bearer of-the-collector', scopes: ['ai_gateway'] },
  ]);
  await gateway.storeKey('openai', 'sk-stored-openai-key');
  const one = { url: `${receiver.origin}/v1/traces`, headers: { 'x-team': 'blue' } };
  const otel: Record<string, unknown[]> = {
    json: [{ ...one, authorization: 'collector-key' }],
    protobuf: [{ ...one, content_type: 'protobuf' }],
    both: [{ ...one }, { ...one, content_type: 'protobuf' }],
    stealing: [{ ...one, authorization: 'default_openai_default' }],
    dead: [{ url: 'http://127.0.0.1:9/v1/traces', headers: {} }],
    silent: [{ ...one }],
  };
  for (const [id, entries] of Object.entries(otel)) {
    await gateway.admin('POST', '/ai-gateway/gateways', { id, ...SETTINGS, otel: entries });
  }
});

afterAll(async () => {
  await gateway.close();
  await receiver.close();
  await upstream.close();
});

beforeEach(() => receiver.forget());

const call = async (gatewayId: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> => {
  const response = await fetch(`${gateway.origin}/v1/default/${gatewayId}/compat/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
      authorization: 'Bearer sk-inline-openai-key',
      ...headers,
    },
    body: JSON.stringify(body),
  });
  await response.text();
  return response;
};

const hi = { model: 'openai/gpt-4o', ...hello };
const counts = () => gateway.app.get(CallTraces, { strict: false }).counts;

describe("a gateway's `otel`", () => {
  it.each(['json', 'protobuf'])('sends one span a call, as %s', async (encoding) => {
    upstream.replies(json(200, aCompletion('Hi.')));

    const response = await call(encoding, hi, {
      'cf-aig-metadata': JSON.stringify({ team: 'a', seats: 3, beta: true, 'gen_ai.request.model': 'forged' }),
      'cf-aig-otel-trace-id': TRACE,
      'cf-aig-otel-parent-span-id': PARENT,
      'cf-aig-event-id': 'event-7',
    });
    const [span] = await receiver.waitFor(1);

    expect(receiver.exports[0]?.path).toBe('/v1/traces');
    expect(receiver.exports[0]?.headers).toMatchObject({
      'content-type': encoding === 'json' ? 'application/json' : 'application/x-protobuf',
      'x-team': 'blue',
    });
    expect(span).toMatchObject({
      traceId: TRACE,
      parentSpanId: PARENT,
      name: 'chat gpt-4o',
      status: 1,
      service: 'unified-ai-gateway',
    });
    expect(span?.attributes).toMatchObject({
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.model.provider': 'openai',
      'gen_ai.usage.input_tokens': 9,
      'gen_ai.usage.output_tokens': 4,
      'gen_ai.usage.cost': 0.0000625,
      'gen_ai.prompt_json': JSON.stringify(hi),
      'gen_ai.completion_json': JSON.stringify(aCompletion('Hi.')),
      'gen_ai.response.finish_reasons': ['stop'],
      'http.response.status_code': 200,
      'aig.log_id': response.headers.get('cf-aig-log-id'),
      'aig.event_id': 'event-7',
      'aig.gateway_id': encoding,
      team: 'a',
      seats: 3,
      beta: true,
    });
    expect(span?.endMs).toBeGreaterThanOrEqual(span?.startMs ?? Infinity);
    expect(Math.abs(Date.now() - (span?.endMs ?? 0))).toBeLessThan(20_000);
    expect(span?.events).toMatchObject([
      { name: 'attempt', attributes: { provider: 'openai', outcome: 'ok', status: 200 } },
    ]);
  });

  it("takes part in a trace by W3C's header, or begins one", async () => {
    upstream.replies(json(200, aCompletion()));

    await call('json', hi, { traceparent: `00-${TRACE}-${PARENT}-01` });
    await call('json', hi);
    const [linked, free] = await receiver.waitFor(2);

    expect(linked).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
    expect(free?.traceId).not.toBe(TRACE);
    expect(free?.parentSpanId).toBe('');
  });

  it('tells of failures, with every try', async () => {
    upstream.replies(json(503, { error: { message: 'Busy.' } }), json(429, { error: { message: 'Slow down.' } }));

    await call('json', hi, { 'cf-aig-max-attempts': '2', 'cf-aig-retry-delay': '0' });
    const [span] = await receiver.waitFor(1);

    expect(span).toMatchObject({
      status: 2,
      attributes: { 'error.type': 'rate_limit', 'http.response.status_code': 429 },
    });
    expect(span?.events.map(({ attributes }) => attributes['outcome'])).toEqual(['overload', 'rate_limit']);
  });

  it('keeps what was asked and answered out when the caller says so', async () => {
    upstream.replies(json(200, aCompletion()));

    await call('json', hi, { 'cf-aig-collect-log-payload': 'false' });
    const [span] = await receiver.waitFor(1);

    expect(span?.attributes).not.toHaveProperty(['gen_ai.prompt_json']);
    expect(span?.attributes).not.toHaveProperty(['gen_ai.completion_json']);
  });

  it('sends the same span to each collector, streams too', async () => {
    upstream.replies(sse(...aStream()));

    await call('both', { ...hi, stream: true });
    const [first, second] = await receiver.waitFor(2);

    expect(first).toEqual(second);
    expect(first?.attributes).toMatchObject({ 'aig.streamed': true, 'gen_ai.usage.output_tokens': 4 });
    expect(JSON.parse(String(first?.attributes['gen_ai.completion_json']))).toMatchObject({
      choices: [{ message: { role: 'assistant', content: 'Hello there, world.' }, finish_reason: 'stop' }],
    });
    expect(new Set(receiver.exports.map(({ headers }) => headers['content-type']))).toEqual(
      new Set(['application/json', 'application/x-protobuf']),
    );
  });

  it('sends the secret that `authorization` names, and no key of a provider or of the operator', async () => {
    upstream.replies(json(200, aCompletion()));
    const failed = counts().failed;

    await call('json', hi);
    await call('stealing', hi);
    await receiver.waitFor(1);
    while (counts().failed === failed) await new Promise((resolve) => setTimeout(resolve, 20));

    expect(receiver.exports.map(({ headers }) => headers.authorization)).toEqual(['Bearer of-the-collector']);
    expect(receiver.exports[0]?.headers).not.toHaveProperty('x-operator');
    expect(JSON.stringify(receiver.exports)).not.toContain('sk-');
  });

  it('lets nobody name a secret in `authorization` who may not write secrets', async () => {
    const group = PERMISSION_GROUPS.find(({ permission }) => permission === 'ai-gateway.write');
    const resources = { 'com.cloudflare.api.account.default': '*' as const };
    const policies = withIds([{ effect: 'allow', permission_groups: [{ id: group?.id ?? '' }], resources }]);
    const token = await insertToken(gateway, { policies });
    const put = async (entry: Record<string, unknown>): Promise<number> => {
      const response = await fetch(`${gateway.origin}/client/v4/accounts/default/ai-gateway/gateways/json`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...SETTINGS, otel: [entry] }),
      });
      return response.status;
    };
    const known = {
      url: `${receiver.origin}/v1/traces`,
      headers: { 'x-team': 'blue' },
      authorization: 'collector-key',
    };

    expect(await put({ ...known, url: `${receiver.origin}/elsewhere` })).toBe(403);
    expect(await put({ ...known, authorization: 'another-secret' })).toBe(403);
    expect(await put({ ...known, content_type: 'json' })).toBe(200);
  });

  it('drops spans and counts them when a collector is away, and no call waits for one', async () => {
    upstream.replies(json(200, aCompletion()));
    receiver.isSilent = true;

    // All are answered while the collectors have answered none.
    for (const gatewayId of ['dead', 'silent'])
      for (let i = 0; i < 40; i++) await Promise.all([1, 2, 3, 4, 5].map(() => call(gatewayId, hi)));

    receiver.answer();
    expect(counts().waiting).toBeGreaterThan(0);
    expect(counts().waiting).toBeLessThanOrEqual(2 * 2048);
  });
});
