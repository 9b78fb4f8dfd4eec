import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import { MasterKeyRotation } from '../../src/keys/master-key-rotation.service.js';
import { PERMISSION_GROUPS } from '../../src/tokens/permission-groups.js';
import { withIds } from '../../src/tokens/token-policy.js';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertAccount, insertToken } from '../support/second-account.js';
import { json, sse, StubUpstream } from '../support/stub-upstream.js';

const HEADER_VALUE = 'canary-header-0123456789-wxyz';
const KEY = 'canary-key-0123456789-abcd';

const costSchema = z.looseObject({ id: z.string(), token_pricing: z.string() });
const providerSchema = z.looseObject({ id: z.string(), slug: z.string(), headers: z.string(), enable: z.boolean() });
const refusalSchema = z.object({
  errors: z.array(z.object({ code: z.number(), path: z.array(z.string()).optional() })),
});

describe('custom providers', () => {
  let dataDir: string;
  let upstream: StubUpstream;
  let gateway: RunningGateway;
  const masterKey = randomBytes(32).toString('base64');

  const start = (env: Record<string, string> = {}) =>
    startGateway({ DATA_DIR: dataDir, MASTER_KEY: masterKey, EGRESS_ALLOW_PRIVATE: 'true', ...env });

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'custom-'));
    upstream = await StubUpstream.start();
    gateway = await start();
  });
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  beforeEach(() => upstream.replies(json(200, aCompletion())));

  const make = async (slug: string, extra: Record<string, unknown> = {}) =>
    providerSchema.parse(
      await gateway.admin('POST', '/ai-gateway/custom-providers', {
        name: slug,
        slug,
        base_url: upstream.origin,
        enable: true,
        ...extra,
      }),
    );
  const patch = async (id: string, body: unknown) =>
    providerSchema.parse(await gateway.admin('PATCH', `/ai-gateway/custom-providers/${id}`, body));
  const control = (token: string, method: string, path: string, body: unknown, account = 'default') =>
    fetch(`${gateway.origin}/client/v4/accounts/${account}/ai-gateway${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
  const ask = (model: string, headers: Record<string, string> = {}, body: Record<string, unknown> = hello) =>
    fetch(`${gateway.base}/compat/${'input' in body ? 'embeddings' : 'chat/completions'}`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, ...headers },
      body: JSON.stringify({ ...body, model }),
    });

  it.each([
    ['a bare origin', '', {}, '/v1/chat/completions', '/v1/embeddings'],
    ['a path', '/openai/v2/', {}, '/openai/v2/chat/completions', '/openai/v2/embeddings'],
    [
      'paths of its own',
      '/api',
      { chat_path: '/chat?api-version=1', embeddings_path: '/embed' },
      '/api/chat?api-version=1',
      '/api/embed',
    ],
  ])('is called on the compat surface below a base URL with %s', async (name, path, settings, chat, embeddings) => {
    const slug = name.replaceAll(' ', '-');
    await make(slug, { base_url: upstream.origin + path, settings });

    const completion = await ask(`custom-${slug}/hf:org/model`, { authorization: 'Bearer sk-mine' });
    const { path: chatPath, headers } = upstream.last;
    const sent = upstream.last.json();
    upstream.replies(json(200, { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }] }));
    const vectors = await ask(`custom-${slug}/e`, {}, { input: 'x' });

    expect([completion.status, vectors.status]).toEqual([200, 200]);
    expect([chatPath, upstream.last.path]).toEqual([chat, embeddings]);
    expect(sent).toMatchObject({ model: 'hf:org/model' });
    expect(headers).toMatchObject({ authorization: 'Bearer sk-mine' });
    expect(headers).not.toHaveProperty('cf-aig-authorization');
    expect(completion.headers.get('cf-aig-provider')).toBe(`custom-${slug}`);
  });

  it('streams', async () => {
    await make('streaming');
    upstream.replies(sse(...aStream()));

    const response = await ask('custom-streaming/m', {}, { ...hello, stream: true });

    expect(await response.text()).toMatch(/"content":"Hello "[\s\S]*data: \[DONE\]\n\n$/);
  });

  it('is reached natively: whatever follows its slug follows its base URL, in its own words', async () => {
    await make('native', { base_url: `${upstream.origin}/api/v2/`, headers: { 'x-team': 'a' } });
    await gateway.storeKey('custom-native', KEY);
    upstream.replies(json(418, { teapot: true }, { 'x-brew': 'earl grey' }));

    const response = await fetch(`${gateway.base}/custom-native/brew/1?milk=no&a=b%2Fc`, {
      method: 'PUT',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: '{"sugar": 2.0}',
    });

    expect([response.status, await response.json()]).toEqual([418, { teapot: true }]);
    expect([upstream.last.method, upstream.last.path]).toEqual(['PUT', '/api/v2/brew/1?milk=no&a=b%2Fc']);
    expect(upstream.last.body.toString()).toBe('{"sugar": 2.0}');
    expect(upstream.last.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-team': 'a' });
    expect(upstream.last.headers).not.toHaveProperty('cf-aig-authorization');
  });

  it('stands in universal steps, by its own words and in one dialect for all', async () => {
    await make('stepping', { base_url: `${upstream.origin}/v1` });
    upstream.replies(json(500, {}), json(500, {}), json(200, aCompletion()));

    const response = await fetch(gateway.base, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify([
        { provider: 'custom-stepping', endpoint: 'brew', query: { sugar: 2 } },
        { provider: 'compat', endpoint: 'chat/completions', query: { ...hello, model: 'custom-stepping/m' } },
        { provider: 'custom-stepping', endpoint: 'chat/completions', query: { ...hello, model: 'n' } },
      ]),
    });

    expect([response.status, response.headers.get('cf-aig-step')]).toEqual([200, '2']);
    expect(upstream.received.map(({ path }) => path)).toEqual([
      '/v1/brew',
      '/v1/chat/completions',
      '/v1/chat/completions',
    ]);
  });

  it('stands on dynamic routes', async () => {
    await make('routed');
    await gateway.admin('POST', '/ai-gateway/gateways/default/routes', {
      name: 'ours',
      elements: [
        { id: 'start', type: 'start', outputs: { next: { elementId: 'model' } } },
        {
          id: 'model',
          type: 'model',
          properties: { provider: 'custom-routed', model: 'org/m:1', timeout: 30_000, retries: 0 },
          outputs: { success: { elementId: 'end' }, fallback: { elementId: 'end' } },
        },
        { id: 'end', type: 'end', outputs: {} },
      ],
    });

    const response = await ask('dynamic/ours');

    expect([response.status, response.headers.get('cf-aig-provider')]).toEqual([200, 'custom-routed']);
    expect(upstream.last.json()).toMatchObject({ model: 'org/m:1' });
  });

  it('shows a key that is sent along or stored, in the header it is asked in, and needs none', async () => {
    await make('keyed');
    await make('api-keyed', { settings: { key_header: 'X-Api-Key' } });
    await ask('custom-keyed/m');
    const without = upstream.last.headers;
    for (const provider of ['custom-keyed', 'custom-api-keyed']) await gateway.storeKey(provider, KEY);

    await ask('custom-keyed/m');
    const stored = upstream.last.headers;
    await ask('custom-keyed/m', { authorization: 'Bearer sk-mine' });
    const inline = upstream.last.headers;
    await ask('custom-api-keyed/m');

    expect(without).not.toHaveProperty('authorization');
    expect([stored.authorization, inline.authorization]).toEqual([`Bearer ${KEY}`, 'Bearer sk-mine']);
    expect([upstream.last.headers['x-api-key'], upstream.last.headers.authorization]).toEqual([KEY, undefined]);
  });

  it('sends the headers it keeps, and shows of them no more than their ends', async () => {
    const made = await make('headed', {
      headers: JSON.stringify({ 'X-Secret': HEADER_VALUE, Authorization: 'Bearer static-0123456789', 'X-Team': 'a' }),
    });
    await ask('custom-headed/m');
    const withHeaders = upstream.last.headers;
    await ask('custom-headed/m', { authorization: 'Bearer sk-mine' });
    const listed = await gateway.admin('GET', '/ai-gateway/custom-providers?search=headed');

    expect(withHeaders).toMatchObject({
      'x-secret': HEADER_VALUE,
      authorization: 'Bearer static-0123456789',
      'x-team': 'a',
    });
    expect(upstream.last.headers).toMatchObject({ 'x-secret': HEADER_VALUE, authorization: 'Bearer sk-mine' });
    expect(JSON.parse(made.headers)).toEqual({ 'x-secret': '…wxyz', authorization: '…6789', 'x-team': '…' });
    expect(JSON.stringify(listed)).not.toContain(HEADER_VALUE);
  });

  it('keeps a header whose preview is sent back, and takes what is new', async () => {
    const made = await make('edited', { headers: { 'x-secret': HEADER_VALUE, 'x-team': 'a' } });
    await patch(made.id, { headers: JSON.stringify({ ...JSON.parse(made.headers), 'x-team': 'b' }) });
    await ask('custom-edited/m');
    const edited = upstream.last.headers;
    await patch(made.id, { headers: null });
    await ask('custom-edited/m');

    expect(edited).toMatchObject({ 'x-secret': HEADER_VALUE, 'x-team': 'b' });
    expect(upstream.last.headers).not.toHaveProperty('x-secret');
  });

  it('is served while it is switched on, and by the account that made it', async () => {
    const made = await make('switched', { enable: undefined });
    const statuses = [(await ask('custom-switched/m')).status];
    await patch(made.id, { enable: true });
    statuses.push((await ask('custom-switched/m')).status);
    const foreign = await insertAccount(gateway, 'elsewhere');
    const theirs = await fetch(`${gateway.origin}/v1/elsewhere/default/compat/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${foreign}` },
      body: JSON.stringify({ ...hello, model: 'custom-switched/m' }),
    });
    await gateway.admin('DELETE', `/ai-gateway/custom-providers/${made.id}`);
    const gone = await ask('custom-switched/m');

    expect(statuses).toEqual([400, 200]);
    expect([theirs.status, await theirs.text()]).toEqual([400, expect.not.stringMatching(/one of:[^"]*custom-/)]);
    expect([gone.status, await gone.text()]).toEqual([
      400,
      expect.stringMatching(/custom-switched\\" is not a provider/),
    ]);
  });

  it.each([
    ['a slug that is taken', { slug: 'streaming' }, ['body', 'slug']],
    ['a slug in capitals', { slug: 'Nope' }, ['body', 'slug']],
    ['a slug with a slash', { slug: 'a/b' }, ['body', 'slug']],
    ['no base URL', { base_url: undefined }, ['body', 'base_url']],
    ['headers that are no JSON', { headers: '{' }, ['body', 'headers']],
    ['headers that are a list', { headers: '["a"]' }, ['body', 'headers']],
    ['a header with a line break', { headers: { 'x-a': 'b\r\nx-c: d' } }, ['body', 'headers', 'x-a']],
    ['a preview of nothing', { headers: { 'x-a': '…wxyz' } }, ['body', 'headers', 'x-a']],
    ['a header of the transport', { headers: { Host: 'internal' } }, ['body', 'headers']],
    ["a header of the gateway's", { headers: { 'cf-aig-authorization': 'x' } }, ['body', 'headers']],
    [
      'a path that is a URL',
      { settings: { chat_path: 'https://elsewhere.example/' } },
      ['body', 'settings', 'chat_path'],
    ],
    ['a path with a fragment', { settings: { chat_path: '/v1#' } }, ['body', 'settings', 'chat_path']],
    ['a setting nobody knows', { settings: { chatpath: '/v1' } }, ['body', 'settings']],
  ])('refuses %s', async (_name, extra, path) => {
    const body = { name: 'n', slug: 'refused', base_url: upstream.origin, ...extra };
    const response = await control(ADMIN_TOKEN, 'POST', '/custom-providers', body);

    expect([response.status, refusalSchema.parse(await response.json()).errors]).toEqual([400, [{ code: 7001, path }]]);
  });

  it('lets nobody move kept secrets to another origin who may not write secrets', async () => {
    const made = await make('guarded', { headers: { 'x-secret': HEADER_VALUE } });
    await gateway.storeKey('custom-orphaned', KEY);
    const writer = await insertToken(gateway, {
      policies: withIds([
        {
          effect: 'allow',
          permission_groups: PERMISSION_GROUPS.filter(({ permission }) => permission === 'ai-gateway.write').map(
            ({ id }) => ({ id }),
          ),
          resources: { 'com.cloudflare.api.account.default': '*' },
        },
      ]),
    });
    const moved = { base_url: 'https://elsewhere.example' };
    const at = `/custom-providers/${made.id}`;

    const statuses = [
      await control(writer, 'PATCH', at, moved),
      await control(writer, 'PATCH', at, { base_url: `${upstream.origin}/v2` }),
      await control(writer, 'POST', '/custom-providers', { name: 'n', slug: 'orphaned', ...moved }),
      await control(ADMIN_TOKEN, 'PATCH', at, moved),
    ].map(({ status }) => status);

    expect(statuses).toEqual([403, 200, 403, 200]);
  });

  it('costs what is said of its models, as long as it is there', async () => {
    const records: CallRecord[] = [];
    const watching = gateway.app.get(CallRecorder).calls$.subscribe((record) => records.push(record));
    const provider = await make('priced');
    const costs = '/ai-gateway/custom-providers/costs';
    const listed = async (query = ''): Promise<unknown> => gateway.admin('GET', `${costs}?${query}`);
    const made = costSchema.parse(
      await gateway.admin('POST', costs, {
        account_provider_id: provider.id,
        model: 'big-',
        model_rule: 'starts-with',
        cost_in: 0.000_002,
        token_pricing: { output_tokens: 0.000_003 },
      }),
    );
    await ask('custom-priced/big-1');
    await ask('custom-priced/small-1');
    const patched = costSchema.parse(
      await gateway.admin('PATCH', `${costs}/${made.id}`, { token_pricing: made.token_pricing, cost_in: 0.000_004 }),
    );
    await ask('custom-priced/big-1');
    watching.unsubscribe();

    // 9 tokens in, 4 out.
    expect(records.map(({ cost }) => [cost.basis, cost.charged])).toEqual([
      ['override', 30_000],
      ['unpriced', null],
      ['override', 48_000],
    ]);
    expect(made).toMatchObject({ model_rule: 'starts-with', cost_type: 'tokens', enable: true, changed_by: 'manual' });
    expect(patched).toMatchObject({ cost_in: 0.000_004, token_pricing: '{"output_tokens":0.000003}', model: 'big-' });
    expect(await gateway.admin('GET', `${costs}/${made.id}`)).toEqual(patched);
    expect(
      await listed(`account_provider_id=${provider.id}&search=big&model_rule=starts-with&cost_type=tokens`),
    ).toEqual([patched]);
    expect(await listed('enable=false')).toEqual([]);
    const nobody = await control(ADMIN_TOKEN, 'POST', '/custom-providers/costs', {
      account_provider_id: '00000000-0000-0000-0000-000000000000',
      model: 'm',
    });
    expect(refusalSchema.parse(await nobody.json()).errors).toEqual([
      { code: 7001, path: ['body', 'account_provider_id'] },
    ]);
    await gateway.admin('DELETE', `/ai-gateway/custom-providers/${provider.id}`);
    expect(await listed()).toEqual([]);
  });

  it('keeps its headers through a new master key, and without any is not served', async () => {
    await make('rotated', { headers: { 'x-secret': HEADER_VALUE } });
    const newKey = randomBytes(32).toString('base64');
    await gateway.close();
    gateway = await start({ MASTER_KEY: newKey });
    const withoutKey = await ask('custom-rotated/m');
    await gateway.close();
    gateway = await start({ MASTER_KEY: newKey, MASTER_KEY_PREVIOUS: masterKey });
    await gateway.app.get(MasterKeyRotation, { strict: false }).rotate();
    await gateway.close();
    gateway = await start({ MASTER_KEY: newKey });
    await ask('custom-rotated/m');

    expect(withoutKey.status).toBe(400);
    expect(upstream.last.headers).toMatchObject({ 'x-secret': HEADER_VALUE });
  });
});
