import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Cloudflare, { BadRequestError, NotFoundError } from 'cloudflare';

import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { aConditional, aModel, anEnd, aPercentage, aPlainRoute, aRate, aStart } from '../support/route-elements.js';

const account_id = 'default';
const gateway_id = 'default';

type Elements = Cloudflare.AIGateway.DynamicRoutingCreateParams['elements'];

/** The types say that outputs are always there, and know no arm of a percentage by its name. */
const elementsOf = (elements: readonly unknown[]): Elements => elements as Elements;

const everyKind = elementsOf([
  aStart('tier'),
  aConditional('tier', { 'metadata.tier': { $in: ['pro', 'team'] } }, { true: 'budget', false: 'small' }),
  aRate(
    'budget',
    { limitType: 'cost', key: 'metadata.org', limit: 25, window: 86_400 },
    { success: 'split', fallback: 'small' },
  ),
  aPercentage('split', { '90%': 'big', '10%': 'new' }),
  aModel('big', 'anthropic/claude-sonnet-4-5', { success: 'end', fallback: 'small' }, { timeout: 8000, retries: 1 }),
  aModel('new', 'openai/gpt-5.2', { success: 'end', fallback: 'small' }),
  aModel('small', 'openai/gpt-5-mini', { success: 'end', fallback: 'end' }, { timeout: 8000, retries: 2 }),
  anEnd(),
]);
const plain = (model: string) => elementsOf(aPlainRoute(model));

describe('the cloudflare SDK on dynamic routes', () => {
  let gateway: RunningGateway;
  let client: Cloudflare;
  let routing: Cloudflare['aiGateway']['dynamicRouting'];

  beforeAll(async () => {
    gateway = await startGateway();
    client = new Cloudflare({ baseURL: `${gateway.origin}/client/v4`, apiToken: ADMIN_TOKEN });
    routing = client.aiGateway.dynamicRouting;
  });
  afterAll(() => gateway.close());

  it('creates a route whose first version serves, reads it, renames it and deletes it', async () => {
    const created = await routing.create(gateway_id, { account_id, name: 'support', elements: everyKind });
    const read = await routing.get(created.id, { account_id, gateway_id });
    const renamed = await routing.update(created.id, { account_id, gateway_id, name: 'customer-support' });
    const deleted = await routing.delete(created.id, { account_id, gateway_id });

    expect(created).toMatchObject({ name: 'support', gateway_id, elements: everyKind });
    expect(created.version).toMatchObject({ active: 'true', is_valid: true });
    expect(JSON.parse(created.version.data)).toEqual(everyKind);
    expect(created.deployment.version_id).toBe(created.version.version_id);
    expect(Number.isNaN(Date.parse(created.created_at))).toBe(false);
    expect(read).toEqual(created);
    expect(renamed).toMatchObject({ success: true, route: { id: created.id, name: 'customer-support' } });
    expect(deleted).toMatchObject({ id: created.id, name: 'customer-support', elements: everyKind });
    expect(deleted).not.toHaveProperty('deployment');
    await expect(routing.get(created.id, { account_id, gateway_id })).rejects.toBeInstanceOf(NotFoundError);
  });

  it('saves versions that serve only when they are deployed, and goes back to an older one', async () => {
    const route = await routing.create(gateway_id, { account_id, name: 'versions', elements: plain('openai/gpt-5.2') });
    const first = route.version.version_id;
    const saved = await routing.createVersion(route.id, { account_id, gateway_id, elements: plain('groq/llama') });
    const { data: before } = await routing.listVersions(route.id, { account_id, gateway_id });
    const second = before.versions.find(({ active }) => active === 'false')!.version_id;
    const deployed = await routing.createDeployment(route.id, { account_id, gateway_id, version_id: second });
    const serving = await routing.get(route.id, { account_id, gateway_id });
    const version = await routing.getVersion(second, { account_id, gateway_id, id: route.id });
    await routing.createDeployment(route.id, { account_id, gateway_id, version_id: first });
    const back = await routing.get(route.id, { account_id, gateway_id });
    const { data, success } = await routing.listDeployments(route.id, { account_id, gateway_id });

    expect(saved).toMatchObject({ id: route.id, name: 'versions', gateway_id, elements: plain('groq/llama') });
    expect(before.versions.map(({ version_id, active }) => [version_id, active])).toEqual([
      [second, 'false'],
      [first, 'true'],
    ]);
    expect(deployed).toMatchObject({ id: route.id, elements: plain('groq/llama') });
    expect(serving).toMatchObject({ version: { version_id: second, active: 'true' }, elements: plain('groq/llama') });
    expect(version).toMatchObject({ id: route.id, version_id: second, active: 'true', elements: plain('groq/llama') });
    expect(JSON.parse(version.data)).toEqual(plain('groq/llama'));
    expect(back.version.version_id).toBe(first);
    expect(success).toBe(true);
    expect(data.deployments.map(({ version_id }) => version_id)).toEqual([first, second, first]);
    expect(new Set(data.deployments.map(({ deployment_id }) => deployment_id)).size).toBe(3);
  });

  it('lists a page at a time, outside `result` and in it', async () => {
    await client.aiGateway.create({
      account_id,
      id: 'listed',
      cache_invalidate_on_update: false,
      cache_ttl: 0,
      collect_logs: false,
      rate_limiting_interval: 0,
      rate_limiting_limit: 0,
    });
    for (const name of ['one', 'two', 'three'])
      await routing.create('listed', { account_id, name, elements: plain('openai/gpt-5.2') });
    const first = await routing.list('listed', { account_id, per_page: 2 });
    const second = await routing.list('listed', { account_id, page: 2, per_page: 2 });
    const third = await routing.list('listed', { account_id, page: 3, per_page: 2 });
    const mirrored = await gateway.admin('GET', '/ai-gateway/gateways/listed/routes?per_page=2');

    expect(first).toMatchObject({ success: true, data: { page: 1, per_page: 2, order_by: 'created_at' } });
    expect([first, second, third].map(({ data }) => data.routes.map(({ name }) => name))).toEqual([
      ['three', 'two'],
      ['one'],
      [],
    ]);
    expect(first.data.routes[0]).toMatchObject({
      account_tag: account_id,
      gateway_id: 'listed',
      version: { active: 'true' },
    });
    expect(mirrored).toEqual(first.data.routes);
  });

  it('says what is wrong with a graph, and stores nothing of it', async () => {
    const route = await routing.create(gateway_id, { account_id, name: 'whole', elements: plain('openai/gpt-5.2') });
    const broken = elementsOf([aStart('m'), aModel('m', 'nobody/x', { success: 'end', fallback: 'm2' }), anEnd()]);
    const attempts = [
      routing.create(gateway_id, { account_id, name: 'broken', elements: broken }),
      routing.createVersion(route.id, { account_id, gateway_id, elements: broken }),
    ];
    for (const attempt of attempts) {
      const error = await attempt.then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(BadRequestError);
      expect((error as BadRequestError).errors).toMatchObject([{ code: 7001 }]);
      expect((error as BadRequestError).error).toMatchObject({
        errors: [{ path: ['body', 'elements', 1, 'outputs', 'fallback'] }],
        messages: [
          { message: expect.stringContaining('Element "m", output "fallback": leads to "m2", which is no element') },
        ],
      });
    }
    const unknown = elementsOf(aPlainRoute('nobody/x'));
    await expect(routing.create(gateway_id, { account_id, name: 'broken', elements: unknown })).rejects.toThrow(
      /Element \\"m\\", properties.provider: \\"nobody\\" is none of the providers: anthropic, /,
    );
    const { data } = await routing.listVersions(route.id, { account_id, gateway_id });
    const { data: all } = await routing.list(gateway_id, { account_id });
    expect(data.versions).toHaveLength(1);
    expect(all.routes.map(({ name }) => name)).not.toContain('broken');
  });

  it('refuses a name twice with 7005, not to be sent again, and says of what is not there that it is not', async () => {
    await routing.create(gateway_id, { account_id, name: 'twice', elements: plain('openai/gpt-5.2') });
    const other = await routing.create(gateway_id, { account_id, name: 'other', elements: plain('openai/gpt-5.2') });
    await expect(
      routing.create(gateway_id, { account_id, name: 'twice', elements: plain('openai/gpt-5.2') }),
    ).rejects.toMatchObject({
      status: 400,
      errors: [{ code: 7005, message: expect.stringContaining('already exists') }],
    });
    await expect(routing.update(other.id, { account_id, gateway_id, name: 'twice' })).rejects.toMatchObject({
      status: 400,
      errors: [{ code: 7005 }],
    });
    const missing = { status: 404, errors: [{ code: 7005, message: expect.stringContaining('not found') }] };
    const nowhere = '01J00000000000000000000000';
    await expect(routing.get(nowhere, { account_id, gateway_id })).rejects.toMatchObject(missing);
    await expect(routing.delete(nowhere, { account_id, gateway_id })).rejects.toMatchObject(missing);
    await expect(routing.update(nowhere, { account_id, gateway_id, name: 'x' })).rejects.toMatchObject(missing);
    await expect(routing.listVersions(nowhere, { account_id, gateway_id })).rejects.toMatchObject(missing);
    await expect(routing.getVersion(nowhere, { account_id, gateway_id, id: other.id })).rejects.toMatchObject(missing);
    await expect(
      routing.createDeployment(other.id, { account_id, gateway_id, version_id: nowhere }),
    ).rejects.toMatchObject({
      status: 400,
      errors: [{ code: 7001, message: expect.stringContaining('was not found') }],
    });
    await expect(routing.list('nowhere', { account_id })).rejects.toMatchObject({ errors: [{ code: 7002 }] });
  });

  it('takes the syntax of the old page, and says what it changed', async () => {
    const old = [
      aStart('c'),
      {
        id: 'c',
        type: 'conditional',
        properties: { condition: { 'metadata.plan': 'paid' } },
        outputs: { true: { elementId: 'm' }, false: { elementId: 'end' } },
      },
      aModel('m', 'openai/gpt-5.2'),
      { id: 'end', type: 'end' },
    ];
    const response = await fetch(`${gateway.origin}/client/v4/accounts/default/ai-gateway/gateways/default/routes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'old', elements: old }),
    });
    const { messages, result } = (await response.json()) as { messages: unknown; result: { elements: unknown[] } };

    expect(messages).toMatchObject([
      { message: 'Element "c": "condition" is "conditions" now.' },
      { message: 'Element "end": an end has "outputs": {}.' },
    ]);
    expect(result.elements).toMatchObject([
      {},
      { properties: { conditions: { 'metadata.plan': 'paid' } } },
      {},
      { outputs: {} },
    ]);
  });

  it('refuses routes that name each other in a circle, when they are saved, deployed or renamed', async () => {
    const make = (name: string, model: string) =>
      routing.create(gateway_id, { account_id, name, elements: plain(model) });
    const inner = await make('inner', 'openai/gpt-5.2');
    await make('outer', 'dynamic/inner');
    const aside = await make('aside', 'openai/gpt-5.2');

    await expect(make('self', 'dynamic/self')).rejects.toThrow(/the route \\"self\\" leads back to this one/);
    await expect(make('lost', 'dynamic/nowhere')).rejects.toThrow(/there is no route \\"nowhere\\"/);
    await expect(
      routing.createVersion(inner.id, { account_id, gateway_id, elements: plain('dynamic/outer') }),
    ).rejects.toThrow(/the route \\"outer\\" leads back to this one/);

    // A version that was right when it was saved is looked at again when it is deployed.
    await routing.createVersion(aside.id, { account_id, gateway_id, elements: plain('dynamic/outer') });
    const { data } = await routing.listVersions(aside.id, { account_id, gateway_id });
    const { data: inners } = await routing.listVersions(inner.id, { account_id, gateway_id });
    await routing.createVersion(inner.id, { account_id, gateway_id, elements: plain('dynamic/aside') });
    const { data: later } = await routing.listVersions(inner.id, { account_id, gateway_id });
    await routing.createDeployment(inner.id, { account_id, gateway_id, version_id: later.versions[0]!.version_id });
    await expect(
      routing.createDeployment(aside.id, { account_id, gateway_id, version_id: data.versions[0]!.version_id }),
    ).rejects.toThrow(/leads back to this one/);
    await routing.createDeployment(inner.id, { account_id, gateway_id, version_id: inners.versions[0]!.version_id });
  });

  it('refuses routes that are nested too deep', async () => {
    let model = 'openai/gpt-5.2';
    for (let depth = 1; depth <= 5; depth++) {
      await routing.create(gateway_id, { account_id, name: `deep-${depth}`, elements: plain(model) });
      model = `dynamic/deep-${depth}`;
    }
    await expect(routing.create(gateway_id, { account_id, name: 'deep-6', elements: plain(model) })).rejects.toThrow(
      /nested more than 5 deep/,
    );
  });
});
