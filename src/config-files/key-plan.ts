import { z } from 'zod';
import { newProviderConfigBody, toProviderKeyInput } from '../admin/provider-configs.schema.js';
import { canonicalSlug } from '../common/provider-slugs.js';
import { secretPreview } from '../keys/secret-preview.js';
import type { KeyState } from './account-state.js';
import { type Change, differencesOf, type Fields } from './change.js';
import { ConfigProblems } from './config-problems.js';
import { type Environment, isReference, resolveReferences } from './references.js';

const fileFields = z.strictObject(newProviderConfigBody.shape);

/** Stands for a stored key's value, which nobody can read. */
const KEPT = '…';

/** By this a key is known: one alias a provider. */
export const keyName = (key: { readonly provider_slug: string; readonly alias: string }): string =>
  `${canonicalSlug(key.provider_slug)}/${key.alias}`;

/**
 * What has to be done for one provider key of a gateway; null: nothing. Of a stored key's value its last characters can be seen: when
 * the variable's value ends otherwise, it takes the stored one's place.
 */
export function planKey(
  root: string,
  gatewayId: string,
  given: Fields & { readonly provider_slug: string; readonly alias: string },
  current: KeyState | undefined,
  env: Environment,
): Change | null {
  const address = `provider key "${keyName(given)}" of gateway "${gatewayId}"`;
  if (given['secret'] !== undefined && !isReference(given['secret']))
    throw new ConfigProblems([
      `${address}: secret: name an environment variable, {env: NAME}; a key has no place in a file`,
    ]);
  const stored = current === undefined ? undefined : { ...current, secret: KEPT };
  const resolved = resolveReferences({ default_config: false, ...given }, stored, env, address);
  const { secret, ...wanted } = z.looseObject({ secret: z.string().optional() }).parse(resolved);
  const checked = fileFields
    .and(newProviderConfigBody)
    .safeParse({ ...wanted, ...(secret === undefined ? {} : { secret }) });
  if (!checked.success) throw ConfigProblems.of(address, checked.error);
  const path = `${root}/gateways/${gatewayId}/provider_configs`;
  const body = { ...wanted, secret };

  if (current === undefined) {
    const apply: Change['apply'] = async (client) => {
      await client.call('POST', path, body);
    };
    return { action: 'create', address, differences: [], apply };
  }

  // It is stored under the provider's own name, whichever of its names the file has.
  const named = { ...wanted, provider_slug: canonicalSlug(given.provider_slug) };
  const differences = differencesOf(pick(current), named, (fields) =>
    toProviderKeyInput(newProviderConfigBody.parse(fields)),
  );
  const isSameValue = secret === undefined || secret === KEPT || secretPreview(secret) === current.secret_preview;
  if (differences.length > 0) {
    if (secret === KEPT)
      throw new ConfigProblems([
        `${address}: ${differences.map(({ field }) => field).join(', ')}: the key has to be stored anew for that; set the variable its secret names`,
      ]);
    // The API can change a key's value only.
    const apply: Change['apply'] = async (client) => {
      await client.call('DELETE', `${path}/${current.id}`);
      await client.call('POST', path, body);
    };
    return { action: 'replace', address, differences, apply };
  }
  if (isSameValue) return null;
  const apply: Change['apply'] = async (client) => {
    await client.call('PUT', `${path}/${current.id}`, { secret });
  };
  return { action: 'update', address, differences: [{ field: 'secret', shown: null }], apply };
}

/** What the API lets one write, of what it answers. */
const pick = ({ provider_slug, alias, ...key }: KeyState): Fields => ({
  ...Object.fromEntries(Object.entries(key).filter(([name]) => name in newProviderConfigBody.shape)),
  provider_slug,
  alias,
});
