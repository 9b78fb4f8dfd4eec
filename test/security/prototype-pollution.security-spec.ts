import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfigFile } from '../../src/config-files/config-file.js';
import { ConfigProblems } from '../../src/config-files/config-problems.js';
import { aCompletion, hello } from '../support/builders.js';
import { accountDoors, bodiesOf, control, everyRow, type Furniture, furnish } from '../support/control-plane.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

const KEYS = ['__proto__', 'constructor', 'prototype'] as const;
const PAYLOAD = '{"polluted":"yes","isAdmin":true,"collectLogs":false,"prototype":{"polluted":"yes"}}';
/** JSON text with a member of that name in front: `JSON.stringify` would drop `__proto__`. */
const withMember = (body: object, key: string): string => {
  const text = JSON.stringify(body);
  return `{${JSON.stringify(key)}:${PAYLOAD}${text === '{}' ? '' : ','}${text.slice(1)}`;
};

describe('prototype pollution', () => {
  const admin = { account: 'default', token: ADMIN_TOKEN };
  let upstream: StubUpstream;
  let gateway: RunningGateway;
  let ids: Furniture;
  const untouched = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    upstream.replies((response, request) => {
      const list = {
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
        model: 'm',
        usage: {},
      };
      void json(200, request.path.includes('embeddings') ? list : aCompletion())(response, request);
    });
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin, anthropic: upstream.origin }),
    });
    await gateway.storeKey('openai', 'sk-stored-0123456789');
    ids = await furnish(gateway, admin, 'furnished');
  }, 120_000);
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  const expectUntouched = (): void => {
    // The gateway runs in this very process: what one request did to all objects would show here.
    expect('polluted' in {}).toBe(false);
    expect('isAdmin' in {}).toBe(false);
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(untouched);
    expect(Object.keys(Object)).toEqual([]);
  };
  afterEach(expectUntouched);

  const fill = (path: string): string =>
    path.replaceAll(/:(\w+)/g, (_, name: string) => Object.entries(ids).find(([own]) => own === name)?.[1] ?? name);
  const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(gateway.base + path, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      body,
    });

  it.each(KEYS)('by "%s" in a body of the control plane, at any door', async (key) => {
    const doors = accountDoors(gateway).filter((door) => /^(?:POST|PUT|PATCH) /.test(door));

    for (const door of doors) {
      const body = bodiesOf('default', ids)[door] ?? {};
      const [method = '', path = ''] = door.split(' ');
      const text = Array.isArray(body)
        ? `[${body.map((item) => withMember(item, key)).join(',')}]`
        : withMember(body, key);
      const { status } = await control(gateway, admin, method, fill(path), text);
      expect([door, status < 500]).toEqual([door, true]);
    }
    expect(JSON.stringify(await everyRow(gateway))).not.toContain('polluted');
  });

  it.each(KEYS)('by "%s" in a body of the data plane', async (key) => {
    const chat = { model: 'openai/m', ...hello };
    const message = withMember({ role: 'user', content: 'hi' }, key);
    const requests: readonly (readonly [string, string])[] = [
      ['/compat/chat/completions', withMember(chat, key)],
      ['/compat/chat/completions', `{"model":"openai/m","n":1,"messages":[${message}]}`],
      ['/compat/chat/completions', withMember({ ...chat, model: 'anthropic/m', tools: [] }, key)],
      ['/compat/embeddings', withMember({ model: 'openai/m', input: 'hi' }, key)],
      ['/openai/chat/completions', withMember(chat, key)],
      ['', `[${withMember({ provider: 'openai', endpoint: 'chat/completions', query: chat }, key)}]`],
      ['', `[{"provider":"openai","endpoint":"x","query":{},"headers":${withMember({}, key)}}]`],
      ['', `[{"provider":"openai","endpoint":"x","query":{},"config":${withMember({}, key)}}]`],
    ];

    for (const [path, body] of requests) {
      const response = await post(path, body);
      expect([path, response.status < 500]).toEqual([path, true]);
      await response.text();
    }
  });

  it.each(KEYS)('by "%s" in the metadata, and it is kept as a name like any other', async (key) => {
    const response = await post('/compat/chat/completions', JSON.stringify({ model: 'openai/m', ...hello }), {
      'cf-aig-metadata': `{${JSON.stringify(key)}:"polluted"}`,
      'cf-aig-custom-cost': `{${JSON.stringify(key)}:{"per_token_in":1}}`,
    });

    expect(response.status).toBe(200);
    expect(response.headers.get('cf-aig-metadata-dropped')).toBeNull();
  });

  it.each(KEYS)('by "%s" in a query string or a filter', async (key) => {
    const logs = '/ai-gateway/gateways/furnished/logs';
    const queries = [
      `${key}=1`,
      `${key}[polluted]=yes`,
      `${key}.polluted=yes`,
      `filters[0][${key}]=yes&filters[0][key]=model&filters[0][operator]=eq&filters[0][value]=m`,
      `filters[${key}][key]=model`,
      `filters.${key}=yes&filters.key=model&filters.operator=eq&filters.value=m`,
      `filters=${encodeURIComponent(`[{"${key}":{"polluted":"yes"},"key":"model","operator":"eq","value":["m"]}]`)}`,
      `filters=${encodeURIComponent(`{"${key}":[]}`)}`,
      `order_by=${key}`,
    ];

    for (const query of queries) {
      const { status } = await control(gateway, admin, 'GET', `${logs}?${query}`);
      expect([query, [200, 400].includes(status)]).toEqual([query, true]);
    }
    // A filter with a word that is none is refused, not passed over: what is left of it might hold for everything.
    const strange = `filters[0][${key}]=yes&filters[0][key]=model&filters[0][operator]=eq&filters[0][value]=m`;
    expect((await control(gateway, admin, 'GET', `${logs}?${strange}`)).status).toBe(400);
  });

  it.each(KEYS)('by "%s" in a route’s conditions, which read a call’s own members only', async (key) => {
    const route = (conditions: object) => ({
      name: `polluted-${key}-${Object.keys(conditions)[0]}`,
      elements: [
        { id: 'start', type: 'start', outputs: { next: { elementId: 'c' } } },
        {
          id: 'c',
          type: 'conditional',
          properties: { conditions },
          outputs: { true: { elementId: 'm' }, false: { elementId: 'end' } },
        },
        {
          id: 'm',
          type: 'model',
          properties: { provider: 'sandbox', model: 'echo' },
          outputs: { success: { elementId: 'end' } },
        },
        { id: 'end', type: 'end', outputs: {} },
      ],
    });
    for (const path of [`metadata.${key}`, `body.${key}.name`, `body.messages.${key}`]) {
      const made = (await gateway.admin(
        'POST',
        '/ai-gateway/gateways/furnished/routes',
        route({ [path]: { $exists: true } }),
      )) as { id: string };
      const simulated = await control(
        gateway,
        admin,
        'POST',
        `/ai-gateway/gateways/furnished/routes/${made.id}/simulate`,
        { request: hello },
      );
      expect([path, simulated.status, simulated.text.includes('"answer":null')]).toEqual([path, 200, true]);
    }
    const refused = await control(
      gateway,
      admin,
      'POST',
      '/ai-gateway/gateways/furnished/routes',
      route({ [`${key}.x`]: 1 }),
    );
    expect(refused.status).toBe(400);
  });

  it.each(KEYS)('by "%s" in a configuration file', (key) => {
    const texts = [
      `version: 1\n${key}: {polluted: yes}\n`,
      `{"version":1,${JSON.stringify(key)}:${PAYLOAD}}`,
      `version: 1\ngateways: [{id: a, ${key}: {polluted: yes}}]\n`,
      `version: 1\ngateways: [{id: a, <<: {${key}: {polluted: yes}}}]\n`,
    ];
    for (const text of texts) {
      try {
        const file = readConfigFile(text);
        expect(Object.getPrototypeOf(file)).toBe(Object.prototype);
        expect(Object.getPrototypeOf(file.gateways?.[0])).toBe(Object.prototype);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigProblems);
      }
    }
  });
});
