import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { aConditional, aModel, anEnd, aPercentage, aPlainRoute, aRate, aStart } from '../support/route-elements.js';
import { json, sse, sseHang, StubUpstream, type StubReply } from '../support/stub-upstream.js';

const slugs = ['openai', 'groq', 'anthropic'];
/** A hundred take the embedded database most of a minute while it writes the logs of the calls. */
const DEPLOYMENTS = Number(process.env['ROUTE_DEPLOYMENTS'] ?? 15);
const CALLERS = 4;
const OWN_KEY = 'sk-the-callers-own-key-0123456789';

interface Version {
  readonly version_id: string;
}
interface Route {
  readonly id: string;
  readonly version: Version;
}

let upstream: StubUpstream;
let gateway: RunningGateway;
const records: CallRecord[] = [];

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify(Object.fromEntries(slugs.map((slug) => [slug, `${upstream.origin}/${slug}`]))),
    EGRESS_ALLOW_PRIVATE: 'true',
  });
  await gateway.storeKey('openai', 'key-of-openai-default-01');
  await gateway.storeKey('openai', 'key-of-openai-batch-0001', 'batch');
  await gateway.storeKey('groq', 'key-of-groq-default-0001');
  gateway.app.get(CallRecorder, { strict: false }).calls$.subscribe((record) => records.push(record));
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});
beforeEach(async () => {
  records.length = 0;
  upstream.replies(byModel);
  await gateway.admin('POST', '/ai-gateway/gateways/default/health/reset');
});

const modelOf = (body: unknown): string => (body as { model: string }).model;

/** Models whose name begins with a status answer with that; others answer with their name. */
const byModel: StubReply = (response, request) => {
  const body = request.json() as { model: string; stream?: boolean };
  const status = Number(/^\d{3}/.exec(body.model)?.[0] ?? 200);
  if (status !== 200) {
    const error = { message: `It says ${status}.`, type: 'some_error', param: null, code: null };
    return json(status, { error })(response, request);
  }
  if (body.stream === true) return sse(...aStream(body.model))(response, request);
  return json(200, aCompletion(body.model))(response, request);
};

const routesPath = '/ai-gateway/gateways/default/routes';
const create = async (name: string, elements: readonly unknown[]): Promise<Route> =>
  (await gateway.admin('POST', routesPath, { name, elements })) as Route;

const ask = (model: string, { headers = {}, body = {} }: { headers?: Record<string, string>; body?: object } = {}) =>
  fetch(`${gateway.base}/compat/chat/completions`, {
    method: 'POST',
    headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...hello, model, ...body }),
  });
const metadata = (entries: Record<string, unknown>) => ({ headers: { 'cf-aig-metadata': JSON.stringify(entries) } });
const pathOf = (response: Response): string | null =>
  response.headers.get('cf-aig-route')?.replace(/^.*path=/, '') ?? null;
const contentOf = async (response: Response): Promise<string> => {
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  return choices[0]!.message.content;
};
const errorOf = async (response: Response) =>
  (await response.json()) as { error: Record<string, unknown>; internalCode: number };

describe('elements on the way of a call', () => {
  it('a conditional looks at metadata, body, headers, request and token', async () => {
    await create('conditions', [
      aStart('c1'),
      aConditional('c1', { 'metadata.plan': 'pro', 'body.max_tokens': { $gte: 100 } }, { true: 'm1', false: 'c2' }),
      aConditional('c2', { 'headers.x-region': 'eu', 'request.stream': false }, { true: 'm2', false: 'c3' }),
      aConditional('c3', { 'token.name': { $regex: 'admin', $options: 'i' } }, { true: 'm3', false: 'm1' }),
      aModel('m1', 'openai/one'),
      aModel('m2', 'openai/two'),
      aModel('m3', 'openai/three'),
      anEnd(),
    ]);
    const one = await ask('conditions', { ...metadata({ plan: 'pro' }), body: { max_tokens: 100 } });
    const two = await ask('conditions', { headers: { 'x-region': 'eu' } });
    const three = await ask('conditions');
    expect([await contentOf(one), await contentOf(two), await contentOf(three)]).toEqual(['one', 'two', 'three']);
  });

  it('a rate element counts calls by key, and leads the next ones elsewhere', async () => {
    await create('rated', [
      aStart('r'),
      aRate('r', { limit: 2, window: 3600, key: 'metadata.user' }, { success: 'm1', fallback: 'm2' }),
      aModel('m1', 'openai/one'),
      aModel('m2', 'openai/two'),
      anEnd(),
    ]);
    const answers: string[] = [];
    for (const user of ['ann', 'ann', 'ann', 'bob'])
      answers.push(await contentOf(await ask('rated', metadata({ user }))));
    for (let call = 0; call < 3; call++) answers.push(await contentOf(await ask('rated')));
    expect(answers).toEqual(['one', 'one', 'two', 'one', 'one', 'one', 'one']);
  });

  it('a rate element without a fallback ends the route: 429', async () => {
    await create('strict', [
      aStart('r'),
      aRate('r', { limit: 1, key: '' }, { success: 'm' }),
      aModel('m', 'openai/one'),
      anEnd(),
    ]);
    expect((await ask('strict')).status).toBe(200);
    const response = await ask('strict');
    expect(response.status).toBe(429);
    expect(pathOf(response)).toBe('start>r');
    expect(await errorOf(response)).toMatchObject({
      internalCode: 2003,
      error: {
        message: 'Dynamic route "strict": The limit of element "r" is reached.',
        metadata: { route: { name: 'strict', path: ['start', 'r'] } },
      },
    });
    expect(records.at(-1)).toMatchObject({ status: 429, route: { name: 'strict', path: ['start', 'r'] } });
  });

  it('a route that asks no model is an error that says so', async () => {
    await create('nothing', [
      aStart('c'),
      aConditional('c', { 'metadata.a': 1 }, { true: 'end', false: 'end' }),
      anEnd(),
    ]);
    const response = await ask('nothing');
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ internalCode: 2005, error: { code: 'route_failed' } });
    expect(upstream.received).toHaveLength(0);
  });

  it('a model’s retries and time-out are its own, and the time-out holds for the last one too', async () => {
    await create('patient', [
      aStart('m1'),
      aModel('m1', 'openai/500-first', { success: 'end', fallback: 'm2' }, { retries: 2 }),
      aModel('m2', 'openai/slow', { success: 'end' }, { timeout: 80 }),
      anEnd(),
    ]);
    upstream.replies((response, request) =>
      modelOf(request.json()) === 'slow' ? undefined : byModel(response, request),
    );
    const response = await ask('patient', { headers: { 'cf-aig-retry-delay': '1', 'cf-aig-max-attempts': '1' } });
    expect(response.status).toBe(504);
    expect(records[0]?.attempts.map(({ element, outcome }) => [element, outcome])).toEqual([
      ['m1', 'server'],
      ['m1', 'server'],
      ['m1', 'server'],
      ['m2', 'timeout'],
    ]);
  });

  it('`fallbackOn` narrows what the fallback is taken for', async () => {
    await create('narrow', [
      aStart('m1'),
      aModel('m1', 'openai/400-first', { success: 'end', fallback: 'm2' }, { fallbackOn: ['overload', 'rate_limit'] }),
      aModel('m2', 'openai/two'),
      anEnd(),
    ]);
    await create('wide', [
      aStart('m1'),
      aModel('m1', 'openai/400-first', { success: 'end', fallback: 'm2' }),
      aModel('m2', 'openai/two'),
      anEnd(),
    ]);
    expect((await ask('narrow')).status).toBe(400);
    expect(await contentOf(await ask('wide'))).toBe('two');
  });

  it('a stream succeeds at its first real content, and falls back unseen before that', async () => {
    await create('streams', [
      aStart('m1'),
      aModel('m1', 'openai/hang', { success: 'end', fallback: 'm2' }, { timeout: 100 }),
      aModel('m2', 'openai/two'),
      anEnd(),
    ]);
    upstream.replies((response, request) =>
      modelOf(request.json()) === 'hang' ? sseHang(': ping')(response, request) : byModel(response, request),
    );
    const response = await ask('streams', { body: { stream: true } });
    expect(pathOf(response)).toBe('start>m1>m2>end');
    const body = await response.text();
    expect(body).toContain('two');
    expect(body.trimEnd().endsWith('data: [DONE]')).toBe(true);
  });

  it('sticky callers stay where they are', async () => {
    await create('experiment', [
      aStart('p'),
      aPercentage('p', { '50% a': 'm1', '50% b': 'm2' }, { sticky: 'metadata.user' }),
      aModel('m1', 'openai/one'),
      aModel('m2', 'openai/two'),
      anEnd(),
    ]);
    const arms = new Map<string, Set<string>>();
    for (const user of ['ann', 'bob', 'cy', 'dee', 'eve', 'fay', 'gus', 'hal']) {
      const seen = new Set<string>();
      for (let call = 0; call < 4; call++) seen.add(await contentOf(await ask('experiment', metadata({ user }))));
      arms.set(user, seen);
    }
    expect([...arms.values()].map(({ size }) => size)).toEqual(Array.from(arms, () => 1));
    expect(new Set([...arms.values()].flatMap((seen) => [...seen])).size).toBe(2);
  });
});

describe('keys', () => {
  it('an element names the stored key it uses', async () => {
    await create('aliased', [
      aStart('m'),
      aModel('m', 'openai/one', { success: 'end' }, { keyAlias: 'batch' }),
      anEnd(),
    ]);
    expect((await ask('aliased')).status).toBe(200);
    expect(upstream.last.headers.authorization).toBe('Bearer key-of-openai-batch-0001');
  });

  it('a caller’s own key is shown where all models are at one provider, and never where there are several', async () => {
    await create('single', aPlainRoute('openai/one'));
    await create('several', [
      aStart('m1'),
      aModel('m1', 'openai/500-first', { success: 'end', fallback: 'm2' }),
      aModel('m2', 'groq/two', { success: 'end', fallback: 'm3' }),
      aModel('m3', 'anthropic/three'),
      anEnd(),
    ]);
    const own = { headers: { authorization: `Bearer ${OWN_KEY}` } };
    await ask('single', own);
    expect(upstream.last.headers.authorization).toBe(`Bearer ${OWN_KEY}`);
    upstream.replies(byModel);
    expect(await contentOf(await ask('several', own))).toBe('two');
    expect(upstream.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer key-of-openai-default-01',
      'Bearer key-of-groq-default-0001',
    ]);
  });
});

describe('names', () => {
  it('a route goes by its name, with `dynamic/` before it or not, and a provider’s model goes before it', async () => {
    await create('openai/one', [aStart('m'), aModel('m', 'groq/other'), anEnd()]);
    expect(await contentOf(await ask('openai/one'))).toBe('one');
    expect(await contentOf(await ask('dynamic/openai/one'))).toBe('other');
  });

  it('a name that is none is refused with those that are', async () => {
    const response = await ask('dynamic/nowhere');
    expect(response.status).toBe(400);
    const { error, internalCode } = await errorOf(response);
    expect(internalCode).toBe(2008);
    expect(error['message']).toMatch(
      /^There is no dynamic route "nowhere"\. .*dynamic\/\{route\}, where route is one of: .*strict/,
    );
  });

  it('another gateway does not know it', async () => {
    await gateway.admin('POST', '/ai-gateway/gateways', {
      id: 'elsewhere',
      cache_invalidate_on_update: false,
      cache_ttl: 0,
      collect_logs: true,
      rate_limiting_interval: 0,
      rate_limiting_limit: 0,
    });
    const response = await fetch(`${gateway.origin}/v1/default/elsewhere/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ ...hello, model: 'conditions' }),
    });
    expect(response.status).toBe(400);
  });

  it('a step of a universal request may ask for one', async () => {
    const steps = [
      { provider: 'openai', endpoint: 'chat/completions', query: { ...hello, model: '500-first' } },
      { provider: 'compat', endpoint: 'chat/completions', query: { ...hello, model: 'dynamic/conditions' } },
    ];
    const response = await fetch(gateway.base, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(steps.map((step) => ({ headers: {}, ...step }))),
    });
    expect(response.headers.get('cf-aig-step')).toBe('1');
    expect(pathOf(response)).toBe('start>c1>c2>c3>m3>end');
    expect(await contentOf(response)).toBe('three');
  });

  it('embeddings take one too, and pass models by that make none', async () => {
    await create('vectors', [
      aStart('m1'),
      aModel('m1', 'anthropic/claude', { success: 'end', fallback: 'm2' }),
      aModel('m2', 'openai/text-embedding-3-small'),
      anEnd(),
    ]);
    upstream.replies(
      json(200, {
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
        model: 'm',
        usage: { prompt_tokens: 1, total_tokens: 1 },
      }),
    );
    const response = await fetch(`${gateway.base}/compat/embeddings`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ model: 'vectors', input: 'Hello' }),
    });
    expect(response.status).toBe(200);
    expect(pathOf(response)).toBe('start>m1>m2>end');
  });
});

describe('a route within a route', () => {
  it('answers for the element that names it, and fails for it', async () => {
    await create('inside', [
      aStart('a'),
      aModel('a', 'openai/500-a', { success: 'end', fallback: 'b' }),
      aModel('b', 'openai/503-b'),
      anEnd(),
    ]);
    await create('around', [
      aStart('route'),
      aModel('route', 'dynamic/inside', { success: 'end', fallback: 'last' }),
      aModel('last', 'openai/last'),
      anEnd(),
    ]);
    const response = await ask('around');
    expect(await contentOf(response)).toBe('last');
    expect(pathOf(response)).toBe('start>route>route/start>route/a>route/b>last>end');
    expect(records[0]?.attempts.map(({ element, outcome }) => `${element} ${outcome}`)).toEqual([
      'route/a server',
      'route/b overload',
      'last ok',
    ]);
  });

  it('whose inner route is gone takes the fallback', async () => {
    const { id } = await create('short-lived', aPlainRoute('openai/one'));
    await create('left-behind', [
      aStart('route'),
      aModel('route', 'dynamic/short-lived', { success: 'end', fallback: 'last' }),
      aModel('last', 'openai/last'),
      anEnd(),
    ]);
    await gateway.admin('DELETE', `${routesPath}/${id}`);
    expect(await contentOf(await ask('left-behind'))).toBe('last');
    expect((await ask('short-lived')).status).toBe(400);
  });

  it('may name a custom provider', async () => {
    await gateway.admin('POST', '/ai-gateway/custom-providers', {
      name: 'House models',
      slug: 'house',
      enable: true,
      base_url: `${upstream.origin}/house`,
    });
    await create('custom', aPlainRoute('custom-house/tiny'));
    const response = await ask('custom');
    expect(await contentOf(response)).toBe('tiny');
    expect(response.headers.get('cf-aig-provider')).toBe('custom-house');
  });
});

describe('the simulator', () => {
  const simulate = (path: string, body: object) => gateway.admin('POST', `${routesPath}/${path}/simulate`, body);
  let route: Route;

  beforeAll(async () => {
    route = await create('rehearsed', [
      aStart('c'),
      aConditional('c', { 'metadata.plan': 'pro' }, { true: 'r', false: 'p' }),
      aRate('r', { limit: 1, window: 3600, key: 'metadata.user' }, { success: 'm1', fallback: 'm2' }),
      aPercentage('p', { '30%': 'm1', '70%': 'm2' }),
      aModel('m1', 'openai/one', { success: 'end', fallback: 'm2' }),
      aModel('m2', 'groq/two', { success: 'end' }),
      anEnd(),
    ]);
  });

  it('tells the way with its reasons, calls nobody and counts nothing', async () => {
    const call = { metadata: { plan: 'pro', user: 'ann' }, outcomes: { m1: 'timeout' } };
    const first = await simulate(route.id, call);
    const again = await simulate(route.id, call);
    expect(first).toEqual({
      id: route.id,
      name: 'rehearsed',
      version_id: route.version.version_id,
      path: ['start', 'c', 'r', 'm1', 'm2', 'end'],
      header: `rehearsed;version=${route.version.version_id};path=start>c>r>m1>m2>end`,
      steps: [
        { element: 'start', type: 'start', output: 'next', reason: '' },
        { element: 'c', type: 'conditional', output: 'true', reason: 'The conditions hold: metadata.plan is "pro".' },
        {
          element: 'r',
          type: 'rate',
          output: 'success',
          reason: 'metadata.user "ann": there is room within 1 calls in 3600 s.',
        },
        { element: 'm1', type: 'model', output: 'fallback', reason: 'openai/one fails: timeout.' },
        { element: 'm2', type: 'model', output: 'success', reason: 'groq/two answers.' },
        { element: 'end', type: 'end', output: null, reason: 'The answer goes to the caller.' },
      ],
      answer: { element: 'm2', provider: 'groq', model: 'two' },
      error: null,
      unused_outcomes: [],
    });
    expect(again).toEqual(first);
    expect(upstream.received).toHaveLength(0);

    // A real call is counted, and the simulation sees that.
    expect(pathOf(await ask('rehearsed', metadata({ plan: 'pro', user: 'ann' })))).toBe('start>c>r>m1>end');
    expect(await simulate(route.id, call)).toMatchObject({
      path: ['start', 'c', 'r', 'm2', 'end'],
      unused_outcomes: ['m1'],
    });
  });

  it('takes what elements do from the script', async () => {
    const ways = await Promise.all(
      [
        { chance: 0.29 },
        { chance: 0.3 },
        { outcomes: { p: '70%' } },
        { outcomes: { c: 'true', r: 'fallback' } },
        { chance: 0, outcomes: { m1: 'overload', m2: 'rate_limit' } },
      ].map((body) => simulate(route.id, body)),
    );
    expect(ways.map((way) => (way as { path: string[] }).path.join('>'))).toEqual([
      'start>c>p>m1>end',
      'start>c>p>m2>end',
      'start>c>p>m2>end',
      'start>c>r>m2>end',
      'start>c>p>m1>m2',
    ]);
    expect(ways[4]).toMatchObject({ answer: null, error: { class: 'rate_limit' } });
  });

  it('walks a version before it is deployed, and refuses outcomes that are none', async () => {
    const { version_id } = (await gateway.admin('POST', `${routesPath}/${route.id}/versions`, {
      elements: aPlainRoute('groq/next'),
    })) as Version;
    expect(await simulate(`${route.id}/versions/${version_id}`, {})).toMatchObject({
      version_id,
      answer: { element: 'm', provider: 'groq', model: 'next' },
    });
    await expect(simulate(route.id, { outcomes: { c: 'maybe' } })).rejects.toThrow(
      /400 .*none of the element's outputs/,
    );
    await expect(simulate(route.id, { outcomes: { m2: 'tired' }, chance: 0.9 })).rejects.toThrow(
      /400 .*is \\"success\\" or one of/,
    );
    await expect(simulate(route.id, { outcome: {} })).rejects.toThrow(/400/);
  });
});

it(`${DEPLOYMENTS} deployments under load: no call fails, and none mixes versions`, async () => {
  const elementsOf = (version: number) => [
    aStart('a'),
    aModel('a', `openai/503-v${version}-a`, { success: 'end', fallback: 'b' }),
    aModel('b', `groq/v${version}-b`),
    anEnd(),
  ];
  const route = await create('moving', elementsOf(0));
  const versions = [route.version.version_id];
  for (let version = 1; version < 5; version++) {
    const saved = (await gateway.admin('POST', `${routesPath}/${route.id}/versions`, {
      elements: elementsOf(version),
    })) as Version;
    versions.push(saved.version_id);
  }

  const over = new AbortController();
  const wrong: string[] = [];
  const seen = new Set<string>();
  let calls = 0;
  const caller = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const response = await ask('moving');
      const body = await response.text();
      calls++;
      const taken = /version=([^;]+);/.exec(response.headers.get('cf-aig-route') ?? '')?.[1] ?? '';
      const version = versions.indexOf(taken);
      const named = [...`${response.headers.get('cf-aig-attempts')} ${body}`.matchAll(/v(\d+)-[ab]/g)].map(([, n]) =>
        Number(n),
      );
      seen.add(taken);
      if (response.status !== 200 || version === -1 || named.length < 3 || named.some((n) => n !== version))
        wrong.push(
          `${response.status} ${response.headers.get('cf-aig-route')} ${response.headers.get('cf-aig-attempts')}`,
        );
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  for (let deployment = 1; deployment <= DEPLOYMENTS; deployment++) {
    const version_id = versions[deployment % versions.length]!;
    await gateway.admin('POST', `${routesPath}/${route.id}/deployments`, { version_id });
    // Whoever deployed it sees it at once.
    const response = await ask('moving');
    await response.text();
    if (!response.headers.get('cf-aig-route')!.includes(version_id)) wrong.push(`not seen: ${version_id}`);
  }
  over.abort();
  await Promise.all(callers);

  expect(wrong).toEqual([]);
  expect(seen.size).toBe(versions.length);
  expect(calls).toBeGreaterThan(DEPLOYMENTS);
});
