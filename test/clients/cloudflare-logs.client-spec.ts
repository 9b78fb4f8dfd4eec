import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Cloudflare, { BadRequestError, NotFoundError } from 'cloudflare';

import { LogPipeline } from '../../src/request-logs/log-pipeline.service.js';
import { hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const account_id = 'default';
const gateway_id = 'default';

/** What a list yields, through the SDK's own paging. */
async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

describe('the cloudflare SDK on logs', () => {
  let gateway: RunningGateway;
  let client: Cloudflare;
  const ids: Record<string, string> = {};

  const call = async (name: string, body: object, headers: Record<string, string> = {}): Promise<void> => {
    const response = await fetch(`${gateway.base}/compat/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, ...headers },
      body: JSON.stringify({ model: 'sandbox/echo', ...hello, ...body }),
    });
    await response.text();
    ids[name] = response.headers.get('cf-aig-log-id') ?? '';
  };

  beforeAll(async () => {
    gateway = await startGateway();
    client = new Cloudflare({ baseURL: `${gateway.origin}/client/v4`, apiToken: ADMIN_TOKEN, maxRetries: 0 });
    await call('plain', {});
    await call('stream', { stream: true }, { 'cf-aig-metadata': '{"rid":"a","team":"b"}' });
    await call('failed', { model: 'sandbox/error-500' }, { 'cf-aig-metadata': '{"rid":"b","team":"a"}' });
    await call('refused', { model: 'nobody/x' });
    await gateway.app.get(LogPipeline, { strict: false }).flush();
  });
  afterAll(() => gateway.close());

  const named = (logs: readonly { id: string }[]): string[] =>
    logs.map(({ id }) => Object.entries(ids).find(([, one]) => one === id)?.[0] ?? id);

  it('lists them, the newest first, a page at a time', async () => {
    const page = await client.aiGateway.logs.list(gateway_id, { account_id, per_page: 3 });
    const logs = await all(client.aiGateway.logs.list(gateway_id, { account_id, per_page: 3 }));

    expect(page.result).toHaveLength(3);
    expect(page.result_info).toMatchObject({ page: 1, per_page: 3, count: 3, total_count: 4 });
    expect(named(logs)).toEqual(['refused', 'failed', 'stream', 'plain']);
    expect(logs[3]).toMatchObject({
      provider: 'sandbox',
      model: 'sandbox/echo',
      path: '/v1/default/default/compat/chat/completions',
      success: true,
      status_code: 200,
      cached: false,
      step: 0,
      tokens_in: 3,
      tokens_out: 4,
      cost: 0,
      custom_cost: false,
      metadata: null,
      request_type: 'chat',
    });
  });

  it.each([
    ['a provider', [{ key: 'provider', operator: 'eq', value: ['sandbox'] }], ['failed', 'stream', 'plain']],
    ['success', [{ key: 'success', operator: 'eq', value: [true] }], ['stream', 'plain']],
    ['two of them', [{ key: 'success', operator: 'eq', value: [false] }, { key: 'provider', operator: 'neq', value: ['sandbox'] }], ['refused']], // prettier-ignore
    ['a metadata entry', [{ key: 'metadata.key', operator: 'eq', value: ['rid'] }, { key: 'metadata.value', operator: 'eq', value: ['a'] }], ['stream']], // prettier-ignore
    ['tokens', [{ key: 'tokens', operator: 'gt', value: [7] }], []],
  ] as const)('filters by %s, as the SDK writes filters', async (_what, filters, expected) => {
    const logs = await all(client.aiGateway.logs.list(gateway_id, { account_id, filters: filters as never }));

    expect(named(logs)).toEqual(expected);
  });

  it('searches, orders and says the ranges', async () => {
    const found = await all(client.aiGateway.logs.list(gateway_id, { account_id, search: 'team' }));
    const ordered = await all(
      client.aiGateway.logs.list(gateway_id, { account_id, order_by: 'success', order_by_direction: 'asc' }),
    );
    const { result_info } = await client.aiGateway.logs.list(gateway_id, {
      account_id,
      meta_info: true,
      success: true,
    });

    expect(named(found)).toEqual(['failed', 'stream']);
    expect(named(ordered)).toEqual(['failed', 'refused', 'plain', 'stream']);
    expect(result_info).toMatchObject({
      min_tokens_in: 3,
      max_total_tokens: 7,
      min_cost: 0,
      max_duration: expect.any(Number),
    });
  });

  it('reads one, its request and its response', async () => {
    const params = { account_id, gateway_id };
    const log = await client.aiGateway.logs.get(ids['stream'] ?? '', params);

    expect(log).toMatchObject({
      id: ids['stream'],
      request_head_complete: true,
      response_content_type: 'text/event-stream; charset=utf-8',
    });
    expect(log.response_head).toMatch(/^data: /);
    expect(await client.aiGateway.logs.request(ids['stream'] ?? '', params)).toEqual({
      model: 'sandbox/echo',
      ...hello,
      stream: true,
    });
    expect(await client.aiGateway.logs.response(ids['stream'] ?? '', params)).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: 'You said: Hello, world!' } }],
    });
    expect(await client.aiGateway.logs.response(ids['plain'] ?? '', params)).toMatchObject({
      object: 'chat.completion',
    });
  });

  it('edits one as soon as it is answered', async () => {
    await call('new', {});
    await client.aiGateway.logs.edit(ids['new'] ?? '', {
      account_id,
      gateway_id,
      feedback: 1,
      score: 90,
      metadata: { good: true },
    });

    const rated = await all(
      client.aiGateway.logs.list(gateway_id, {
        account_id,
        filters: [{ key: 'feedback', operator: 'eq', value: [1] }],
      }),
    );

    expect(named(rated)).toEqual(['new']);
    expect(rated[0]?.metadata).toBe('{"good":true}');
  });

  it('throws NotFoundError for one that is not there, and BadRequestError for what cannot be read', async () => {
    await expect(client.aiGateway.logs.get('nothing', { account_id, gateway_id })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    await expect(client.aiGateway.logs.list('nothing', { account_id })).rejects.toBeInstanceOf(NotFoundError);
    await expect(
      client.aiGateway.logs.delete(gateway_id, { account_id, filters: [{ key: 'provider' }] as never }),
    ).rejects.toBeInstanceOf(BadRequestError);
    await expect(
      client.aiGateway.logs.delete(gateway_id, { account_id }, { query: { filters: 'provider=sandbox' } }),
    ).rejects.toBeInstanceOf(BadRequestError);
    expect(await all(client.aiGateway.logs.list(gateway_id, { account_id }))).toHaveLength(5);
  });

  it('deletes by filters, by number, and all', async () => {
    expect(
      await client.aiGateway.logs.delete(gateway_id, {
        account_id,
        filters: [{ key: 'success', operator: 'eq', value: [false] }],
      }),
    ).toEqual({ success: true });
    expect(named(await all(client.aiGateway.logs.list(gateway_id, { account_id })))).toEqual([
      'new',
      'stream',
      'plain',
    ]);

    await client.aiGateway.logs.delete(gateway_id, { account_id, limit: 1 });
    expect(named(await all(client.aiGateway.logs.list(gateway_id, { account_id })))).toEqual(['new', 'stream']);

    await client.aiGateway.logs.delete(gateway_id, { account_id });
    expect(await all(client.aiGateway.logs.list(gateway_id, { account_id }))).toEqual([]);
  });
});
