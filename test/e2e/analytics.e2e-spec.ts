import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CallRollups } from '../../src/analytics/call-rollups.service.js';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sse, StubUpstream } from '../support/stub-upstream.js';

const RICH = {
  usage: {
    prompt_tokens: 100,
    completion_tokens: 20,
    total_tokens: 120,
    prompt_tokens_details: { cached_tokens: 64 },
    completion_tokens_details: { reasoning_tokens: 5 },
  },
};
/** 36 fresh at 2.50, 64 cached at 1.25 and 20 out at 10; 9 and 4: dollars a million. */
const RICH_COST = 370e-6;
const PLAIN_COST = 62.5e-6;

let upstream: StubUpstream;
let gateway: RunningGateway;
let startedAt: number;

beforeAll(async () => {
  startedAt = Date.now();
  upstream = await StubUpstream.start();
  gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: `${upstream.origin}/openai` }) });
  await gateway.storeKey('openai', 'sk-stored-openai-key');

  upstream.replies(json(200, aCompletion('Hi.', RICH)));
  for (let i = 0; i < 3; i++) await call({ model: 'openai/gpt-4o' }, { team: 'a', seat: i });
  upstream.replies(sse(...aStream()));
  await call({ model: 'openai/gpt-4o', stream: true }, { team: 'b' });
  upstream.replies(json(200, aCompletion('Hi.', { model: 'gpt-nobody-knows' })));
  await call({ model: 'openai/gpt-nobody-knows' });
  upstream.replies(json(429, { error: { message: 'Slow down.' } }));
  await call({ model: 'openai/gpt-4o' }, { team: 'a' });
  await call({ model: 'nowhere/gpt-4o' });
  await gateway.app.get(CallRollups, { strict: false }).flush();
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

async function call(body: Record<string, unknown>, metadata: Record<string, unknown> = {}): Promise<void> {
  const response = await fetch(`${gateway.base}/compat/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
      'cf-aig-metadata': JSON.stringify(metadata),
    },
    body: JSON.stringify({ ...hello, ...body }),
  });
  await response.text();
}

interface Totals {
  readonly requests: number;
  readonly cost: number;
  readonly latency_ms: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  readonly first_token_ms: unknown;
}
interface Answer {
  readonly totals: Totals;
  readonly points: readonly (Totals & { readonly at: string })[];
  readonly groups?: readonly { readonly group: string; readonly totals: Totals }[];
  readonly rest?: { readonly totals: Totals } | null;
}

const ask = async (query: string): Promise<Answer> =>
  (await gateway.admin('GET', `/ai-gateway/gateways/default/analytics?${query}`)) as Answer;

const requestsBy = ({ groups = [] }: Answer): Record<string, number> =>
  Object.fromEntries(groups.map(({ group, totals }) => [group, totals.requests]));

describe('GET …/gateways/{id}/analytics', () => {
  it('adds up what was called', async () => {
    const { totals, points } = await ask('interval=1m');

    expect(totals).toMatchObject({
      requests: 7,
      errors: 2,
      errors_by_class: { rate_limit: 1, invalid_provider: 1 },
      cached: 0,
      cached_share: 0,
      tokens: { input: 318, output: 68, cache_read: 192, cache_write: 0, reasoning: 15 },
      unpriced_requests: 1,
    });
    expect(totals.cost).toBeCloseTo(3 * RICH_COST + PLAIN_COST, 9);
    expect(totals.latency_ms?.p50).toBeGreaterThanOrEqual(1);
    expect(totals.latency_ms?.p99).toBeGreaterThanOrEqual(totals.latency_ms?.p50 ?? Infinity);
    expect(totals.latency_ms?.p99).toBeLessThan(Date.now() - startedAt);
    expect(totals.first_token_ms).toMatchObject({ p50: expect.any(Number) });
    expect(points.reduce((sum, { requests }) => sum + requests, 0)).toBe(7);
    for (const { at } of points) expect(Math.abs(Date.parse(at) - startedAt)).toBeLessThan(120_000);
  });

  it.each(['1m', '5m', '15m', '1h', '6h', '1d'])('says the same in intervals of %s', async (interval) => {
    const { totals } = await ask(`interval=${interval}&from=${new Date(startedAt).toISOString()}`);

    expect(totals.requests).toBe(7);
  });

  it.each([
    ['model', { 'gpt-4o': 5, 'gpt-nobody-knows': 1, '': 1 }],
    ['provider', { openai: 6, '': 1 }],
    ['metadata.team', { a: 4, b: 1 }],
    ['metadata.seat', { 0: 1, 1: 1, 2: 1 }],
    ['route', { '': 7 }],
  ])('groups by %s', async (group, expected) => {
    expect(requestsBy(await ask(`group_by=${group}`))).toEqual(expected);
  });

  it("groups by token, under the token's id", async () => {
    const tokens = (await gateway.admin('GET', '/tokens')) as { id: string }[];

    expect(requestsBy(await ask('group_by=token'))).toEqual({ [tokens[0]?.id ?? '']: 7 });
  });

  it('tells the largest groups apart and adds the rest up', async () => {
    const { groups, rest } = await ask('group_by=model&limit=1');

    expect(groups?.map(({ group }) => group)).toEqual(['gpt-4o']);
    expect(rest?.totals.requests).toBe(2);
  });

  it('knows nothing of other times and gateways', async () => {
    const past = await ask('from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z');
    await gateway.admin('POST', '/ai-gateway/gateways', {
      id: 'quiet',
      cache_invalidate_on_update: false,
      cache_ttl: null,
      collect_logs: true,
      rate_limiting_interval: null,
      rate_limiting_limit: null,
    });
    const quiet = (await gateway.admin('GET', '/ai-gateway/gateways/quiet/analytics')) as Answer;

    expect(past).toMatchObject({ totals: { requests: 0, latency_ms: null }, points: [] });
    expect(quiet.totals.requests).toBe(0);
  });

  it('counts on after it was written', async () => {
    upstream.replies(json(200, aCompletion('Hi.', RICH)));
    await call({ model: 'openai/gpt-4o' });
    const rollups = gateway.app.get(CallRollups, { strict: false });
    await Promise.all([rollups.flush(), rollups.flush()]);

    expect((await ask('interval=1h')).totals.requests).toBe(8);
  });

  it.each([
    ['an interval that is none', 'interval=7m'],
    ['too many points', 'interval=1m&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z'],
    ['an end before its beginning', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z'],
    ['a group that is none', 'group_by=colour'],
    ['a time that is none', 'from=yesterday'],
  ])('refuses %s', async (_name, query) => {
    await expect(ask(query)).rejects.toThrow('400');
  });
});
