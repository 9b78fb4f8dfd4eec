import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { readScrape, type Sample, sampleOf } from '../support/prometheus-text.js';
import { json, sse, StubUpstream } from '../support/stub-upstream.js';

const METRICS_TOKEN = 'scraper-token-0123456789-abcdefghijkl';
const WHERE = { account: 'default', gateway: 'default', provider: 'openai', model: 'gpt-4o' };

let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: `${upstream.origin}/openai` }),
    METRICS_TOKEN,
  });
  await gateway.storeKey('openai', 'sk-stored-openai-key');
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const scrape = async (token: string | null): Promise<Response> =>
  fetch(`${gateway.origin}/metrics`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } });

const samples = async (): Promise<Sample[]> => readScrape(await (await scrape(METRICS_TOKEN)).text());

const call = async (body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<number> => {
  const response = await fetch(`${gateway.base}/compat/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, ...headers },
    body: JSON.stringify({ ...hello, ...body }),
  });
  await response.text();
  return response.status;
};

describe('GET /metrics', () => {
  it.each([
    ['METRICS_TOKEN', METRICS_TOKEN, 200],
    ['an admin token', ADMIN_TOKEN, 200],
    ['no token', null, 401],
    ['another token', 'scraper-token-0123456789-abcdefghijkL', 401],
  ])('answers to %s', async (_name, token, status) => {
    expect((await scrape(token)).status).toBe(status);
  });

  it("parses as Prometheus' text, and matches the calls that were made", async () => {
    const rich = {
      usage: {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: { reasoning_tokens: 5 },
      },
    };
    upstream.replies(json(200, aCompletion('Hi.', rich)));
    for (let i = 0; i < 3; i++) expect(await call({ model: 'openai/gpt-4o' })).toBe(200);
    upstream.replies(sse(...aStream()));
    expect(await call({ model: 'openai/gpt-4o', stream: true })).toBe(200);
    upstream.replies(json(503, { error: { message: 'Busy.' } }), json(200, aCompletion('Hi.', rich)));
    expect(await call({ model: 'openai/gpt-4o' }, { 'cf-aig-max-attempts': '2', 'cf-aig-retry-delay': '0' })).toBe(200);
    upstream.replies(json(429, { error: { message: 'Slow down.' } }));
    expect(await call({ model: 'openai/gpt-4o' })).toBe(429);
    expect(await call({ model: 'openai/made-up-by-a-caller' })).toBe(429);
    expect(await call({ model: 'nowhere/gpt-4o' })).toBe(400);

    const response = await scrape(METRICS_TOKEN);
    const text = await response.text();
    const seen = readScrape(text);
    const value = (name: string, labels: Record<string, string>): number | undefined => sampleOf(seen, name, labels);

    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(value('aig_calls_total', { ...WHERE, error: '' })).toBe(5);
    expect(value('aig_calls_total', { ...WHERE, error: 'rate_limit' })).toBe(1);
    expect(value('aig_calls_total', { ...WHERE, model: 'other', error: 'rate_limit' })).toBe(1);
    expect(value('aig_calls_total', { provider: '', error: 'invalid_provider' })).toBe(1);
    expect(value('aig_attempts_total', { provider: 'openai', outcome: 'ok' })).toBe(5);
    expect(value('aig_attempts_total', { provider: 'openai', outcome: 'overload' })).toBe(1);
    expect(value('aig_attempts_total', { provider: 'openai', outcome: 'rate_limit' })).toBe(2);
    expect(value('aig_tokens_total', { ...WHERE, kind: 'input' })).toBe(4 * 100 + 9);
    expect(value('aig_tokens_total', { ...WHERE, kind: 'output' })).toBe(4 * 20 + 4);
    expect(value('aig_tokens_total', { ...WHERE, kind: 'cache_read' })).toBe(4 * 64);
    expect(value('aig_tokens_total', { ...WHERE, kind: 'reasoning' })).toBe(4 * 5);
    // 4 × (36 fresh at 2.50, 64 cached at 1.25, 20 out at 10) and 9 and 4, in dollars a million.
    expect(value('aig_cost_usd_total', WHERE)).toBeCloseTo(4 * (90 + 80 + 200) * 1e-6 + 62.5e-6, 9);
    expect(value('aig_call_duration_seconds_count', WHERE)).toBe(6);
    expect(value('aig_call_duration_seconds_bucket', { ...WHERE, le: '+Inf' })).toBe(6);
    expect(value('aig_first_token_seconds_count', WHERE)).toBe(1);
    expect(value('aig_circuits', { provider: 'openai', state: 'closed' })).toBeGreaterThanOrEqual(1);
    expect(value('aig_calls_in_flight', {})).toBe(0);
    expect(value('aig_logs_total', { result: 'accepted' })).toBe(8);
    expect(value('aig_logs_total', { result: 'dropped' })).toBe(0);
    expect(value('nodejs_eventloop_lag_p99_seconds', {})).toBeGreaterThan(0);
    expect(text).not.toContain('made-up-by-a-caller');
    expect(text).not.toContain('sk-stored-openai-key');
  });

  it('only ever counts up', async () => {
    const before = await samples();
    const after = await samples();

    const isCounter = ({ name }: Sample): boolean => name.startsWith('aig_') && /_(?:total|count|sum)$/.test(name);
    expect(after.filter(isCounter)).toEqual(before.filter(isCounter));
    expect(before.filter(isCounter).length).toBeGreaterThan(10);
  });

  it.each(['docs/grafana/gateway.json', 'docs/observability.md'])('has every metric that %s names', async (path) => {
    const text = await (await scrape(METRICS_TOKEN)).text();
    const there = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
    const named = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8').match(/\baig_[a-z_]+[a-z]/g) ?? [];

    const missing = named.filter((name) => !there.has(name.replace(/_bucket$/, '')));

    expect(named.length).toBeGreaterThan(15);
    expect(missing).toEqual([]);
  });
});
