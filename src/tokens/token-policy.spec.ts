import { describe, expect, it } from '@jest/globals';

import type { Caller, GatewayScope, Permission } from '../common/caller.js';
import { PERMISSION_GROUPS } from './permission-groups.js';
import {
  allPermissions,
  foreignResources,
  notHeld,
  toGrants,
  tokenPoliciesInput,
  type TokenPolicyInput,
} from './token-policy.js';

const GATEWAY = 'com.cloudflare.api.account.ai-gateway.';

const policy = (
  permissions: readonly Permission[],
  gateways: readonly string[] | null,
  account = 'a',
): TokenPolicyInput => ({
  effect: 'allow',
  permission_groups: PERMISSION_GROUPS.filter(({ permission }) => permissions.includes(permission)).map(({ id }) => ({
    id,
  })),
  resources: {
    [`com.cloudflare.api.account.${account}`]:
      gateways === null ? '*' : Object.fromEntries(gateways.map((id) => [GATEWAY + id, '*' as const])),
  },
});

const caller = (grants: [Permission, GatewayScope][]): Caller => ({
  tokenId: 't',
  tokenName: 't',
  accountId: 'a',
  grants: new Map(grants),
});

describe('PERMISSION_GROUPS', () => {
  it('have ids of 32 hex characters that are never given twice', () => {
    expect(PERMISSION_GROUPS.every(({ id }) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
    expect(new Set(PERMISSION_GROUPS.map(({ id }) => id)).size).toBe(PERMISSION_GROUPS.length);
  });
});

describe('toGrants', () => {
  it('grants on the whole account or on named gateways', () => {
    expect(toGrants([policy(['ai-gateway.run'], null), policy(['ai-gateway.read'], ['g', 'h'])], 'a')).toEqual(
      new Map<Permission, GatewayScope>([
        ['ai-gateway.run', 'all'],
        ['ai-gateway.read', new Set(['g', 'h'])],
      ]),
    );
  });

  it('adds policies up', () => {
    const grants = toGrants(
      [
        policy(['ai-gateway.run', 'ai-gateway.read'], ['g']),
        policy(['ai-gateway.run'], ['h']),
        policy(['ai-gateway.read'], null),
      ],
      'a',
    );

    expect(grants).toEqual(
      new Map<Permission, GatewayScope>([
        ['ai-gateway.run', new Set(['g', 'h'])],
        ['ai-gateway.read', 'all'],
      ]),
    );
  });

  it('grants nothing for another account', () => {
    expect(toGrants([policy(['ai-gateway.run'], null, 'b')], 'a').size).toBe(0);
    expect(foreignResources([policy(['ai-gateway.run'], null, 'b')], 'a')).toEqual(['com.cloudflare.api.account.b']);
  });

  it('grants the first admin everything', () => {
    expect([...toGrants(allPermissions('a'), 'a').values()]).toEqual(PERMISSION_GROUPS.map(() => 'all'));
  });
});

describe('notHeld', () => {
  it.each<[string, [Permission, GatewayScope][], [Permission, GatewayScope][], Permission[]]>([
    ['the same', [['ai-gateway.run', 'all']], [['ai-gateway.run', 'all']], []],
    ['a gateway of all', [['ai-gateway.run', new Set(['g'])]], [['ai-gateway.run', 'all']], []],
    ['all of a gateway', [['ai-gateway.run', 'all']], [['ai-gateway.run', new Set(['g'])]], ['ai-gateway.run']],
    [
      'another gateway',
      [['ai-gateway.run', new Set(['g', 'h'])]],
      [['ai-gateway.run', new Set(['g'])]],
      ['ai-gateway.run'],
    ],
    ['read of write', [['ai-gateway.read', 'all']], [['ai-gateway.write', 'all']], []],
    ['write of read', [['ai-gateway.write', 'all']], [['ai-gateway.read', 'all']], ['ai-gateway.write']],
    ['run of write', [['ai-gateway.run', 'all']], [['ai-gateway.write', 'all']], ['ai-gateway.run']],
    ['anything of nothing', [['tokens.read', 'all']], [], ['tokens.read']],
  ])('%s', (_name, asked, held, missing) => {
    expect(notHeld(new Map(asked), caller(held))).toEqual(missing);
  });
});

describe('tokenPoliciesInput', () => {
  it('takes what the SDK sends, and drops what nobody knows', () => {
    const sent = [{ ...policy(['ai-gateway.run'], ['g']), id: 'x', extra: 1 }];

    expect(tokenPoliciesInput.parse(sent)).toEqual([policy(['ai-gateway.run'], ['g'])]);
  });

  it.each<[string, unknown]>([
    ['a resource that is no account', { 'com.cloudflare.api.user.x': '*' }],
    ['a verb', { 'com.cloudflare.api.account.a': 'read' }],
    [
      'a nested resource that is no gateway',
      { 'com.cloudflare.api.account.a': { 'com.cloudflare.api.account.zone.z': '*' } },
    ],
    ['no gateway at all', { 'com.cloudflare.api.account.a': {} }],
    ['nothing', {}],
  ])('refuses %s', (_name, resources) => {
    expect(tokenPoliciesInput.safeParse([{ ...policy(['ai-gateway.run'], null), resources }]).success).toBe(false);
  });
});
