import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

const messages = JSON.stringify(hello.messages);
const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);
const list = (item: string, count: number): string => `[${Array.from({ length: count }, () => item).join(',')}]`;

/** Values that are small to send and large to have, hard to walk, or more than a number can be. */
const BOMBS: Readonly<Record<string, string>> = {
  'a million lists in each other': nested(1_000_000),
  'a hundred thousand objects in each other': nested(100_000, '{"a":', '}').replace('{"a":}', '{"a":1}'),
  'lists that never end': '['.repeat(500_000),
  'three hundred thousand empty objects': list('{}', 300_000),
  'a hundred thousand members': `{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join(',')}}`,
  'a number of a million digits': '9'.repeat(1_000_000),
  'a number beyond all numbers': '1e400',
  'a number below all numbers': '-1e400',
  'a number too small to be one': '1e-400',
  'a text of a million escapes': `"${'\\u0000'.repeat(1_000_000)}"`,
  'lone surrogates': '"\\ud800\\udc00\\ud800"',
};

describe('JSON bombs', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    const providers = ['openai', 'anthropic', 'google-ai-studio', 'cohere', 'aws-bedrock'];
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify(Object.fromEntries(providers.map((slug) => [slug, upstream.origin]))),
      EGRESS_ALLOW_PRIVATE: 'true',
    });
    await gateway.storeKey('openai', 'sk-stored-0123456789');
  }, 120_000);
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  // Whichever provider it is: it has been asked, and wants none of it.
  beforeEach(() => upstream.replies(json(400, { error: { message: 'no' } })));

  const post = (path: string, body: string, origin = gateway.base): Promise<Response> =>
    fetch(origin + path, {
      method: 'POST',
      headers: {
        'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
        authorization: 'Bearer sk-inline-0123456789',
        'content-type': 'application/json',
        'cf-aig-max-attempts': '1',
      },
      body,
    });

  /** Each with the bomb where nobody looks, and where somebody does. */
  const places: Readonly<Record<string, (bomb: string) => readonly [path: string, body: string]>> = {
    'a field that is passed on': (bomb) => [
      '/compat/chat/completions',
      `{"model":"openai/m","messages":${messages},"x":${bomb}}`,
    ],
    'a tool’s schema, translated': (bomb) => [
      '/compat/chat/completions',
      `{"model":"anthropic/m","messages":${messages},"tools":[{"type":"function","function":{"name":"f","parameters":${bomb}}}]}`,
    ],
    'another’s': (bomb) => [
      '/compat/chat/completions',
      `{"model":"google-ai-studio/gemini-2.0-flash","messages":${messages},"tools":[{"type":"function","function":{"name":"f","parameters":${bomb}}}]}`,
    ],
    'a message': (bomb) => [
      '/compat/chat/completions',
      `{"model":"cohere/m","messages":[{"role":"user","content":${bomb}}]}`,
    ],
    'the messages': (bomb) => ['/compat/chat/completions', `{"model":"openai/m","messages":${bomb}}`],
    'the limit of tokens': (bomb) => [
      '/compat/chat/completions',
      `{"model":"openai/m","messages":${messages},"max_tokens":${bomb}}`,
    ],
    'how many answers': (bomb) => [
      '/compat/chat/completions',
      `{"model":"sandbox/echo","messages":${messages},"n":${bomb}}`,
    ],
    'an input': (bomb) => ['/compat/embeddings', `{"model":"openai/m","input":${bomb}}`],
    'the model': (bomb) => ['/compat/chat/completions', `{"model":${bomb},"messages":${messages}}`],
    'a provider’s own body': (bomb) => ['/openai/chat/completions', `{"model":"m","messages":${bomb}}`],
    'a step’s body': (bomb) => ['', `[{"provider":"openai","endpoint":"chat/completions","query":${bomb}}]`],
    'a step’s headers': (bomb) => ['', `[{"provider":"openai","endpoint":"x","headers":${bomb},"query":{}}]`],
    'the steps': (bomb) => ['', bomb],
  };

  it.each(Object.entries(BOMBS))('do no harm, wherever they stand: %s', async (_name, bomb) => {
    for (const [place, toRequest] of Object.entries(places)) {
      const [path, body] = toRequest(bomb);
      const response = await post(path, body);
      await response.text();

      expect([place, response.status < 500]).toEqual([place, true]);
    }
    expect((await fetch(`${gateway.origin}/healthz`)).status).toBe(200);
  });

  it.each(Object.entries(BOMBS).map(([name, bomb]) => [name, bomb.slice(0, 1_000_000)]))(
    'do no harm on the control plane: %s',
    async (_name, bomb) => {
      const origin = `${gateway.origin}/client/v4/accounts/default`;
      const gateways = '/ai-gateway/gateways';
      const requests: readonly (readonly [string, string])[] = [
        ['/tokens', bomb],
        ['/tokens', `{"name":"x","policies":${bomb}}`],
        [gateways, `{"id":"x","otel":${bomb}}`],
        [`${gateways}/default/routes`, `{"name":"x","elements":${bomb}}`],
        [
          `${gateways}/default/routes`,
          `{"name":"x","elements":[{"id":"c","type":"conditional","properties":{"conditions":{"body.x":${bomb}}},"outputs":{}}]}`,
        ],
        ['/ai-gateway/custom-providers', `{"name":"x","slug":"x","base_url":"https://a.example","headers":${bomb}}`],
        ['/ai-gateway/prices', `{"provider":"openai","model":"m","prices":{"input":${bomb}}}`],
      ];
      for (const [path, body] of requests) {
        const response = await fetch(origin + path, {
          method: 'POST',
          headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
          body,
        });
        await response.text();
        // A number too small to be one is 0, and may be a price.
        expect([path, [200, 400, 413].includes(response.status)]).toEqual([path, true]);
      }
    },
  );

  it.each([
    ['the model', `{"model":"nope/x","model":"openai/m","messages":${messages}}`],
    ['the model, written otherwise', `{"mod\\u0065l":"nope/x","model":"openai/m","messages":${messages}}`],
    ['the model, among others', `{"model":"nope/x","n":1,"model":"openai/m","messages":${messages}}`],
    ['a model that was there', `{"model":"openai/dear","temperature":0,"model":"openai/m","messages":${messages}}`],
  ])('say nothing to a provider that the gateway has not read: %s twice', async (_name, body) => {
    upstream.replies(json(200, aCompletion()));
    const response = await post('/compat/chat/completions', body);

    // Whichever of the two the provider’s parser takes, it is the one that was checked and is counted.
    expect(response.status).toBe(200);
    expect(response.headers.get('cf-aig-model')).toBe('m');
    const sent = upstream.last.body.toString().replaceAll('\\u0065', 'e');
    expect([...sent.matchAll(/"model":"([^"]*)"/g)].map(([, model]) => model).filter((model) => model !== 'm')).toEqual(
      [],
    );
  });
});
