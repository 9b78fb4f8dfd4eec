import { z } from 'zod';
import { newCustomProviderBody, toCustomProvider } from '../admin/custom-providers.schema.js';
import { secretPreview } from '../keys/secret-preview.js';
import type { CustomProviderState } from './account-state.js';
import { type Change, differencesOf, type Fields } from './change.js';
import { ConfigProblems } from './config-problems.js';
import { type Environment, resolveReferences } from './references.js';

const fileFields = z.strictObject(newCustomProviderBody.shape);

/** What has to be done for one custom provider of the file; null: nothing. */
export function planCustomProvider(
  root: string,
  given: Fields & { readonly slug: string },
  current: CustomProviderState | undefined,
  env: Environment,
): Change | null {
  const address = `custom provider "${given.slug}"`;
  const resolved = z.looseObject({}).parse(resolveReferences(given, current, env, address));
  const wanted = withPreviews(resolved, current);
  const checked = fileFields.safeParse({ ...pick(current), ...wanted });
  if (!checked.success) throw ConfigProblems.of(address, checked.error);
  if (current === undefined) {
    const apply: Change['apply'] = async (client) => {
      await client.call('POST', `${root}/custom-providers`, wanted);
    };
    return { action: 'create', address, differences: [], apply };
  }
  const differences = differencesOf(pick(current), wanted, (body) =>
    toCustomProvider(newCustomProviderBody.parse(body)),
  );
  if (differences.length === 0) return null;
  const changed = Object.fromEntries(differences.map(({ field }) => [field, wanted[field]]));
  const apply: Change['apply'] = async (client) => {
    await client.call('PATCH', `${root}/custom-providers/${current.id}`, changed);
  };
  return { action: 'update', address, differences, apply };
}

/** What the API lets one write, of what it answers. */
const pick = (current: CustomProviderState | undefined): Fields =>
  Object.fromEntries(Object.entries(current ?? {}).filter(([name]) => name in newCustomProviderBody.shape));

/** A header whose value looks like what is stored stands as its preview, which the API takes for the stored value. */
function withPreviews(fields: Fields, current: CustomProviderState | undefined): Fields {
  const { headers } = fields;
  if (current === undefined || typeof headers !== 'object' || headers === null) return fields;
  const previewed = Object.entries(headers).map(([name, value]: [string, unknown]) => {
    const kept = current.headers[name.toLowerCase()];
    return [name, typeof value === 'string' && secretPreview(value) === kept ? kept : value];
  });
  return { ...fields, headers: Object.fromEntries(previewed) };
}
