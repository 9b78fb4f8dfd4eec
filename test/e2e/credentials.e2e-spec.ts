import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aCompletion, hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

/**
 * Every combination of gateway credential (G), provider credential on the request (P) and stored key (K), as design and
 * data-plane reference have them. A row says what the caller gets and what the provider was shown.
 */
let upstream: StubUpstream;
let gateway: RunningGateway;

const STORED = 'sk-stored-default-key-000001';
const BATCH = 'sk-stored-batch-key-00000002';
const POOLED = ['sk-stored-pool-key-00000003', 'sk-stored-pool-key-00000004'];
const INLINE = 'sk-inline-key-0000000000005';

/** Tokens by what is special about them. */
const tokens: Record<string, string> = { admin: ADMIN_TOKEN, unknown: `aig_${'x'.repeat(43)}`, garbage: 'not-a-token' };

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin, groq: upstream.origin, mistral: upstream.origin }),
  });
  upstream.replies(json(200, aCompletion()));

  const settings = {
    cache_invalidate_on_update: false,
    cache_ttl: 0,
    collect_logs: true,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
  };
  await gateway.admin('POST', '/ai-gateway/gateways', { id: 'open', authentication: false, ...settings });
  await gateway.admin('POST', '/ai-gateway/gateways', { id: 'other', authentication: true, ...settings });
  const storeAt = (id: string, provider_slug: string, alias: string, secret: string, extra = {}) =>
    gateway.admin('POST', `/ai-gateway/gateways/${id}/provider_configs`, {
      provider_slug,
      alias,
      default_config: alias === 'default',
      secret,
      ...extra,
    });
  for (const id of ['default', 'open']) {
    await storeAt(id, 'openai', 'default', STORED);
    await storeAt(id, 'openai', 'batch', BATCH);
  }
  await storeAt('default', 'openai', 'pool-a', POOLED[0]!, { settings: { pool: 'shared' } });
  await storeAt('default', 'openai', 'pool-b', POOLED[1]!, { settings: { pool: 'shared', weight: 3 } });
  await storeAt('default', 'mistral', 'eu', 'mistral-key-eu-0000000006');

  const groups = (await gateway.admin('GET', '/tokens/permission_groups')) as { id: string; name: string }[];
  const make = async (key: string, names: string[], extra: Record<string, unknown> = {}, resources: unknown = null) => {
    const created = (await gateway.admin('POST', '/tokens', {
      name: key,
      policies: [
        {
          effect: 'allow',
          permission_groups: groups.filter(({ name }) => names.includes(name)).map(({ id }) => ({ id })),
          resources: resources ?? { 'com.cloudflare.api.account.default': '*' },
        },
      ],
      ...extra,
    })) as { id: string; value: string };
    tokens[key] = created.value;
    return created.id;
  };
  await make('run', ['AI Gateway Run']);
  await make('read', ['AI Gateway Read']);
  const expiry = Date.now() + 3_000;
  await make('expired', ['AI Gateway Run'], { expires_on: new Date(expiry).toISOString() });
  await make(
    'elsewhere',
    ['AI Gateway Run'],
    {},
    { 'com.cloudflare.api.account.default': { 'com.cloudflare.api.account.ai-gateway.other': '*' } },
  );
  const revoked = await make('revoked', ['AI Gateway Run']);
  await gateway.admin('DELETE', `/tokens/${revoked}`);
  await eventually(() => Date.now() > expiry);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

type Headers = Record<string, string>;
interface Row {
  readonly at: 'default' | 'open';
  /** Header ─▶ token name, `inline`, or a literal. */
  readonly sent: Headers;
  readonly query?: string;
  readonly model?: string;
  readonly gets: number;
  readonly code?: number;
  /** What the provider is shown. */
  readonly shown?: string;
}

const bearer = (value: string): string => `Bearer ${value === 'inline' ? INLINE : (tokens[value] ?? value)}`;
const G = 'cf-aig-authorization';

const rows: Record<string, Row> = {
  // Authenticated gateway
  'G valid, no P, K stored: K is injected': { at: 'default', sent: { [G]: 'run' }, gets: 200, shown: STORED },
  'G valid, P real: P is forwarded unchanged, K ignored': {
    at: 'default',
    sent: { [G]: 'run', authorization: 'inline' },
    gets: 200,
    shown: INLINE,
  },
  'G valid, P the same token again: K, and the token stays here': {
    at: 'default',
    sent: { [G]: 'run', authorization: 'run' },
    gets: 200,
    shown: STORED,
  },
  'G valid, P another of our tokens: K': {
    at: 'default',
    sent: { [G]: 'run', authorization: 'admin' },
    gets: 200,
    shown: STORED,
  },
  'G valid, P a token nobody knows any more: K': {
    at: 'default',
    sent: { [G]: 'run', authorization: 'revoked' },
    gets: 200,
    shown: STORED,
  },
  'G valid, P an expired token: K': {
    at: 'default',
    sent: { [G]: 'run', 'x-api-key': 'expired' },
    gets: 200,
    shown: STORED,
  },
  'G valid, P a placeholder: K': {
    at: 'default',
    sent: { [G]: 'run', authorization: 'unused' },
    gets: 200,
    shown: STORED,
  },
  'G valid, P "undefined": K': {
    at: 'default',
    sent: { [G]: 'run', authorization: 'undefined' },
    gets: 200,
    shown: STORED,
  },
  'G valid, P CF_TEMP_TOKEN: K': {
    at: 'default',
    sent: { [G]: 'run', authorization: 'CF_TEMP_TOKEN' },
    gets: 200,
    shown: STORED,
  },
  'G valid, P in x-api-key': { at: 'default', sent: { [G]: 'run', 'x-api-key': 'inline' }, gets: 200, shown: INLINE },
  'G valid, P in api-key': { at: 'default', sent: { [G]: 'run', 'api-key': 'inline' }, gets: 200, shown: INLINE },
  'G valid, P in x-goog-api-key': {
    at: 'default',
    sent: { [G]: 'run', 'x-goog-api-key': 'inline' },
    gets: 200,
    shown: INLINE,
  },
  'G valid, P in ?key=': { at: 'default', sent: { [G]: 'run' }, query: `?key=${INLINE}`, gets: 200, shown: INLINE },
  'G valid, no P, no K for the provider: 401 that names it': {
    at: 'default',
    sent: { [G]: 'run' },
    model: 'groq/llama-3',
    gets: 401,
    code: 2901,
  },
  'G valid, no P, K under other aliases only': {
    at: 'default',
    sent: { [G]: 'run' },
    model: 'mistral/mistral-small',
    gets: 401,
    code: 2901,
  },
  'token as API key: consumed, K injected': { at: 'default', sent: { authorization: 'run' }, gets: 200, shown: STORED },
  'token as x-api-key: consumed, K injected': { at: 'default', sent: { 'x-api-key': 'run' }, gets: 200, shown: STORED },
  'token as x-goog-api-key: consumed, K injected': {
    at: 'default',
    sent: { 'x-goog-api-key': 'run' },
    gets: 200,
    shown: STORED,
  },
  'token as ?key=: consumed, K injected': { at: 'default', sent: {}, query: '?key={run}', gets: 200, shown: STORED },
  'token as API key, P in another header': {
    at: 'default',
    sent: { authorization: 'run', 'x-api-key': 'inline' },
    gets: 200,
    shown: INLINE,
  },
  'Bearer undefined as G, token as API key': {
    at: 'default',
    sent: { [G]: 'undefined', authorization: 'run' },
    gets: 200,
    shown: STORED,
  },
  'the admin token calls models too': { at: 'default', sent: { [G]: 'admin' }, gets: 200, shown: STORED },
  'nothing at all: 401/2009': { at: 'default', sent: {}, gets: 401, code: 2009 },
  'P alone: 401/2009': { at: 'default', sent: { authorization: 'inline' }, gets: 401, code: 2009 },
  'G unknown: 401/2009': { at: 'default', sent: { [G]: 'unknown' }, gets: 401, code: 2009 },
  'G garbage with P: 401/2009': {
    at: 'default',
    sent: { [G]: 'garbage', authorization: 'inline' },
    gets: 401,
    code: 2009,
  },
  'G garbage, valid token as API key: the gateway header decides': {
    at: 'default',
    sent: { [G]: 'garbage', authorization: 'run' },
    gets: 401,
    code: 2009,
  },
  'G expired: 401/2009': { at: 'default', sent: { [G]: 'expired' }, gets: 401, code: 2009 },
  'G revoked: 401/2009': { at: 'default', sent: { [G]: 'revoked' }, gets: 401, code: 2009 },
  'G without Run: 401/2009': { at: 'default', sent: { [G]: 'read' }, gets: 401, code: 2009 },
  'G for another gateway: 401/2009': { at: 'default', sent: { [G]: 'elsewhere' }, gets: 401, code: 2009 },
  // Aliases and pools
  'alias chosen': { at: 'default', sent: { [G]: 'run', 'cf-aig-byok-alias': '=batch' }, gets: 200, shown: BATCH },
  'alias default by name': {
    at: 'default',
    sent: { [G]: 'run', 'cf-aig-byok-alias': '=default' },
    gets: 200,
    shown: STORED,
  },
  'alias chosen, but P wins': {
    at: 'default',
    sent: { [G]: 'run', authorization: 'inline', 'cf-aig-byok-alias': '=batch' },
    gets: 200,
    shown: INLINE,
  },
  'alias unknown: 400/2040': {
    at: 'default',
    sent: { [G]: 'run', 'cf-aig-byok-alias': '=nope' },
    gets: 400,
    code: 2040,
  },
  'alias for a provider without any key: never read': {
    at: 'default',
    sent: { [G]: 'run', 'cf-aig-byok-alias': '=nope' },
    model: 'groq/llama-3',
    gets: 401,
    code: 2901,
  },
  'the only alias of a provider': {
    at: 'default',
    sent: { [G]: 'run', 'cf-aig-byok-alias': '=eu' },
    model: 'mistral/mistral-small',
    gets: 200,
    shown: 'mistral-key-eu-0000000006',
  },
  'a member of a pool by its alias': {
    at: 'default',
    sent: { [G]: 'run', 'cf-aig-byok-alias': '=pool-b' },
    gets: 200,
    shown: POOLED[1]!,
  },
  // Open gateway
  'open: nothing, K stored': { at: 'open', sent: {}, gets: 200, shown: STORED },
  'open: P real': { at: 'open', sent: { authorization: 'inline' }, gets: 200, shown: INLINE },
  'open: P placeholder': { at: 'open', sent: { authorization: 'dummy' }, gets: 200, shown: STORED },
  'open: G valid, no P': { at: 'open', sent: { [G]: 'run' }, gets: 200, shown: STORED },
  'open: G valid, P real': { at: 'open', sent: { [G]: 'run', authorization: 'inline' }, gets: 200, shown: INLINE },
  'open: G invalid is not checked': { at: 'open', sent: { [G]: 'garbage' }, gets: 200, shown: STORED },
  'open: Bearer undefined (ai-gateway-provider without a key)': {
    at: 'open',
    sent: { [G]: 'undefined' },
    gets: 200,
    shown: STORED,
  },
  'open: token as API key: consumed': { at: 'open', sent: { authorization: 'run' }, gets: 200, shown: STORED },
  'open: expired token as API key: never forwarded': {
    at: 'open',
    sent: { authorization: 'expired' },
    gets: 200,
    shown: STORED,
  },
  'open: revoked token as API key: never forwarded': {
    at: 'open',
    sent: { authorization: 'revoked' },
    gets: 200,
    shown: STORED,
  },
  'open: no P, no K': { at: 'open', sent: {}, model: 'groq/llama-3', gets: 401, code: 2901 },
  // No key needed
  'sandbox needs no provider key': { at: 'default', sent: { [G]: 'run' }, model: 'sandbox/echo', gets: 200 },
  'sandbox still needs the gateway token': { at: 'default', sent: {}, model: 'sandbox/echo', gets: 401, code: 2009 },
};

const call = (row: Row): Promise<Response> => {
  const headers: Headers = { 'content-type': 'application/json' };
  for (const [name, value] of Object.entries(row.sent)) {
    const plain = value.startsWith('=') ? value.slice(1) : null;
    headers[name] =
      plain ?? (name === G || name === 'authorization' ? bearer(value) : bearer(value).slice('Bearer '.length));
  }
  const query = (row.query ?? '').replace('{run}', tokens['run'] ?? '');
  return fetch(`${gateway.origin}/v1/default/${row.at}/compat/chat/completions${query}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: row.model ?? 'openai/gpt-4o', ...hello }),
  });
};

describe('credentials on the data plane', () => {
  it.each(Object.entries(rows))('%s', async (_name, row) => {
    upstream.replies(json(200, aCompletion()));

    const response = await call(row);
    const body = await response.text();

    expect({ status: response.status, body: response.ok ? '' : body }).toEqual({
      status: row.gets,
      body: response.ok ? '' : body,
    });
    if (row.code !== undefined) expect(JSON.parse(body)).toMatchObject({ success: false, internalCode: row.code });
    if (row.shown === undefined) expect(upstream.received).toHaveLength(0);
    else {
      expect(upstream.received).toHaveLength(1);
      expect(upstream.last.headers['authorization']).toBe(`Bearer ${row.shown}`);
    }
    const outside = JSON.stringify(
      upstream.received.map(({ headers, path, body: bytes }) => [headers, path, bytes.toString()]),
    );
    for (const token of Object.values(tokens)) expect(outside).not.toContain(token);
    for (const key of [STORED, BATCH, ...POOLED, INLINE])
      expect(body + JSON.stringify([...response.headers])).not.toContain(key);
  });

  it('names the provider and how to store a key where there is none', async () => {
    const { error } = (await (await call(rows['G valid, no P, no K for the provider: 401 that names it']!)).json()) as {
      error: { message: string };
    };

    expect(error.message).toContain('Groq');
    expect(error.message).toContain('provider_configs');
  });

  it('lists the aliases there are where one is unknown', async () => {
    const { error } = (await (await call(rows['alias unknown: 400/2040']!)).json()) as { error: { message: string } };

    for (const alias of ['default', 'batch', 'pool-a', 'pool-b']) expect(error.message).toContain(alias);
  });

  it('rotates the keys of a pool by their weights', async () => {
    const shown = new Map<string, number>();
    for (let i = 0; i < 80; i++) {
      upstream.replies(json(200, aCompletion()));
      await call({ at: 'default', sent: { [G]: 'run', 'cf-aig-byok-alias': '=shared' }, gets: 200 });
      const key = String(upstream.last.headers['authorization']).slice('Bearer '.length);
      shown.set(key, (shown.get(key) ?? 0) + 1);
    }

    expect([...shown.keys()].toSorted()).toEqual(POOLED.toSorted());
    expect(shown.get(POOLED[1]!)!).toBeGreaterThan(shown.get(POOLED[0]!)!);
  });

  it('sees a rotated and a deleted key at once', async () => {
    const configs = (await gateway.admin('GET', '/ai-gateway/gateways/open/provider_configs')) as {
      id: string;
      alias: string;
    }[];
    const { id } = configs.find(({ alias }) => alias === 'default')!;

    await gateway.admin('PUT', `/ai-gateway/gateways/open/provider_configs/${id}`, {
      secret: 'sk-rotated-key-0000000007',
    });
    upstream.replies(json(200, aCompletion()));
    await call({ at: 'open', sent: {}, gets: 200 });
    expect(upstream.last.headers['authorization']).toBe('Bearer sk-rotated-key-0000000007');

    await gateway.admin('DELETE', `/ai-gateway/gateways/open/provider_configs/${id}`);
    expect((await call({ at: 'open', sent: {}, gets: 401 })).status).toBe(401);
  });

  it('brings the gateway "default" back with the first authenticated call after it was deleted', async () => {
    await gateway.admin('DELETE', '/ai-gateway/gateways/default');

    expect((await call({ at: 'default', sent: {}, gets: 400 })).status).toBe(400);
    expect((await call({ at: 'default', sent: { [G]: 'run' }, model: 'sandbox/echo', gets: 200 })).status).toBe(200);
    await expect(
      (async () => {
        for (let i = 0; i < 100; i++) {
          const list = (await gateway.admin('GET', '/ai-gateway/gateways')) as { id: string }[];
          if (list.some(({ id }) => id === 'default')) return 'is back';
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return 'is gone';
      })(),
    ).resolves.toBe('is back');
  });
});
