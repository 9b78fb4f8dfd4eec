import type { AccountState, GatewayState } from './account-state.js';
import type { Change } from './change.js';
import type { ConfigFile } from './config-file.schema.js';
import { ConfigProblems } from './config-problems.js';
import { planCustomProvider } from './custom-provider-plan.js';
import { planGateway } from './gateway-plan.js';
import { keyName, planKey } from './key-plan.js';
import type { Environment } from './references.js';
import { planRoutes } from './route-plan.js';

/** What is to be done, in the order it has to be done in. */
export interface ConfigPlan {
  readonly changes: readonly Change[];
  /** What the file does not name, in the lists it has: left alone unless these are asked for too. */
  readonly deletions: readonly Change[];
}

type GatewayInFile = NonNullable<ConfigFile['gateways']>[number];

/** Compares a file with an account. Throws `ConfigProblems`, with all of them, before anything is changed. */
export function planConfig(accountId: string, file: ConfigFile, state: AccountState, env: Environment): ConfigPlan {
  const root = `accounts/${encodeURIComponent(accountId)}/ai-gateway`;
  const stored = new Map(state.gateways.map((gateway) => [gateway.id, gateway]));
  const steps = [
    ...duplicates(file),
    ...(file.custom_providers ?? []).map((given) => {
      const current = state.customProviders.find(({ slug }) => slug === given.slug);
      return attempt(() => planCustomProvider(root, given, current, env));
    }),
    ...(file.gateways ?? []).flatMap((given) => planOne(root, given, stored.get(given.id), env)),
  ];
  const problems = steps.flatMap((step) => (step instanceof ConfigProblems ? step.problems : []));
  if (problems.length > 0) throw new ConfigProblems(problems);
  const changes = steps.flatMap((step) => (step === null || step instanceof ConfigProblems ? [] : [step]));
  return { changes, deletions: planDeletions(root, file, state) };
}

function planOne(root: string, given: GatewayInFile, current: GatewayState | undefined, env: Environment) {
  const { provider_configs: keys = [], routes = [], ...fields } = given;
  const known = new Map((current?.keys ?? []).map((key) => [keyName(key), key]));
  return [
    attempt(() => planGateway(root, fields, current, env)),
    ...keys.map((key) => attempt(() => planKey(root, given.id, key, known.get(keyName(key)), env))),
    ...planRoutes(root, given.id, routes, current?.routes ?? []),
  ];
}

/** All that is wrong with a file is told at once. */
function attempt(plan: () => Change | null): Change | ConfigProblems | null {
  try {
    return plan();
  } catch (error) {
    if (error instanceof ConfigProblems) return error;
    throw error;
  }
}

function duplicates({ custom_providers: providers = [], gateways = [] }: ConfigFile): readonly ConfigProblems[] {
  const names = [
    ...providers.map(({ slug }) => `custom provider "${slug}"`),
    ...gateways.flatMap(({ id, provider_configs: keys = [], routes = [] }) => [
      `gateway "${id}"`,
      ...keys.map((key) => `provider key "${keyName(key)}" of gateway "${id}"`),
      ...routes.map(({ name }) => `route "${name}" of gateway "${id}"`),
    ]),
  ];
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return twice.length === 0 ? [] : [new ConfigProblems(twice.map((name) => `${name} is there twice`))];
}

/** The outermost last: what is inside a gateway goes with it. A default gateway would come back by itself. */
function planDeletions(root: string, file: ConfigFile, state: AccountState): readonly Change[] {
  const named = new Map((file.gateways ?? []).map((gateway) => [gateway.id, gateway]));
  const inside = state.gateways.flatMap(({ id, keys, routes }) => {
    const given = named.get(id);
    const keptKeys = new Set(given?.provider_configs?.map(keyName));
    const keptRoutes = new Set(given?.routes?.map(({ name }) => name));
    const path = `${root}/gateways/${id}`;
    return [
      ...(given?.routes === undefined ? [] : routes.filter(({ name }) => !keptRoutes.has(name))).map((route) =>
        deletion(`route "${route.name}" of gateway "${id}"`, `${path}/routes/${route.id}`),
      ),
      ...(given?.provider_configs === undefined ? [] : keys.filter((key) => !keptKeys.has(keyName(key)))).map((key) =>
        deletion(`provider key "${keyName(key)}" of gateway "${id}"`, `${path}/provider_configs/${key.id}`),
      ),
    ];
  });
  const gateways =
    file.gateways === undefined ? [] : state.gateways.filter(({ id, isDefault }) => !isDefault && !named.has(id));
  const slugs = new Set(file.custom_providers?.map(({ slug }) => slug));
  const providers =
    file.custom_providers === undefined ? [] : state.customProviders.filter(({ slug }) => !slugs.has(slug));
  return [
    ...inside,
    ...gateways.map(({ id }) => deletion(`gateway "${id}"`, `${root}/gateways/${id}`)),
    ...providers.map(({ id, slug }) => deletion(`custom provider "${slug}"`, `${root}/custom-providers/${id}`)),
  ];
}

const deletion = (address: string, path: string): Change => ({
  action: 'delete',
  address,
  differences: [],
  apply: async (client) => {
    await client.call('DELETE', path);
  },
});
