import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import type { Permission } from '../../src/common/caller.js';
import { PERMISSION_GROUPS } from '../../src/tokens/permission-groups.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const answerSchema = z.object({
  success: z.boolean(),
  errors: z.array(z.looseObject({ code: z.number(), message: z.string() })),
  messages: z.array(z.looseObject({ message: z.string() })),
  result: z.unknown(),
});
const issuedSchema = z.looseObject({ id: z.string(), value: z.string() });

const ALL: readonly Permission[] = PERMISSION_GROUPS.map(({ permission }) => permission);

/** One policy on the account, or on some of its gateways. */
const policy = (
  permissions: readonly Permission[],
  gateways: readonly string[] | null = null,
  account = 'default',
) => ({
  effect: 'allow',
  permission_groups: PERMISSION_GROUPS.filter(({ permission }) => permissions.includes(permission)).map(({ id }) => ({
    id,
  })),
  resources: {
    [`com.cloudflare.api.account.${account}`]:
      gateways === null
        ? '*'
        : Object.fromEntries(gateways.map((id) => [`com.cloudflare.api.account.ai-gateway.${id}`, '*'])),
  },
});

describe('gateway tokens on the control plane', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  async function call(token: string, method: string, path: string, body?: unknown) {
    const response = await fetch(`${gateway.origin}/client/v4/accounts/default/tokens${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, ...answerSchema.parse(await response.json()) };
  }

  const issue = async (fields: Record<string, unknown>) => {
    const answer = await call(ADMIN_TOKEN, 'POST', '', { name: 'test', ...fields });
    expect(answer.errors).toEqual([]);
    return issuedSchema.parse(answer.result);
  };

  const chat = (token: string, id = 'default') =>
    fetch(`${gateway.origin}/v1/default/${id}/compat/chat/completions`, {
      method: 'POST',
      headers: { 'cf-aig-authorization': `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'hi' }] }),
    }).then(({ status }) => status);

  it('opens the gateways a policy names, at once, and closes them at once', async () => {
    await gateway.admin('POST', '/ai-gateway/gateways', {
      id: 'named',
      cache_invalidate_on_update: false,
      cache_ttl: null,
      collect_logs: true,
      rate_limiting_interval: null,
      rate_limiting_limit: null,
    });
    const { id, value } = await issue({ policies: [policy(['ai-gateway.run'], ['named'])] });
    const before = [await chat(value, 'named'), await chat(value, 'default')];
    await call(ADMIN_TOKEN, 'PUT', `/${id}`, {
      name: 'off',
      policies: [policy(['ai-gateway.run'])],
      status: 'disabled',
    });
    const disabled = await chat(value, 'named');
    await call(ADMIN_TOKEN, 'PUT', `/${id}`, { name: 'on', policies: [policy(['ai-gateway.run'])], status: 'active' });
    const wider = [await chat(value, 'named'), await chat(value, 'default')];
    await call(ADMIN_TOKEN, 'DELETE', `/${id}`);

    expect(before).toEqual([200, 401]);
    expect(disabled).toBe(401);
    expect(wider).toEqual([200, 200]);
    expect(await chat(value, 'named')).toBe(401);
  });

  it('shows a value once: when it is made, and when it is rolled', async () => {
    const { id, value } = await issue({ policies: [policy(['ai-gateway.run'])] });
    const rolled = z.string().parse((await call(ADMIN_TOKEN, 'PUT', `/${id}/value`)).result);
    const shown = JSON.stringify([
      await call(ADMIN_TOKEN, 'GET', `/${id}`),
      await call(ADMIN_TOKEN, 'GET', ''),
      await call(rolled, 'GET', '/verify'),
    ]);

    expect(rolled).not.toBe(value);
    expect(shown).not.toContain(value.slice(4));
    expect(shown).not.toContain(rolled.slice(4));
    expect(await chat(value)).toBe(401);
    expect(await chat(rolled)).toBe(200);
  });

  it('says that an expired token has expired, and lets it in nowhere', async () => {
    const expiry = Date.now() + 3_000;
    const soon = new Date(expiry).toISOString();
    const { id, value } = await issue({ policies: [policy(ALL)], expires_on: soon });
    const before = await call(value, 'GET', '/verify');
    await eventually(() => Date.now() > expiry);

    expect(before).toMatchObject({ status: 200, result: { id, status: 'active', expires_on: soon } });
    expect(before.messages[0]?.message).toContain('valid and active');
    expect(await call(value, 'GET', '/verify')).toMatchObject({ status: 401, errors: [{ code: 10_000 }] });
    expect(await chat(value)).toBe(401);
    expect((await call(ADMIN_TOKEN, 'GET', `/${id}`)).result).toMatchObject({ status: 'expired' });
  });

  describe('never hands on more than its maker holds', () => {
    type Policies = ReturnType<typeof policy>[];

    it.each<[string, Policies, Policies]>([
      ['the same', [policy(['tokens.write', 'ai-gateway.run'])], [policy(['tokens.write', 'ai-gateway.run'])]],
      ['less', [policy(['tokens.write', 'ai-gateway.write'])], [policy(['ai-gateway.read'])]],
      [
        'one of its gateways',
        [policy(['tokens.write']), policy(['ai-gateway.run'], ['a', 'b'])],
        [policy(['ai-gateway.run'], ['a'])],
      ],
    ])('but may hand on %s', async (_name, held, asked) => {
      const { id, value } = await issue({ policies: held });

      const created = await call(value, 'POST', '', { name: 'child', policies: asked });
      const edited = await call(value, 'PUT', `/${id}`, { name: 'myself', policies: asked });

      expect([created.status, edited.status]).toEqual([200, 200]);
    });

    it.each<[string, Policies, Policies]>([
      ['another permission', [policy(['tokens.write'])], [policy(['ai-gateway.run'])]],
      ['write for read', [policy(['tokens.write', 'ai-gateway.read'])], [policy(['ai-gateway.write'])]],
      [
        'another gateway',
        [policy(['tokens.write']), policy(['ai-gateway.run'], ['a'])],
        [policy(['ai-gateway.run'], ['a', 'c'])],
      ],
      [
        'all gateways for one',
        [policy(['tokens.write']), policy(['ai-gateway.run'], ['a'])],
        [policy(['ai-gateway.run'])],
      ],
      [
        'more in a second policy',
        [policy(['tokens.write'])],
        [policy(['tokens.read']), policy(['secrets-store.read'])],
      ],
    ])('to another or to itself: %s', async (_name, held, asked) => {
      const { id, value } = await issue({ policies: held });

      const created = await call(value, 'POST', '', { name: 'child', policies: asked });
      const edited = await call(value, 'PUT', `/${id}`, { name: 'myself', policies: asked });

      expect([created.status, edited.status]).toEqual([403, 403]);
      expect(created.errors).toEqual([{ code: 10_001, message: 'Method not allowed for token' }]);
      expect((await call(ADMIN_TOKEN, 'GET', `/${id}`)).result).toMatchObject({ name: 'test' });
    });

    it('takes no value of a token that holds more', async () => {
      const stronger = await issue({ policies: [policy(ALL)] });
      const { value } = await issue({ policies: [policy(['tokens.write'])] });

      expect((await call(value, 'PUT', `/${stronger.id}/value`)).status).toBe(403);
      expect((await call(stronger.value, 'GET', '/verify')).status).toBe(200);
    });

    it('makes nothing that outlives it', async () => {
      const expires_on = new Date(Date.now() + 3_600_000).toISOString();
      const later = new Date(Date.now() + 7_200_000).toISOString();
      const policies = [policy(['tokens.write'])];
      const { id, value } = await issue({ policies, expires_on });
      const eternal = await issue({ policies });

      const statuses = [
        await call(value, 'POST', '', { name: 'child', policies }),
        await call(value, 'POST', '', { name: 'child', policies, expires_on: later }),
        await call(value, 'PUT', `/${id}`, { name: 'myself', policies, expires_on: later }),
        await call(value, 'PUT', `/${eternal.id}/value`),
        await call(value, 'POST', '', { name: 'child', policies, expires_on }),
      ].map(({ status }) => status);

      expect(statuses).toEqual([403, 403, 403, 403, 200]);
    });
  });

  it.each<[string, Record<string, unknown>, unknown[]]>([
    ['no name', { name: '' }, ['body', 'name']],
    ['no policies', { policies: [] }, ['body', 'policies']],
    ['a denying policy', { policies: [{ ...policy(ALL), effect: 'deny' }] }, ['body', 'policies', 0, 'effect']],
    [
      'an unknown group',
      { policies: [{ ...policy(ALL), permission_groups: [{ id: 'f'.repeat(32) }] }] },
      ['body', 'policies', 0, 'permission_groups', 0, 'id'],
    ],
    ['no resources', { policies: [{ ...policy(ALL), resources: {} }] }, ['body', 'policies', 0, 'resources']],
    ['another account', { policies: [policy(ALL, null, 'other')] }, ['body', 'policies']],
    ['another account beside this', { policies: [policy(ALL), policy(ALL, null, 'other')] }, ['body', 'policies']],
    ['a time that is none', { expires_on: 'tomorrow' }, ['body', 'expires_on']],
    [
      'an end before the beginning',
      { not_before: '2100-01-02T00:00:00Z', expires_on: '2100-01-01T00:00:00Z' },
      ['body', 'expires_on'],
    ],
    [
      'a condition that would not be kept',
      { condition: { request_ip: { in: ['10.0.0.0/8'] } } },
      ['body', 'condition'],
    ],
  ])('refuses %s', async (_name, fields, path) => {
    const answer = await call(ADMIN_TOKEN, 'POST', '', { name: 'refused', policies: [policy(ALL)], ...fields });

    expect(answer).toMatchObject({ status: 400, errors: [{ code: 7001, message: 'Input Validation Error', path }] });
  });

  it('ignores what is not for callers to set', async () => {
    const { id, value } = await issue({
      policies: [{ ...policy(['tokens.read']), id: 'chosen' }],
      id: 'f'.repeat(32),
      value: 'aig_chosen',
      hash: 'x',
      accountId: 'other',
      status: 'disabled',
    });

    expect(id).not.toBe('f'.repeat(32));
    expect(value).not.toBe('aig_chosen');
    expect((await call(value, 'GET', '/verify')).result).toEqual({ id, status: 'active' });
  });
});
