import { z } from 'zod';

import { type Caller, type GatewayScope, isAllowed, type Permission } from '../common/caller.js';
import { hexId } from '../common/ids.js';
import { findPermissionGroup, PERMISSION_GROUPS } from './permission-groups.js';

const ACCOUNT = 'com.cloudflare.api.account.';
const GATEWAY = 'com.cloudflare.api.account.ai-gateway.';

const accountResource = (accountId: string): string => `${ACCOUNT}${accountId}`;

const resources = z.record(
  z.string().max(256).startsWith(ACCOUNT, `must begin with "${ACCOUNT}"`),
  z.union(
    [
      z.literal('*'),
      z
        .record(z.string().max(256).startsWith(GATEWAY, `must begin with "${GATEWAY}"`), z.literal('*'))
        .refine((gateways) => Object.keys(gateways).length > 0, 'must name a gateway'),
    ],
    { error: `must be "*", or an object of "${GATEWAY}{gateway_id}": "*"` },
  ),
);

/** One policy as callers send it. `effect: "deny"` is refused: a rule that is not kept must not look as if it were. */
const tokenPolicyInput = z.object({
  effect: z.literal('allow', 'must be "allow"'),
  permission_groups: z
    .array(
      z.object({
        id: z
          .string()
          .refine(
            (id) => findPermissionGroup(id) !== null,
            'is no permission group: see GET …/tokens/permission_groups',
          ),
      }),
    )
    .min(1)
    .max(50),
  resources: resources.refine((map) => Object.keys(map).length > 0, 'must name the account'),
});

export const tokenPoliciesInput = z.array(tokenPolicyInput).min(1).max(50);

export type TokenPolicyInput = z.infer<typeof tokenPolicyInput>;

/** Policies as they are stored: with an id each. */
export const storedPolicies = z.array(tokenPolicyInput.extend({ id: z.string() }));

export type TokenPolicy = z.infer<typeof storedPolicies>[number];

/** Gives each policy its id. */
export const withIds = (policies: readonly TokenPolicyInput[]): TokenPolicy[] =>
  policies.map((policy) => ({ id: hexId(), ...policy }));

/** Every permission on the whole account: the first admin's. */
export const allPermissions = (accountId: string): TokenPolicy[] =>
  withIds([
    {
      effect: 'allow',
      permission_groups: PERMISSION_GROUPS.map(({ id }) => ({ id })),
      resources: { [accountResource(accountId)]: '*' },
    },
  ]);

/** The resources of these policies that are not this account's. */
export const foreignResources = (policies: readonly TokenPolicyInput[], accountId: string): string[] =>
  policies.flatMap((policy) => Object.keys(policy.resources).filter((name) => name !== accountResource(accountId)));

/** What policies allow on this account. Resources of other accounts allow nothing. */
export function toGrants(
  policies: readonly TokenPolicyInput[],
  accountId: string,
): ReadonlyMap<Permission, GatewayScope> {
  const grants = new Map<Permission, GatewayScope>();
  for (const policy of policies) {
    const resource = policy.resources[accountResource(accountId)];
    if (resource === undefined) continue;
    const scope: GatewayScope =
      resource === '*' ? 'all' : new Set(Object.keys(resource).map((name) => name.slice(GATEWAY.length)));
    for (const { id } of policy.permission_groups) {
      const group = findPermissionGroup(id);
      if (group !== null) grants.set(group.permission, union(grants.get(group.permission), scope));
    }
  }
  return grants;
}

const union = (one: GatewayScope | undefined, other: GatewayScope): GatewayScope =>
  one === undefined ? other : one === 'all' || other === 'all' ? 'all' : new Set([...one, ...other]);

/** The permissions among `grants` that `holder` does not hold itself, on at least as much. Nobody hands on more than they hold. */
export function notHeld(grants: ReadonlyMap<Permission, GatewayScope>, holder: Caller): Permission[] {
  return [...grants]
    .filter(([permission, scope]) =>
      scope === 'all'
        ? !isAllowed(holder, permission)
        : [...scope].some((gatewayId) => !isAllowed(holder, permission, gatewayId)),
    )
    .map(([permission]) => permission);
}
