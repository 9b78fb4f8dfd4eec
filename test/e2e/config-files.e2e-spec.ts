import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { runGatewayCommand } from '../../src/config-files/gateway-command.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertAccount } from '../support/second-account.js';

const KEYS = {
  TEAM_OPENAI: 'sk-team-openai-0123456789',
  SHOP_SECRET: 'shop-secret-0123456789',
  COLLECTOR: 'otel-9876543210',
};

const FILE = `
version: 1
custom_providers:
  - slug: shop
    name: The shop's own
    base_url: https://models.shop.example/v1
    enable: true
    headers: { x-shop-secret: { env: SHOP_SECRET }, x-plain: yes-please }
gateways:
  - id: team
    cache_ttl: 300
    retry_max_attempts: 3
    settings: { timeouts: { first_token_ms: 20000 } }
    otel:
      - url: https://collector.example/v1/traces
        headers: { x-key: { env: COLLECTOR } }
    spend_limits:
      enabled: true
      rules: [{ limit: 25, limitType: cost, window: 86400 }]
    provider_configs:
      - provider_slug: openai
        alias: default
        default_config: true
        secret: { env: TEAM_OPENAI }
      - provider_slug: google
        alias: second
        rate_limit: 10
        secret: { env: TEAM_OPENAI }
    routes:
      # Named before the one that it walks through.
      - name: outer
        elements:
          - { id: start, type: start, outputs: { next: { elementId: inner } } }
          - { id: inner, type: model, properties: { provider: dynamic, model: inner }, outputs: { success: { elementId: end } } }
          - { id: end, type: end, outputs: {} }
      - name: inner
        elements:
          - { id: start, type: start, outputs: { next: { elementId: big } } }
          - id: big
            type: model
            properties: { provider: openai, model: gpt-5.2, retries: 1 }
            outputs: { success: { elementId: end }, fallback: { elementId: small } }
          - { id: small, type: model, properties: { provider: custom-shop, model: s }, outputs: { success: { elementId: end } } }
          - { id: end, type: end, outputs: {} }
`;

describe('configuration kept in a file', () => {
  let gateway: RunningGateway;
  let directory: string;
  let path: string;

  beforeAll(async () => {
    gateway = await startGateway();
    directory = await mkdtemp(join(tmpdir(), 'aig-files-'));
    path = join(directory, 'gateway.yaml');
  });
  afterAll(async () => {
    await gateway.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Runs a command as the admin of `default`, with the variables of `KEYS`. */
  async function run(args: readonly string[], env: Record<string, string> = KEYS, token = ADMIN_TOKEN) {
    let out = '';
    let err = '';
    const code = await runGatewayCommand(
      args,
      { GATEWAY_URL: gateway.origin, ADMIN_TOKEN: token, ...env },
      { out: (text) => (out += text), err: (text) => (err += text) },
    );
    return { code, out, err };
  }

  const write = (text: string): Promise<void> => writeFile(path, text);
  const team = () => gateway.admin('GET', '/ai-gateway/gateways/team');
  const keysOfTeam = () =>
    gateway.admin('GET', '/ai-gateway/gateways/team/provider_configs') as Promise<{ id: string }[]>;

  describe('that an empty account is given', () => {
    it('is planned without changing anything', async () => {
      await write(FILE);

      const { code, out, err } = await run(['plan', path, '--check']);

      expect(err).toBe('');
      expect(code).toBe(2);
      expect(out).toBe(`+ create custom provider "shop"
+ create gateway "team"
+ create provider key "openai/default" of gateway "team"
+ create provider key "google-ai-studio/second" of gateway "team"
+ create route "inner" of gateway "team"
+ create route "outer" of gateway "team"
6 to change.
`);
      await expect(team()).rejects.toThrow('404');
    });

    it('names every missing variable, and changes nothing for want of one', async () => {
      const { code, out, err } = await run(['apply', path], {});

      expect(code).toBe(1);
      expect(out).toBe('');
      expect(err).toBe(`custom provider "shop": headers: x-shop-secret: the environment variable SHOP_SECRET is not set
gateway "team": otel: 0: headers: x-key: the environment variable COLLECTOR is not set
provider key "openai/default" of gateway "team": secret: the environment variable TEAM_OPENAI is not set
provider key "google-ai-studio/second" of gateway "team": secret: the environment variable TEAM_OPENAI is not set
`);
      await expect(team()).rejects.toThrow('404');
    });

    it('is applied, in an order that works', async () => {
      const { code, out, err } = await run(['apply', path]);

      expect(err).toBe('');
      expect(code).toBe(0);
      expect(out).toMatch(/6 changed\.\n$/);
      expect(await team()).toMatchObject({ cache_ttl: 300, authentication: true, retry_max_attempts: 3 });
      expect(await keysOfTeam()).toHaveLength(2);
      expect(await gateway.admin('GET', '/ai-gateway/gateways/team/routes')).toHaveLength(2);
    });
  });

  describe('that an account has', () => {
    beforeEach(async () => {
      await write(FILE);
      await run(['apply', path, '--prune']);
    });

    it.each([
      ['with its variables', KEYS],
      ['without any', {}],
    ])('changes nothing when it is applied again, %s', async (_name, env) => {
      const before = [await team(), await keysOfTeam(), await gateway.admin('GET', '/ai-gateway/custom-providers')];

      expect(await run(['plan', path, '--check', '--prune'], env)).toEqual({
        code: 0,
        out: 'Nothing to change.\n',
        err: '',
      });
      expect(await run(['apply', path], env)).toEqual({ code: 0, out: 'Nothing to change.\n', err: '' });
      expect([await team(), await keysOfTeam(), await gateway.admin('GET', '/ai-gateway/custom-providers')]).toEqual(
        before,
      );
    });

    it.each([
      ['a field', 'cache_ttl: 300', 'cache_ttl: 60', '~ update gateway "team"\n    cache_ttl: 300 → 60\n'],
      [
        'a field to nothing',
        'cache_ttl: 300',
        'cache_ttl: null',
        '~ update gateway "team"\n    cache_ttl: 300 → null\n',
      ],
      [
        'a setting',
        'first_token_ms: 20000',
        'idle_ms: 20000',
        '~ update gateway "team"\n    settings: {"timeouts":{"first_token_ms":20000}} → {"timeouts":{"idle_ms":20000}}\n',
      ],
      ['a collector', 'x-key:', 'x-other:', '~ update gateway "team"\n    otel: (changed)\n'],
      [
        'an element that loses a property',
        ', retries: 1',
        '',
        '~ update route "inner" of gateway "team"\n    element "big": {"id":"big","type":"model","properties":{"provider":"openai","model":"gpt-5.2","retries":1},"outputs":{"success":{"elementId":"end"},"fallback":{"elementId":"small"}}} → {"id":"big","type":"model","properties":{"provider":"openai","model":"gpt-5.2"},"outputs":{"success":{"elementId":"end"},"fallback":{"elementId":"small"}}}\n',
      ],
      [
        'a custom provider',
        "The shop's own",
        'Shop',
        '~ update custom provider "shop"\n    name: "The shop\'s own" → "Shop"\n',
      ],
      ['a header', 'x-plain', 'x-fancy', '~ update custom provider "shop"\n    headers: (changed)\n'],
      [
        "a key's limit",
        'rate_limit: 10',
        'rate_limit: 20',
        '± replace provider key "google-ai-studio/second" of gateway "team"\n    rate_limit: 10 → 20\n',
      ],
    ])('takes over a change of %s, and then rests', async (_name, from, to, diff) => {
      await write(FILE.replace(from, to));

      expect((await run(['plan', path])).out).toBe(`${diff}1 to change.\n`);
      expect(await run(['apply', path])).toEqual({ code: 0, out: `${diff}1 changed.\n`, err: '' });
      expect((await run(['plan', path])).out).toBe('Nothing to change.\n');
    });

    it('keeps the ids of spend rules, so that budgets go on', async () => {
      const before = await team();
      await write(FILE.replace('cache_ttl: 300', 'cache_ttl: 60'));
      await run(['apply', path]);

      expect(Object(await team()).spend_limits).toEqual(Object(before).spend_limits);
    });

    it('stores a key anew when its variable has another value, and says nothing of either', async () => {
      const rotated = { ...KEYS, TEAM_OPENAI: 'sk-team-openai-rotated-9999' };
      const ids = (await keysOfTeam()).map(({ id }) => id);

      const { out } = await run(['apply', path], rotated);

      expect(out).toContain('~ update provider key "openai/default" of gateway "team"\n    secret: (changed)\n');
      expect(out).not.toContain('9999');
      expect((await keysOfTeam()).map(({ id }) => id)).toEqual(ids);
      expect(await keysOfTeam()).toEqual([
        expect.objectContaining({ secret_preview: '…9999' }),
        expect.objectContaining({ secret_preview: '…9999' }),
      ]);
      expect((await run(['plan', path], rotated)).out).toBe('Nothing to change.\n');
    });

    it('deletes what its lists do not name only when asked', async () => {
      await gateway.storeKey('groq', 'gsk-0123456789012345');
      const shorter = FILE.replace(/ {6}# Named before(?:.|\n)*(?= {6}- name: inner)/, '').replace(
        /^custom_providers:(?:.|\n)*(?=^gateways:)/m,
        '',
      );
      await write(shorter);

      expect((await run(['plan', path])).out).toBe(
        '  route "outer" of gateway "team" is not in the file; --prune would delete it\nNothing to change.\n',
      );
      expect((await run(['apply', path])).out).toBe('Nothing to change.\n');
      expect((await run(['apply', path, '--prune'])).out).toBe(
        '- delete route "outer" of gateway "team"\n1 changed.\n',
      );
      expect(await gateway.admin('GET', '/ai-gateway/gateways/team/routes')).toHaveLength(1);
      // The file has no list of custom providers, and the gateway `default` none of keys: neither is its business.
      expect(await gateway.admin('GET', '/ai-gateway/custom-providers')).toHaveLength(1);
      expect(await gateway.admin('GET', '/ai-gateway/gateways/default/provider_configs')).toHaveLength(1);

      await write('version: 1\ngateways: []\n');
      expect((await run(['apply', path, '--prune'])).out).toBe('- delete gateway "team"\n1 changed.\n');
    });

    it('is exported without a secret, and the export changes nothing', async () => {
      const { code, out, err } = await run(['export']);
      await write(out);

      expect([code, err]).toEqual([0, '']);
      for (const secret of Object.values(KEYS)) expect(out).not.toContain(secret.slice(-4));
      expect(parse(out)).toMatchObject({
        version: 1,
        custom_providers: [
          {
            slug: 'shop',
            headers: { 'x-shop-secret': { env: 'SHOP_X_SHOP_SECRET' }, 'x-plain': { env: 'SHOP_X_PLAIN' } },
          },
        ],
        gateways: expect.arrayContaining([
          expect.objectContaining({
            id: 'team',
            otel: [expect.objectContaining({ headers: { 'x-key': { env: 'TEAM_OTEL_1_X_KEY' } } })],
            provider_configs: expect.arrayContaining([
              expect.objectContaining({ provider_slug: 'openai', secret: { env: 'TEAM_OPENAI_DEFAULT_KEY' } }),
            ]),
          }),
        ]),
      });
      expect(await run(['plan', path, '--check', '--prune'], {})).toEqual({
        code: 0,
        out: 'Nothing to change.\n',
        err: '',
      });
    });
  });

  describe('from Cloudflare, as whose API ours can stand', () => {
    it('makes the same of another account', async () => {
      await write(FILE);
      await run(['apply', path]);
      const json = join(directory, 'imported.json');
      const other = await insertAccount(gateway, 'other');
      const credentials = ['--url', gateway.origin, '--account', 'default', '--token', ADMIN_TOKEN];

      expect(await run(['import', 'cloudflare', ...credentials, '--out', json], {})).toEqual({
        code: 0,
        out: '',
        err: '',
      });
      const imported = await readFile(json, 'utf8');
      const names = [...imported.matchAll(/"env": "(\w+)"/g)].map(([, name = '']) => name);
      const values = Object.fromEntries(names.map((name) => [name, `value-of-${name}`]));

      for (const secret of Object.values(KEYS)) expect(imported).not.toContain(secret.slice(-4));
      expect((await run(['apply', json], {}, other)).err).toContain('TEAM_OPENAI_DEFAULT_KEY is not set');
      expect((await run(['apply', json], values, other)).err).toBe('');
      expect((await run(['plan', json, '--check'], values, other)).out).toBe('Nothing to change.\n');
      expect(parse((await run(['export'], {}, other)).out)).toEqual(JSON.parse(imported));
    });

    it('is read where its answers differ from ours, and without what a token may not read', async () => {
      const peer = await startCloudflare();
      const command = ['import', 'cloudflare', '--url', peer.url, '--account', 'abc', '--token', 'cf-token'];

      const { code, out, err } = await run(command, {});
      peer.close();

      expect(code).toBe(0);
      expect(err).toBe(
        `Left out: GET accounts/abc/ai-gateway/custom-providers?page=1&per_page=50: 403 Method not allowed for token
gateway "prod": "retry_backoff" is left out: Invalid option: expected one of "constant"|"linear"|"exponential"
`,
      );
      expect(parse(out)).toEqual({
        version: 1,
        custom_providers: [],
        gateways: [
          {
            id: 'prod',
            cache_ttl: 60,
            collect_logs: true,
            provider_configs: [
              {
                provider_slug: 'openai',
                alias: 'default',
                default_config: true,
                secret: { env: 'PROD_OPENAI_DEFAULT_KEY' },
              },
            ],
            routes: [{ name: 'support', elements: [{ id: 'start' }] }],
          },
        ],
      });
      expect(peer.tokens).toEqual(new Set(['Bearer cf-token']));
    });

    it('tells why it could not be read, and never the token', async () => {
      const command = ['import', 'cloudflare', '--url', gateway.origin, '--account', 'default', '--token', 'aig_wrong'];

      const { code, err } = await run(command, {});

      expect(code).toBe(1);
      expect(err).toMatch(/gateways.*401/);
      expect(err).not.toContain('aig_wrong');
    });
  });

  it.each([
    ['no YAML', 'version: [1', /flow|sequence/i],
    ['another version', 'version: 2\n', /version: /],
    ['an unknown list', 'version: 1\ngatways: []\n', /gatways/],
    ['an unknown field of a gateway', 'version: 1\ngateways: [{ id: a, cash_ttl: 1 }]\n', /gateway "a": .*cash_ttl/],
    ['a wrong value', 'version: 1\ngateways: [{ id: a, cache_ttl: soon }]\n', /gateway "a": cache_ttl: .*number/],
    ['the same twice', 'version: 1\ngateways: [{ id: a }, { id: a }]\n', /gateway "a" is there twice/],
    [
      'a plaintext key',
      'version: 1\ngateways: [{ id: a, provider_configs: [{ provider_slug: openai, secret: sk-plain }] }]\n',
      /secret: name an environment variable/,
    ],
    [
      'a route that leads nowhere',
      'version: 1\ngateways: [{ id: a, routes: [{ name: r, elements: [{ id: s, type: start, outputs: { next: { elementId: x } } }] }] }]\n',
      /route "r" of gateway "a": .*x/,
    ],
  ])('is refused with %s, before anything is asked to change', async (_name, text, told) => {
    await write(text);

    const { code, out, err } = await run(['apply', path]);

    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(told);
    expect(err).not.toContain('sk-plain');
    await expect(gateway.admin('GET', '/ai-gateway/gateways/a')).rejects.toThrow('404');
  });

  it.each([
    ['no command', []],
    ['a command nobody knows', ['destroy', 'file.yaml']],
    ['no file', ['plan']],
  ])('shows how it is used for %s', async (_name, args) => {
    expect(await run(args)).toEqual({ code: 1, out: '', err: expect.stringContaining('Usage: ') });
  });
});

/** A control plane that answers as Cloudflare's was seen to, where that differs from ours: numbers for booleans, a route's elements in its version only, lists in `data`, one page whatever is asked. */
async function startCloudflare() {
  const tokens = new Set<string | undefined>();
  const key = {
    id: 'k',
    provider_slug: 'openai',
    alias: 'default',
    default_config: 1,
    secret_id: 's',
    secret_preview: '***',
  };
  const fields = {
    cache_ttl: 60,
    collect_logs: true,
    store_id: 'st',
    retry_backoff: 'wild',
    dlp: null,
    internal_id: 'i',
  };
  const route = { id: 'r1', name: 'support', elements: null };
  const answers: Readonly<Record<string, unknown>> = {
    '/gateways': { result: [{ id: 'prod', is_default: false, ...fields }] },
    '/gateways/prod/provider_configs': { result: [key] },
    '/gateways/prod/routes': { data: { routes: [route], page: 1, per_page: 50 } },
    '/gateways/prod/routes/r1': { result: { ...route, version: { version_id: 'v', data: '[{"id":"start"}]' } } },
  };
  const server = createServer(({ url = '', headers }, response) => {
    tokens.add(headers.authorization);
    const answer = answers[url.replace('/client/v4/accounts/abc/ai-gateway', '').replace(/\?.*/, '')];
    const refusal = {
      success: false,
      errors: [{ code: 10001, message: 'Method not allowed for token' }],
      result: null,
    };
    response.writeHead(answer === undefined ? 403 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer === undefined ? refusal : { success: true, ...answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens,
    close: () => void server.close(),
  };
}
