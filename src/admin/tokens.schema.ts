import { z } from 'zod';

import type { GatewayToken, TokenStatus } from '../tokens/gateway-token.js';
import type { TokenInput } from '../tokens/gateway-tokens.service.js';
import { PERMISSION_GROUPS } from '../tokens/permission-groups.js';
import { tokenPoliciesInput } from '../tokens/token-policy.js';
import { direction, paging } from './request-parts.schema.js';
import { answerObject, time } from './answer-parts.schema.js';

const instant = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 time' })
  .transform((text) => new Date(text))
  .refine((date) => !Number.isNaN(date.getTime()), 'is no time');

/** Restrictions by address are not kept here, and must not look as if they were. */
const condition = z
  .unknown()
  .refine(
    (value) => value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0),
    'is not supported by this gateway: leave it out',
  );

export const newTokenBody = z.object({
  name: z.string().trim().min(1).max(120),
  policies: tokenPoliciesInput,
  not_before: instant.nullish(),
  expires_on: instant.nullish(),
  condition: condition.optional(),
});

/** `expired` is what an expired token's own `status` says: sent back, it changes nothing. */
export const tokenBody = newTokenBody.extend({ status: z.enum(['active', 'disabled', 'expired']).nullish() });

export const tokenListQuery = z.object({ ...paging({ default: 20, max: 100 }), direction: direction.default('asc') });

export const permissionGroupQuery = z.object({
  name: z.string().max(120).nullish(),
  scope: z.string().max(120).nullish(),
});

export type NewTokenBody = z.infer<typeof newTokenBody>;
export type TokenBody = z.infer<typeof tokenBody>;
export type TokenListQuery = z.infer<typeof tokenListQuery>;
export type PermissionGroupQuery = z.infer<typeof permissionGroupQuery>;

export const toTokenInput = (body: NewTokenBody): TokenInput => ({
  name: body.name,
  policies: body.policies,
  notBefore: body.not_before ?? null,
  expiresOn: body.expires_on ?? null,
});

/** The status an update asks for; null: as it was. */
export const toTokenStatus = ({ status }: TokenBody): TokenStatus | null =>
  status === 'active' || status === 'disabled' ? status : null;

const NAMES: ReadonlyMap<string, string> = new Map(PERMISSION_GROUPS.map(({ id, name }) => [id, name]));

const statusAnswer = z.enum(['active', 'disabled', 'expired']);
const timesShape = { not_before: time.optional(), expires_on: time.optional() };

const tokenShape = {
  id: z.string(),
  name: z.string(),
  status: statusAnswer,
  issued_on: time,
  modified_on: time,
  ...timesShape,
  policies: z.array(
    z.strictObject({
      id: z.string(),
      effect: z.literal('allow'),
      permission_groups: z.array(z.strictObject({ id: z.string(), name: z.string() })),
      resources: z.record(z.string(), z.union([z.literal('*'), z.record(z.string(), z.literal('*'))])),
    }),
  ),
};

export const tokenAnswer = answerObject('Token', tokenShape);
export const newTokenAnswer = answerObject('NewToken', { ...tokenShape, value: z.string() });
export const deletedTokenAnswer = z.strictObject({ id: z.string() });
export const tokenValueAnswer = z.string();
export const verifiedAnswer = answerObject('VerifiedToken', { id: z.string(), status: statusAnswer, ...timesShape });
export const permissionGroupAnswer = answerObject('PermissionGroup', {
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  category: z.string(),
  is_selectable: z.boolean(),
});

/** The token object, without its value. `nowMs` decides whether it has expired. */
export const presentToken = (token: GatewayToken, nowMs: number) => ({
  id: token.id,
  name: token.name,
  status: statusOf(token, nowMs),
  issued_on: token.issuedOn.toISOString(),
  modified_on: token.modifiedOn.toISOString(),
  ...presentTimes(token),
  policies: token.policies.map(({ id, effect, permission_groups, resources }) => ({
    id,
    effect,
    permission_groups: permission_groups.map((group) => ({ id: group.id, name: NAMES.get(group.id) ?? '' })),
    resources,
  })),
});

/** What `verify` says of the token it was asked with. */
export const presentVerified = (token: GatewayToken, nowMs: number) => ({
  id: token.id,
  status: statusOf(token, nowMs),
  ...presentTimes(token),
});

const presentTimes = ({ notBefore, expiresOn }: GatewayToken) => ({
  ...(notBefore === null ? {} : { not_before: notBefore.toISOString() }),
  ...(expiresOn === null ? {} : { expires_on: expiresOn.toISOString() }),
});

const statusOf = ({ status, expiresOn }: GatewayToken, nowMs: number): TokenStatus | 'expired' =>
  status === 'active' && expiresOn !== null && expiresOn.getTime() <= nowMs ? 'expired' : status;

const ACCOUNT_SCOPE = 'com.cloudflare.api.account';

/** The permission groups there are, with what the caller can pass on marked. */
export const presentPermissionGroups = ({ name, scope }: PermissionGroupQuery, selectable: ReadonlySet<string>) =>
  PERMISSION_GROUPS.filter(
    (group) => (name ?? group.name) === group.name && (scope ?? ACCOUNT_SCOPE) === ACCOUNT_SCOPE,
  ).map((group) => ({
    id: group.id,
    name: group.name,
    scopes: [ACCOUNT_SCOPE],
    category: 'ai_and_machine_learning',
    is_selectable: selectable.has(group.id),
  }));
