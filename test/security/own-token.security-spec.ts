import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Permission, PERMISSIONS } from '../../src/common/caller.js';
import { PERMISSION_GROUPS } from '../../src/tokens/permission-groups.js';
import { withIds } from '../../src/tokens/token-policy.js';
import { control, everyRow } from '../support/control-plane.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { insertToken } from '../support/second-account.js';

const policy = (permissions: readonly Permission[]) => ({
  effect: 'allow' as const,
  permission_groups: PERMISSION_GROUPS.filter(({ permission }) => permissions.includes(permission)).map(({ id }) => ({
    id,
  })),
  resources: { 'com.cloudflare.api.account.default': '*' as const },
});

describe('CVE-2026-40217: a caller that edits its own token', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  }, 120_000);
  afterAll(() => gateway.close());

  /** A token with these permissions and `Account API Tokens Write`, which it takes to try. */
  async function holder(permissions: readonly Permission[], rest: { expiresOn?: Date } = {}) {
    const token = await insertToken(gateway, {
      policies: withIds([policy(['tokens.write', ...permissions])]),
      ...rest,
    });
    const caller = { account: 'default', token };
    const { result } = await control(gateway, caller, 'GET', '/tokens/verify');
    return { ...caller, id: (result as { id: string }).id };
  }

  const others = PERMISSIONS.filter((permission) => !permission.startsWith('tokens.'));

  it.each(others)('cannot give itself, nor a new one, nor take over: %s', async (permission) => {
    const attacker = await holder([]);
    const victim = await holder([permission]);
    const before = await everyRow(gateway);
    const wished = { name: 'mine', policies: [policy(['tokens.write', permission])] };

    const tried = [
      await control(gateway, attacker, 'PUT', `/tokens/${attacker.id}`, wished),
      await control(gateway, attacker, 'PUT', `/tokens/${attacker.id}`, {
        ...wished,
        policies: [policy([permission])],
      }),
      await control(gateway, attacker, 'PUT', `/tokens/${attacker.id}`, {
        name: 'mine',
        policies: [policy(['tokens.write']), policy([permission])],
      }),
      await control(gateway, attacker, 'POST', '/tokens', wished),
      await control(gateway, attacker, 'PUT', `/tokens/${victim.id}/value`),
    ];

    expect(tried.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect(await everyRow(gateway)).toEqual(before);
  });

  it.each(others)('with %s can give it away, and keep it, as it is held', async (permission) => {
    const keeper = await holder([permission]);
    const same = { name: 'same', policies: [policy(['tokens.write', permission])] };

    expect((await control(gateway, keeper, 'PUT', `/tokens/${keeper.id}`, same)).status).toBe(200);
    expect((await control(gateway, keeper, 'POST', '/tokens', same)).status).toBe(200);
  });

  it('cannot make itself last longer, nor wake up a token that was put to sleep', async () => {
    const expiresOn = new Date(Date.now() + 3_600_000);
    const mortal = await holder([], { expiresOn });
    const body = { name: 'mine', policies: [policy(['tokens.write'])] };
    const asleep = await holder(['ai-gateway.run']);
    const admin = { account: 'default', token: ADMIN_TOKEN };
    const strong = { name: 'asleep', policies: [policy(['tokens.write', 'ai-gateway.run'])] };
    await control(gateway, admin, 'PUT', `/tokens/${asleep.id}`, { ...strong, status: 'disabled' });
    const before = await everyRow(gateway);

    const tried = [
      await control(gateway, mortal, 'PUT', `/tokens/${mortal.id}`, body),
      await control(gateway, mortal, 'PUT', `/tokens/${mortal.id}`, { ...body, expires_on: null }),
      await control(gateway, mortal, 'PUT', `/tokens/${mortal.id}`, { ...body, expires_on: '2999-01-01T00:00:00Z' }),
      await control(gateway, mortal, 'POST', '/tokens', body),
      await control(gateway, mortal, 'PUT', `/tokens/${asleep.id}`, { ...strong, status: 'active' }),
    ];
    const itself = await control(gateway, asleep, 'PUT', `/tokens/${asleep.id}`, { ...strong, status: 'active' });

    expect(tried.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect(itself.status).toBe(401);
    expect(await everyRow(gateway)).toEqual(before);
  });

  it('has what it lost no more, on its very next call', async () => {
    const fallen = await holder(['ai-gateway.read']);
    const admin = { account: 'default', token: ADMIN_TOKEN };
    const list = () => control(gateway, fallen, 'GET', '/ai-gateway/gateways').then(({ status }) => status);

    expect(await list()).toBe(200);
    await control(gateway, admin, 'PUT', `/tokens/${fallen.id}`, {
      name: 'less',
      policies: [policy(['tokens.write'])],
    });
    expect(await list()).toBe(403);
    await control(gateway, admin, 'DELETE', `/tokens/${fallen.id}`);
    expect(await list()).toBe(401);
  });
});
