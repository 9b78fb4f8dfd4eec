import type { z } from 'zod';
import { newCustomProviderBody } from '../admin/custom-providers.schema.js';
import { gatewayBody } from '../admin/gateways.schema.js';
import { newProviderConfigBody } from '../admin/provider-configs.schema.js';
import type { AccountState, CustomProviderState, GatewayState, KeyState } from './account-state.js';
import type { Fields } from './change.js';
import type { ConfigFile } from './config-file.schema.js';
import { VariableNames } from './references.js';

/** Of an account, not of its configuration: a store's id means nothing elsewhere. */
const OF_THE_ACCOUNT: ReadonlySet<string> = new Set(['store_id', 'secret_id', 'secret']);

/**
 * An account as a file that makes the same of another. Nothing secret is in it: where a value may be one, a reference names an
 * environment variable to take it from.
 *
 * @param note Is told what was left out, since this gateway's API would not take it.
 */
export function exportAccount(state: AccountState, note: (what: string) => void): ConfigFile {
  const names = new VariableNames();
  return {
    version: 1,
    custom_providers: state.customProviders.map((provider) => exportCustomProvider(provider, names, note)),
    gateways: state.gateways.map((gateway) => exportGateway(gateway, names, note)),
  };
}

function exportCustomProvider(provider: CustomProviderState, names: VariableNames, note: (what: string) => void) {
  const { slug, headers, ...fields } = provider;
  const secretive = Object.keys(headers).map((name) => [name, names.make(slug, name)] as const);
  return {
    slug,
    ...known(newCustomProviderBody.shape, fields, `custom provider "${slug}"`, note),
    ...(secretive.length === 0 ? {} : { headers: Object.fromEntries(secretive) }),
  };
}

function exportGateway({ id, fields, keys, routes }: GatewayState, names: VariableNames, note: (what: string) => void) {
  const own = known(gatewayBody.shape, fields, `gateway "${id}"`, note);
  const { otel, stripe } = gatewayBody.pick({ otel: true, stripe: true }).parse(own);
  return {
    id,
    ...own,
    ...(otel == null
      ? {}
      : {
          otel: otel.map((collector, index) => ({
            ...collector,
            headers: Object.fromEntries(
              Object.keys(collector.headers).map((name) => [name, names.make(id, 'otel', String(index + 1), name)]),
            ),
          })),
        }),
    ...(stripe == null ? {} : { stripe: { ...stripe, authorization: names.make(id, 'stripe', 'authorization') } }),
    provider_configs: keys.map((key) => exportKey(id, key, names, note)),
    routes: routes.map(({ name, elements }) => ({ name, elements: [...elements] })),
  };
}

function exportKey(gatewayId: string, key: KeyState, names: VariableNames, note: (what: string) => void) {
  const { provider_slug, alias } = key;
  const address = `provider key "${provider_slug}/${alias}" of gateway "${gatewayId}"`;
  const fields = known(newProviderConfigBody.shape, key, address, note);
  return { provider_slug, alias, ...fields, secret: names.make(gatewayId, provider_slug, alias, 'key') };
}

/** The fields that this gateway's API takes, with what it takes in them; without those that say nothing. */
function known(
  shape: Readonly<Record<string, z.ZodType>>,
  fields: Fields,
  address: string,
  note: (what: string) => void,
): Fields {
  const taken = Object.entries(fields).filter(([name, value]) => {
    const schema = shape[name];
    if (schema === undefined || OF_THE_ACCOUNT.has(name) || value === null || isEmpty(value)) return false;
    const parsed = schema.safeParse(value);
    if (!parsed.success) note(`${address}: "${name}" is left out: ${parsed.error.issues[0]?.message ?? ''}`);
    return parsed.success;
  });
  return Object.fromEntries(taken);
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
