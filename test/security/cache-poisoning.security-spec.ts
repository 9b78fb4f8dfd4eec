import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aCompletion, hello } from '../support/builders.js';
import { GATEWAY_SETTINGS } from '../support/control-plane.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertAccount } from '../support/second-account.js';
import { json, StubUpstream } from '../support/stub-upstream.js';

type Headers = Readonly<Record<string, string>>;

const CHAT = '/compat/chat/completions';
const NATIVE = '/openai/chat/completions';

describe('GHSA-h9ww-f95j-h54c: answers from the cache', () => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;
  let foreign: string;
  let question = 0;

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
    foreign = await insertAccount(gateway, 'foreign');
    await gateway.storeKey('openai', 'sk-stored-0123456789');
    await gateway.storeKey('openai', 'sk-other-0123456789', 'other');
    await gateway.admin('PUT', '/ai-gateway/gateways/default', { ...GATEWAY_SETTINGS, cache_ttl: 600 });
    await gateway.admin('POST', '/ai-gateway/gateways', { id: 'second', ...GATEWAY_SETTINGS, cache_ttl: 600 });
  }, 120_000);
  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => {
    question++;
    // Each answer tells which one it is, and what it was told.
    upstream.replies((response, request) =>
      json(200, aCompletion(`answer ${upstream.received.length} of ${request.path}`))(response, request),
    );
  });

  const about = (rest: object = {}) => ({
    model: 'm',
    messages: [...hello.messages, { role: 'user', content: `question ${question}` }],
    ...rest,
  });

  async function ask(
    path: string,
    body: unknown,
    headers: Headers = {},
    place = 'default/default',
    token = ADMIN_TOKEN,
  ) {
    const response = await fetch(`${gateway.origin}/v1/${place}${path}`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return {
      status: response.status,
      cached: response.headers.get('cf-aig-cache-status'),
      text: await response.text(),
      headers: response.headers,
    };
  }

  it('are given to the same question', async () => {
    const first = await ask(CHAT, about({ model: 'openai/m' }));
    const again = await ask(CHAT, about({ model: 'openai/m' }), {
      'user-agent': 'other',
      traceparent: 'x',
      'x-stainless-retry-count': '1',
    });

    expect([first.cached, again.cached, again.text]).toEqual(['MISS', 'HIT', first.text]);
  });

  it.each<[string, Headers, Headers]>([
    ['a key of their own', {}, { authorization: 'Bearer sk-inline-0123456789' }],
    [
      'another key of their own',
      { authorization: 'Bearer sk-inline-0123456789' },
      { authorization: 'Bearer sk-inline-9876543210' },
    ],
    ['another stored key', {}, { 'cf-aig-byok-alias': 'other' }],
  ])('are not given to callers with %s, even under one name', async (_name, one, other) => {
    for (const path of [CHAT, NATIVE]) {
      const body = about({ model: path === CHAT ? 'openai/m' : 'm' });
      for (const own of [{}, { 'cf-aig-cache-key': `shared-${question}` }]) {
        const first = await ask(path, body, { ...one, ...own });
        const second = await ask(path, body, { ...other, ...own });

        expect([path, first.cached, second.cached]).toEqual([path, 'MISS', 'MISS']);
      }
    }
  });

  it.each([
    'x-amzn-bedrock-guardrailidentifier',
    'anthropic-beta',
    'openai-organization',
    'x-goog-user-project',
    'x-wait-for-model',
    'accept',
    'x-invented-tomorrow',
    'range',
  ])('are not given to those whose %s is another, since it may make the answer', async (name) => {
    const plain = await ask(NATIVE, about());
    const poisoned = await ask(NATIVE, about(), { [name]: 'evil' });
    const other = await ask(NATIVE, about(), { [name]: 'good' });
    const again = await ask(NATIVE, about(), { [name]: 'evil' });

    expect([plain.cached, poisoned.cached, other.cached, again.cached]).toEqual(['MISS', 'MISS', 'MISS', 'HIT']);
  });

  it.each([
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-original-url',
    'x-rewrite-url',
    'forwarded',
    'x-http-host-override',
    'cf-aig-invented',
  ])('tell nothing of %s', async (name) => {
    const poisoned = await ask(CHAT, about({ model: 'openai/m' }), { [name]: 'evil.example' });
    const victim = await ask(CHAT, about({ model: 'openai/m' }));

    expect(victim.cached).toBe('HIT');
    for (const { text, headers } of [poisoned, victim])
      expect(`${text}${JSON.stringify([...headers])}`).not.toContain('evil.example');
  });

  it('are a gateway’s and an account’s own, under the same name too', async () => {
    const own = {
      'cf-aig-cache-key': 'everybodys',
      'cf-aig-cache-ttl': '600',
      authorization: 'Bearer sk-inline-0123456789',
    };
    const body = about({ model: 'openai/m' });

    const answers = [
      await ask(CHAT, body, own),
      await ask(CHAT, body, own, 'default/second'),
      await ask(CHAT, body, own, 'foreign/default', foreign),
      await ask(CHAT, body, own),
    ];

    expect(answers.map(({ cached }) => cached)).toEqual(['MISS', 'MISS', 'MISS', 'HIT']);
  });

  it('are no answer to another path, method, query or form, under the same name too', async () => {
    const own = { 'cf-aig-cache-key': `forms-${question}` };
    const answers = [
      await ask(NATIVE, about(), own),
      await ask('/openai/responses', about(), own),
      await ask(`${NATIVE}?api-version=2`, about(), own),
      await ask(CHAT, about({ model: 'openai/m' }), own),
      await ask(CHAT, about({ model: 'openai/m', stream: true }), own),
    ];

    expect(answers.map(({ cached }) => cached)).toEqual(['MISS', 'MISS', 'MISS', 'MISS', 'MISS']);
  });

  it('are none to a body that says a thing twice', async () => {
    const messages = JSON.stringify(about().messages);
    const texts = [
      `{"model":"openai/m","temperature":0,"messages":${messages}}`,
      `{"model":"openai/m","temperature":0,"temperature":1,"messages":${messages}}`,
      `{"model":"openai/m","temperature":1,"temperature":0,"messages":${messages}}`,
      `{"model":"openai/m","temperatur\\u0065":1,"temperature":0,"messages":${messages}}`,
    ];
    const answers = [];
    for (const text of texts) answers.push(await ask(CHAT, text));

    expect(answers.map(({ cached }) => cached)).toEqual(['MISS', 'MISS', 'MISS', 'MISS']);
  });

  it.each([400, 401, 404, 429, 500, 503])('are never errors: %d', async (status) => {
    upstream.replies(json(status, { error: { message: 'no' } }), json(200, aCompletion()));
    const headers = { 'cf-aig-max-attempts': '1' };
    const failed = await ask(NATIVE, about(), headers);
    await gateway.admin('POST', '/ai-gateway/gateways/default/health/reset');
    const next = await ask(NATIVE, about(), headers);

    expect([failed.status, next.status, next.cached]).toEqual([status, 200, 'MISS']);
  });

  it('bring nobody a cookie', async () => {
    upstream.replies(json(200, aCompletion(), { 'set-cookie': 'session=theirs' }));
    const answers = [await ask(NATIVE, about()), await ask(NATIVE, about())];

    expect(answers.map(({ cached, headers }) => [cached, headers.get('set-cookie')])).toEqual([
      ['MISS', null],
      ['HIT', null],
    ]);
  });
});
