import { z } from 'zod';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { LogPipeline } from '../../src/request-logs/log-pipeline.service.js';
import { PERMISSION_GROUPS } from '../../src/tokens/permission-groups.js';
import type { RunningGateway } from './gateway.js';
import { aModel, anEnd, aStart } from './route-elements.js';

/** The control plane's answer, as far as tests of many doors look at it. */
const answerSchema = z.object({ success: z.boolean(), result: z.unknown() });
const identified = z.looseObject({ id: z.string() });

export interface ControlAnswer {
  readonly status: number;
  readonly text: string;
  readonly result: unknown;
}

/** A call as an account's admin; `path` stands below `/accounts/{account}`. */
export async function control(
  gateway: RunningGateway,
  { account, token }: Tenant,
  method: string,
  path: string,
  body?: unknown,
): Promise<ControlAnswer> {
  const response = await fetch(`${gateway.origin}/client/v4/accounts/${account}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = answerSchema.safeParse(text === '' ? {} : JSON.parse(text));
  return { status: response.status, text, result: answer.success ? answer.data.result : null };
}

/** An account with a token that may do everything in it. */
export interface Tenant {
  readonly account: string;
  readonly token: string;
}

/** One of each thing that an account can have, by the names that paths have for their ids. */
export type Furniture = Readonly<
  Record<
    | 'gateway_id'
    | 'config_id'
    | 'route_id'
    | 'version_id'
    | 'log_id'
    | 'provider_id'
    | 'cost_id'
    | 'price_id'
    | 'store_id'
    | 'secret_id'
    | 'token_id',
    string
  >
>;

export const GATEWAY_SETTINGS = {
  cache_invalidate_on_update: false,
  cache_ttl: null,
  collect_logs: true,
  rate_limiting_interval: null,
  rate_limiting_limit: null,
} as const;

const elements = [aStart('m'), aModel('m', 'sandbox/echo'), anEnd()];

const policyOn = (account: string) => ({
  effect: 'allow' as const,
  permission_groups: PERMISSION_GROUPS.filter(({ permission }) => permission === 'ai-gateway.read').map(({ id }) => ({
    id,
  })),
  resources: { [`com.cloudflare.api.account.${account}`]: '*' as const },
});

let made = 0;

/** A body that each door takes which makes or changes something; `made` things have names of their own. */
export const bodiesOf = (
  account: string,
  { gateway_id, version_id, provider_id }: Pick<Furniture, 'gateway_id' | 'version_id' | 'provider_id'>,
): Readonly<Record<string, unknown>> => {
  const own = `own-${made++}`;
  const gateways = `/ai-gateway/gateways`;
  const route = `${gateways}/:gateway_id/routes`;
  const secrets = '/secrets_store/stores/:store_id/secrets';
  const token = { name: own, policies: [policyOn(account)] };
  const price = { gateway_id, provider: 'openai', model: own, prices: { input: 1, output: 2 } };
  const cost = { account_provider_id: provider_id, model: own, cost_in: 1, cost_out: 2 };
  const provider = { name: own, base_url: 'https://api.example.com/v1', headers: { 'x-own': own } };
  return {
    [`POST ${gateways}`]: { id: own, ...GATEWAY_SETTINGS, settings: { finish_abandoned_calls: true } },
    [`PUT ${gateways}/:gateway_id`]: { ...GATEWAY_SETTINGS, settings: { finish_abandoned_calls: true } },
    [`POST ${gateways}/:gateway_id/provider_configs`]: {
      provider_slug: 'openai',
      alias: own,
      default_config: false,
      secret: `sk-${own}-0123456789`,
      settings: { region: 'eu' },
    },
    [`PUT ${gateways}/:gateway_id/provider_configs/:config_id`]: { secret: 'sk-rotated-0123456789' },
    [`POST ${route}`]: { name: own, elements },
    [`PATCH ${route}/:route_id`]: { name: own },
    [`POST ${route}/:route_id/versions`]: { elements },
    [`POST ${route}/:route_id/deployments`]: { version_id },
    [`POST ${route}/:route_id/simulate`]: { request: { messages: [] } },
    [`POST ${route}/:route_id/versions/:version_id/simulate`]: { request: { messages: [] } },
    [`POST ${gateways}/:gateway_id/health/reset`]: undefined,
    [`PATCH ${gateways}/:gateway_id/logs/:log_id`]: { feedback: 1, score: 50 },
    'POST /ai-gateway/master-key/rotate': undefined,
    'POST /ai-gateway/custom-providers': { ...provider, slug: own },
    'PATCH /ai-gateway/custom-providers/:provider_id': provider,
    'POST /ai-gateway/custom-providers/costs': cost,
    'PATCH /ai-gateway/custom-providers/costs/:cost_id': { model: own, cost_in: 3 },
    'POST /ai-gateway/prices': price,
    'PUT /ai-gateway/prices/:price_id': price,
    'POST /secrets_store/stores': { name: own },
    [`POST ${secrets}`]: [{ name: own, value: 'a-value', scopes: ['workers'] }],
    [`PATCH ${secrets}/:secret_id`]: { comment: own },
    [`POST ${secrets}/:secret_id/duplicate`]: { name: own, scopes: ['workers'] },
    [`DELETE ${secrets}`]: ['00000000000000000000000000000000'],
    'POST /tokens': token,
    'PUT /tokens/:token_id': token,
    'PUT /tokens/:token_id/value': undefined,
  };
};

/** Makes one of each thing in an account, at a gateway of that name. */
export async function furnish(gateway: RunningGateway, tenant: Tenant, gatewayId: string): Promise<Furniture> {
  const none = { gateway_id: gatewayId, version_id: '', provider_id: '' };
  const bodies = { ...bodiesOf(tenant.account, none) };
  const ids: Record<string, string> = { gateway_id: gatewayId };
  const fill = (path: string): string => path.replaceAll(/:(\w+)/g, (_, name: string) => ids[name] ?? name);
  const make = async (door: string, body: unknown = bodies[door]): Promise<Record<string, unknown>> => {
    const [method = '', path = ''] = door.split(' ');
    const { status, text, result } = await control(gateway, tenant, method, fill(path), body);
    if (status !== 200) throw new Error(`${door}: ${status} ${text}`);
    return identified.parse(Array.isArray(result) ? result[0] : result);
  };
  const idOf = async (door: string, body?: unknown): Promise<string> => String((await make(door, body))['id']);

  await make('POST /ai-gateway/gateways', { id: gatewayId, ...GATEWAY_SETTINGS });
  ids['config_id'] = await idOf('POST /ai-gateway/gateways/:gateway_id/provider_configs');
  const route = z
    .looseObject({ id: z.string(), version: z.object({ version_id: z.string() }) })
    .parse(await make('POST /ai-gateway/gateways/:gateway_id/routes'));
  ids['route_id'] = route.id;
  ids['version_id'] = route.version.version_id;
  ids['provider_id'] = await idOf('POST /ai-gateway/custom-providers');
  ids['cost_id'] = await idOf('POST /ai-gateway/custom-providers/costs', {
    account_provider_id: ids['provider_id'],
    model: 'm',
    cost_in: 1,
  });
  ids['price_id'] = await idOf('POST /ai-gateway/prices');
  ids['store_id'] = await idOf('POST /secrets_store/stores');
  ids['secret_id'] = await idOf('POST /secrets_store/stores/:store_id/secrets');
  ids['token_id'] = await idOf('POST /tokens');
  ids['log_id'] = await aLog(gateway, tenant, gatewayId);
  return ids as Furniture;
}

/** The id of a call's log at a gateway. */
async function aLog(gateway: RunningGateway, { account, token }: Tenant, gatewayId: string): Promise<string> {
  const response = await fetch(`${gateway.origin}/v1/${account}/${gatewayId}/compat/chat/completions`, {
    method: 'POST',
    headers: { 'cf-aig-authorization': `Bearer ${token}` },
    body: JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'hi' }] }),
  });
  await response.text();
  await gateway.app.get(LogPipeline, { strict: false }).flush();
  return response.headers.get('cf-aig-log-id') ?? '';
}

const NAMES = z.array(z.object({ name: z.string() }));

/** Every row of every table but those that count and keep calls, as one text a table. */
export async function everyRow(gateway: RunningGateway): Promise<Readonly<Record<string, string>>> {
  const prisma = gateway.app.get(PrismaService, { strict: false });
  const tables = NAMES.parse(
    await prisma.$queryRawUnsafe(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`),
  );
  const rows: Record<string, string> = {};
  for (const { name } of tables) {
    if (/^(?:_prisma|analytics|budget_counters|config_state)/.test(name)) continue;
    const found = await prisma.$queryRawUnsafe(`SELECT to_jsonb(t)::text AS row FROM "${name}" t ORDER BY 1`);
    rows[name] = JSON.stringify(found);
  }
  return rows;
}

/** The routes of the control plane that name something by its id, or take a body: `POST /ai-gateway/…`, below the account. */
export const accountDoors = (gateway: RunningGateway): readonly string[] =>
  gateway.routes.flatMap((route) => {
    const [method, path = ''] = route.split(' ');
    const below = path.split('/client/v4/accounts/:account_id')[1];
    return below === undefined || below === '' || below.startsWith('/ai/') ? [] : [`${method} ${below}`];
  });
