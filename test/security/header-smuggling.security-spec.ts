import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion, hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { RawConnection } from '../support/raw-http.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

const COMPAT = { path: '/compat/chat/completions', body: { model: 'openai/m', ...hello } };
const NATIVE = { path: '/openai/chat/completions', body: { model: 'm', ...hello } };
const step = (headers: object = {}, endpoint = 'chat/completions') => ({
  provider: 'openai',
  endpoint,
  headers,
  query: { model: 'm', ...hello },
});

/** Lines that are for this hop, for whoever stands before the gateway, or for the gateway: no provider is to see any of them. */
const HERE_ONLY = {
  'keep-alive': 'timeout=5',
  te: 'trailers',
  trailer: 'x-checksum',
  'proxy-authorization': 'Basic eDp5',
  'proxy-connection': 'keep-alive',
  'x-named': 'dropped, since the connection header names it',
  'user-agent': 'dropped too, though it travels otherwise',
  cookie: 'session=1',
  forwarded: 'for=10.0.0.1',
  via: '1.1 proxy',
  'x-forwarded-for': '10.0.0.1',
  'x-forwarded-host': 'admin.internal',
  'x-forwarded-proto': 'https',
  'x-forwarded-user': 'root',
  'x-real-ip': '10.0.0.1',
  'true-client-ip': '10.0.0.1',
  'x-client-ip': '10.0.0.1',
  'x-cluster-client-ip': '10.0.0.1',
  'x-original-url': '/admin',
  'x-original-host': 'admin.internal',
  'x-rewrite-url': '/admin',
  'x-remote-user': 'root',
  'remote-user': 'root',
  'x-auth-request-email': 'root@example.com',
  'x-amzn-oidc-identity': 'root',
  'x-goog-authenticated-user-email': 'root@example.com',
  'x-ms-client-principal': 'root',
  'x-envoy-original-path': '/admin',
  'cf-connecting-ip': '10.0.0.1',
  'cf-access-jwt-assertion': 'a.b.c',
  'cf-aig-metadata': '{"a":1}',
  'cf-aig-event-id': 'event',
  'cf-aig-skip-cache': 'true',
  'cf-aig-invented': 'tomorrow',
  'sec-fetch-site': 'same-origin',
} as const;

describe('CVE-2026-31908, -39998: headers that say who is who', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
    await gateway.storeKey('openai', 'sk-stored-0123456789');
  }, 120_000);
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => upstream.replies(json(200, aCompletion())));

  async function sendRaw(
    { path, body }: { path: string; body: object },
    lines: readonly string[],
  ): Promise<RawConnection> {
    const text = JSON.stringify(body);
    const connection = await RawConnection.open(gateway.origin);
    const own = ['host: x', `authorization: Bearer ${ADMIN_TOKEN}`, 'content-type: application/json'];
    connection.write(
      [
        `POST /v1/default/default${path} HTTP/1.1`,
        ...own,
        ...lines,
        `content-length: ${Buffer.byteLength(text)}`,
        '',
        text,
      ].join('\r\n'),
    );
    await eventually(() => connection.closed, 20_000);
    return connection;
  }
  const call = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(gateway.base + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it.each([
    ['on the compat surface', COMPAT],
    ['in a provider’s own API', NATIVE],
    ['of a universal request', { path: '', body: [step()] }],
  ])('go no further than here, %s', async (_name, request) => {
    const lines = Object.entries(HERE_ONLY).map(([name, value]) => `${name}: ${value}`);
    const { statuses } = await sendRaw(request, [...lines, 'Connection: close, X-Named, User-Agent']);

    expect(statuses).toEqual([200]);
    expect(Object.keys(upstream.last.headers).filter((name) => name in HERE_ONLY)).toEqual([]);
    expect(upstream.last.headers.host).toBe(new URL(upstream.origin).host);
    expect(upstream.last.headers.authorization).toBe('Bearer sk-stored-0123456789');
  });

  it('go no further from a step’s own headers either', async () => {
    const { 'user-agent': _agent, 'x-named': _named, ...headers } = HERE_ONLY;

    expect((await call('', [step(headers)])).status).toBe(200);
    expect(Object.keys(upstream.last.headers).filter((name) => name in headers)).toEqual([]);
  });

  it('are not to be had by saying twice what counts once', async () => {
    const { statuses } = await sendRaw(NATIVE, ['connection: close', 'authorization: Bearer sk-of-mine-0123456789']);

    // Of two credentials the first counts, for the gateway and for the provider.
    expect(statuses).toEqual([200]);
    expect(upstream.last.headers.authorization).toBe('Bearer sk-stored-0123456789');
  });

  const BREAK = 'x\r\nx-injected: 1\r\n\r\nHTTP/1.1 200 OK';

  it.each<[string, () => Promise<Response>]>([
    ['a model’s name', () => call(COMPAT.path, { ...COMPAT.body, model: `openai/${BREAK}` })],
    ['a native model’s name', () => call(NATIVE.path, { ...NATIVE.body, model: BREAK })],
    [
      'a name in the metadata',
      () => call(COMPAT.path, COMPAT.body, { 'cf-aig-metadata': JSON.stringify({ [BREAK]: {} }) }),
    ],
    ['a provider’s slug', () => call(COMPAT.path, { ...COMPAT.body, model: `${BREAK}/m` })],
    ['a step’s header', () => call('', [step({ 'x-a': BREAK })])],
    ['the name of a step’s header', () => call('', [step({ [BREAK]: 'x' })])],
    ['a step’s endpoint', () => call('', [step({}, `v1/x HTTP/1.1${BREAK}`)])],
    ['a step’s provider', () => call('', [{ ...step(), provider: BREAK }])],
    ['a path, encoded', () => call(`/openai/${encodeURIComponent(BREAK)}`, NATIVE.body)],
    ['a query, encoded', () => call(`/openai/chat/completions?a=${encodeURIComponent(BREAK)}`, NATIVE.body)],
    ['an alias of a key', () => call(COMPAT.path, COMPAT.body, { 'cf-aig-byok-alias': encodeURIComponent(BREAK) })],
  ])('end no line, sent or answered, with a line break in %s', async (_name, send) => {
    const response = await send();

    expect(response.status).toBeLessThan(500);
    expect(response.headers.get('x-injected')).toBeNull();
    for (const { headers, path } of upstream.received) {
      expect(headers['x-injected']).toBeUndefined();
      expect(path).toMatch(/^[\x21-\x7e]+$/);
    }
  });

  it.each([
    ['a key', { secret: `sk-canary-0123456789\r\nx-injected: 1` }],
    ['a header of a key’s settings', { secret: 'sk-1234567890', settings: { headers: { 'x-a': BREAK } } }],
    ['the name of one', { secret: 'sk-1234567890', settings: { headers: { [BREAK]: 'x' } } }],
  ])('reach no provider out of %s that is stored', async (name, fields) => {
    const alias = `broken-${name.length}`;
    const stored = await fetch(
      `${gateway.origin}/client/v4/accounts/default/ai-gateway/gateways/default/provider_configs`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        body: JSON.stringify({ provider_slug: 'openai', alias, default_config: false, ...fields }),
      },
    );
    const response = await call(COMPAT.path, COMPAT.body, { 'cf-aig-byok-alias': alias });
    const text = await response.text();

    // Refused when it is stored, or when it is used; never sent.
    expect(stored.status === 400 || response.status >= 400).toBe(true);
    expect(text).not.toContain('canary');
    expect(upstream.received).toHaveLength(0);
  });

  it('cannot be told by a provider in the gateway’s name', async () => {
    upstream.replies(
      json(200, aCompletion(), {
        'cf-aig-cache-status': 'HIT',
        'cf-aig-provider': 'forged',
        'cf-ray': 'forged',
        'set-cookie': 'session=forged',
        'access-control-allow-origin': 'https://evil.example',
        connection: 'x-hop',
        'x-hop': 'forged',
      }),
    );
    const answers = [await call(COMPAT.path, COMPAT.body), await call(NATIVE.path, NATIVE.body)];

    for (const { headers } of answers) {
      expect(JSON.stringify([...headers])).not.toContain('forged');
      expect([headers.get('cf-aig-provider'), headers.get('cf-aig-cache-status')]).toEqual(['openai', 'MISS']);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});
