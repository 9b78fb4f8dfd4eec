import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { aChunk, aCompletion, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sseHang, StubUpstream } from '../support/stub-upstream.js';

let upstream: StubUpstream;
let gateway: RunningGateway;
const records: CallRecord[] = [];

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
    MAX_IN_FLIGHT_REQUESTS: '3',
    MAX_IN_FLIGHT_BYTES: String(256 * 1024),
  });
  await gateway.storeKey('openai', 'sk-stored-0123456789');
  gateway.app.get(CallRecorder, { strict: false }).calls$.subscribe((record) => records.push(record));
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const post = (extra: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Response> =>
  fetch(`${gateway.base}/compat/chat/completions`, {
    method: 'POST',
    headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify({ model: 'openai/gpt-4o', ...hello, ...extra }),
    ...(signal === undefined ? {} : { signal }),
  });

const eventually = async (check: () => boolean): Promise<void> => {
  const deadline = Date.now() + 3000;
  while (!check()) {
    if (Date.now() > deadline) throw new Error('It did not happen in time.');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describe('limits of the whole gateway', () => {
  it('answers 503 with retry-after when there are as many calls as there may be, and recovers', async () => {
    upstream.replies(sseHang(aChunk({ role: 'assistant', content: 'Hel' })));
    const controller = new AbortController();
    await Promise.all([1, 2, 3].map(() => post({ stream: true }, controller.signal)));

    const refused = await post();

    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ error: { code: 'overloaded' }, internalCode: 2908 });

    controller.abort();
    upstream.replies(json(200, aCompletion()));
    await eventually(() => records.length >= 3);
    expect((await post()).status).toBe(200);
  });

  it('answers 503 when all bodies together are too much', async () => {
    const refused = await post({ pad: 'x'.repeat(300 * 1024) });

    expect(refused.status).toBe(503);
    expect((await post()).status).toBe(200);
  });
});

describe('a caller that leaves', () => {
  it('leaves an estimate of the usage behind', async () => {
    records.length = 0;
    upstream.replies(sseHang(aChunk({ role: 'assistant', content: 'One' }), aChunk({ content: ' two' })));
    const controller = new AbortController();
    const response = await post({ stream: true }, controller.signal);
    await response.body!.getReader().read();

    controller.abort();
    await eventually(() => records.length === 1);

    expect(records[0]).toMatchObject({ outcome: 'aborted', usageSource: 'estimated', usage: { completion_tokens: 2 } });
    expect(records[0]!.attempts).toMatchObject([
      { outcome: 'aborted', status: 200, provider: 'openai', key: 'default' },
    ]);
  });

  it('may leave its call to finish, where the gateway says so', async () => {
    const gateways = (await gateway.admin('GET', '/ai-gateway/gateways/default')) as Record<string, unknown>;
    await gateway.admin('PUT', '/ai-gateway/gateways/default', {
      ...gateways,
      settings: { finish_abandoned_calls: true },
    });
    records.length = 0;
    upstream.replies(async (response, request) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await json(200, aCompletion())(response, request);
    });
    const controller = new AbortController();
    const call = post({}, controller.signal).catch(() => null);
    await eventually(() => upstream.received.length === 1);

    controller.abort();
    await call;
    await eventually(() => records.length === 1);

    expect(records[0]).toMatchObject({ outcome: 'completed', usageSource: 'provider' });
  });
});

describe("a gateway's own time-outs", () => {
  it('hold for its calls, and a typo in them is refused', async () => {
    const settings = (timeouts: unknown) => async (): Promise<unknown> => {
      const current = (await gateway.admin('GET', '/ai-gateway/gateways/default')) as Record<string, unknown>;
      return gateway.admin('PUT', '/ai-gateway/gateways/default', { ...current, settings: { timeouts } });
    };
    await expect(settings({ header_ms: 1 })()).rejects.toThrow('400');
    await settings({ headers_ms: 100 })();
    upstream.replies(() => {});

    const response = await post();

    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ error: { metadata: { fault: 'headers_timeout' } } });
  });
});
