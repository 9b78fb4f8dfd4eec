import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  accountDoors,
  bodiesOf,
  control,
  everyRow,
  type Furniture,
  furnish,
  type Tenant,
} from '../support/control-plane.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertAccount } from '../support/second-account.js';

const isIdentified = (door: string): boolean => /:(?!provider$)\w+/.test(door);

describe('CVE-2026-30886: things of others, by their ids', () => {
  const owner: Tenant = { account: 'default', token: ADMIN_TOKEN };
  let gateway: RunningGateway;
  let foreign: Tenant;
  let mine: Furniture;
  let theirs: Furniture;
  let beside: Furniture;

  beforeAll(async () => {
    gateway = await startGateway();
    foreign = { account: 'foreign', token: await insertAccount(gateway, 'foreign') };
    mine = await furnish(gateway, owner, 'private');
    theirs = await furnish(gateway, foreign, 'their-own');
    beside = await furnish(gateway, owner, 'beside');
  }, 120_000);
  afterAll(() => gateway.close());

  const fill = (path: string, ids: Readonly<Record<string, string>>): string =>
    path.replaceAll(/:(\w+)/g, (_, name: string) => ids[name] ?? 'openai');

  /** What each door says to `tenant` who asks with these ids. */
  async function statuses(
    tenant: Tenant,
    doors: readonly string[],
    ids: Readonly<Record<string, string>>,
    bodies: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, number>>> {
    const told: Record<string, number> = {};
    for (const door of doors) {
      const [method = '', path = ''] = door.split(' ');
      told[door] = (await control(gateway, tenant, method, fill(path, ids), bodies[door])).status;
    }
    return told;
  }
  const notFound = (doors: readonly string[]) => Object.fromEntries(doors.map((door) => [door, 404]));

  it('of another account are nowhere, at any door, and stay as they are', async () => {
    const doors = accountDoors(gateway).filter(isIdentified);
    const before = await everyRow(gateway);

    expect(doors.length).toBeGreaterThan(40);
    expect(await statuses(foreign, doors, mine, bodiesOf('foreign', theirs))).toEqual(notFound(doors));
    expect(await everyRow(gateway)).toEqual(before);
  });

  it('of another account are nowhere even at a gateway of one’s own', async () => {
    const doors = accountDoors(gateway).filter((door) => /:gateway_id\/.*:(?!provider$)\w+/.test(door));
    const before = await everyRow(gateway);

    expect(doors.length).toBeGreaterThan(15);
    expect(await statuses(foreign, doors, { ...mine, gateway_id: 'their-own' }, bodiesOf('foreign', theirs))).toEqual(
      notFound(doors),
    );
    expect(await everyRow(gateway)).toEqual(before);
  });

  it('of another gateway are nowhere, at any door, and stay as they are', async () => {
    const doors = accountDoors(gateway).filter((door) => /:gateway_id\/.*:(?!provider$)\w+/.test(door));
    const before = await everyRow(gateway);

    expect(await statuses(owner, doors, { ...mine, gateway_id: 'beside' }, bodiesOf('default', beside))).toEqual(
      notFound(doors),
    );
    expect(await everyRow(gateway)).toEqual(before);
  });

  it('are in none of another account’s lists', async () => {
    const lists = accountDoors(gateway).filter((door) => door.startsWith('GET ') && !isIdentified(door));
    const own = new Set(Object.values(mine));

    expect(lists.length).toBeGreaterThan(5);
    for (const list of lists) {
      const { text } = await control(gateway, foreign, 'GET', list.slice('GET '.length));
      expect([list, [...own].filter((id) => text.includes(`"${id}"`))]).toEqual([list, []]);
    }
  });

  it.each<[string, string, (mine: Furniture, theirs: Furniture) => unknown]>([
    [
      'a version of another route',
      'POST /ai-gateway/gateways/their-own/routes/:route_id/deployments',
      ({ version_id }) => ({ version_id }),
    ],
    [
      'a provider of another account',
      'POST /ai-gateway/custom-providers/costs',
      ({ provider_id }) => ({ account_provider_id: provider_id, model: 'm', cost_in: 1 }),
    ],
    [
      'a provider of another account, to move to',
      'PATCH /ai-gateway/custom-providers/costs/:cost_id',
      ({ provider_id }) => ({ account_provider_id: provider_id }),
    ],
    [
      'a gateway of another account',
      'POST /ai-gateway/prices',
      ({ gateway_id }) => ({ gateway_id, provider: 'openai', model: 'm', prices: { input: 1 } }),
    ],
    ['secrets of another account', 'DELETE /secrets_store/stores/:store_id/secrets', ({ secret_id }) => [secret_id]],
    [
      'a secret of another account',
      'POST /ai-gateway/gateways/their-own/provider_configs',
      ({ secret_id }) => ({ provider_slug: 'groq', alias: 'a', default_config: false, secret_id }),
    ],
  ])('are not to be had by naming them in a body: %s', async (_name, door, body) => {
    const [method = '', path = ''] = door.split(' ');
    const before = await everyRow(gateway);

    const { status } = await control(gateway, foreign, method, fill(path, theirs), body(mine, theirs));

    expect([400, 404]).toContain(status);
    expect(await everyRow(gateway)).toEqual(before);
  });
});

describe('GHSA-h9ww-f95j-h54c and its kin: calls with what belongs to others', () => {
  let gateway: RunningGateway;
  let foreign: Tenant;

  beforeAll(async () => {
    gateway = await startGateway();
    foreign = { account: 'foreign', token: await insertAccount(gateway, 'foreign') };
    await gateway.admin('POST', '/ai-gateway/custom-providers', {
      name: 'Mine',
      slug: 'mine',
      base_url: 'https://api.example.com/v1',
      enable: true,
    });
    await furnish(gateway, { account: 'default', token: ADMIN_TOKEN }, 'private');
    await gateway.storeKey('openai', 'sk-of-the-default-gateway-0123456789', 'mine');
  }, 120_000);
  afterAll(() => gateway.close());

  it.each([
    ['a route of another account', (route: string) => ({ model: `dynamic/${route}` }), {}, 400],
    ['a custom provider of another account', () => ({ model: 'custom-mine/m' }), {}, 400],
    ['a stored key of another account', () => ({ model: 'openai/m' }), { 'cf-aig-byok-alias': 'mine' }, 401],
  ])('%s is not there', async (_name, body, headers, status) => {
    const routes = (
      await control(gateway, { account: 'default', token: ADMIN_TOKEN }, 'GET', '/ai-gateway/gateways/private/routes')
    ).text;
    const name = /"name":"([^"]+)"/.exec(routes)?.[1] ?? '';
    const response = await fetch(`${gateway.origin}/v1/foreign/default/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${foreign.token}`, ...headers },
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body(name) }),
    });

    expect(name).not.toBe('');
    expect(response.status).toBe(status);
  });
});
