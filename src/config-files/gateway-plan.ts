import { z } from 'zod';
import { gatewayBody, newGatewayBody, toGatewayInput } from '../admin/gateways.schema.js';
import { storedGatewayColumns } from '../gateways/gateway-columns.schema.js';
import { withRuleIds } from '../gateways/spend-rule-ids.js';
import type { GatewayState } from './account-state.js';
import { type Change, differencesOf, type Fields } from './change.js';
import { ConfigProblems } from './config-problems.js';
import { type Environment, resolveReferences } from './references.js';

const fileFields = z.strictObject(newGatewayBody.shape);

/** The API wants these said; a file that does not say them means what its documentation shows first. */
const UNSAID: Fields = {
  cache_invalidate_on_update: false,
  cache_ttl: null,
  collect_logs: true,
  rate_limiting_interval: null,
  rate_limiting_limit: null,
};

/** What has to be done for one gateway's own fields; null: nothing. */
export function planGateway(
  root: string,
  given: Fields & { readonly id: string },
  current: GatewayState | undefined,
  env: Environment,
): Change | null {
  const address = `gateway "${given.id}"`;
  const { id, ...wanted } = z
    .looseObject({ id: z.string() })
    .parse(resolveReferences(given, current?.fields, env, address));
  const before = current === undefined ? UNSAID : writable(current.fields);
  const body = { ...before, ...wanted };
  const checked = fileFields.safeParse({ id, ...body });
  if (!checked.success) throw ConfigProblems.of(address, checked.error);
  if (current === undefined) {
    const apply: Change['apply'] = async (client) => {
      await client.call('POST', `${root}/gateways`, { id, ...body });
    };
    return { action: 'create', address, differences: [], apply };
  }
  const differences = differencesOf(before, wanted, (fields) => understood(fields, before));
  if (differences.length === 0) return null;
  const apply: Change['apply'] = async (client) => {
    await client.call('PUT', `${root}/gateways/${id}`, body);
  };
  return { action: 'update', address, differences, apply };
}

/** What the API lets one write, of what it answers. */
export const writable = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => name in gatewayBody.shape));

/** Rules that say what stored ones say have their ids. */
function understood(fields: Fields, before: Fields): unknown {
  const input = toGatewayInput(gatewayBody.parse(fields));
  const stored = storedGatewayColumns.shape.spendLimits.parse(before['spend_limits'] ?? null);
  return { ...input, spendLimits: input.spendLimits === null ? null : withRuleIds(input.spendLimits, stored) };
}
