import { z } from 'zod';
import { ControlPlaneClient, ControlPlaneRefusal } from './control-plane.client.js';

const customProviderSchema = z.looseObject({
  id: z.string(),
  slug: z.string(),
  /** JSON in a string, as this API has it; of values it has previews. */
  headers: z
    .string()
    .default('{}')
    .transform((text): unknown => JSON.parse(text === '' ? '{}' : text))
    .pipe(z.record(z.string(), z.string())),
});

const gatewaySchema = z.looseObject({ id: z.string(), is_default: z.boolean().optional() });

const keySchema = z.looseObject({
  id: z.string(),
  provider_slug: z.string(),
  alias: z.string(),
  // Cloudflare has it as a number in some answers.
  default_config: z.union([z.boolean(), z.number()]).transform(Boolean),
  secret_id: z.string(),
  secret_preview: z.string(),
});

const routeSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  elements: z.array(z.unknown()).nullish(),
  version: z.looseObject({ data: z.unknown() }).nullish(),
});

export type CustomProviderState = z.infer<typeof customProviderSchema>;
export type KeyState = z.infer<typeof keySchema>;

export interface RouteState {
  readonly id: string;
  readonly name: string;
  readonly elements: readonly unknown[];
}

export interface GatewayState {
  readonly id: string;
  readonly isDefault: boolean;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly keys: readonly KeyState[];
  readonly routes: readonly RouteState[];
}

/** What an account holds, as its control plane tells it. */
export interface AccountState {
  readonly customProviders: readonly CustomProviderState[];
  readonly gateways: readonly GatewayState[];
}

/** @param onRefusal Is told of a list that may not be read, which then counts as empty; else reading fails. */
export async function readAccount(
  client: ControlPlaneClient,
  accountId: string,
  onRefusal?: (refusal: ControlPlaneRefusal) => void,
): Promise<AccountState> {
  const root = `accounts/${encodeURIComponent(accountId)}/ai-gateway`;
  const list = async (path: string, nameInData?: string): Promise<readonly unknown[]> => {
    try {
      return await client.list(`${root}/${path}`, nameInData);
    } catch (error) {
      if (onRefusal === undefined || !(error instanceof ControlPlaneRefusal)) throw error;
      onRefusal(error);
      return [];
    }
  };

  const readRoute = async (gatewayId: string, given: unknown): Promise<RouteState> => {
    const { id, name, elements } = routeSchema.parse(given);
    if (elements != null) return { id, name, elements };
    const whole = routeSchema.parse(await client.call('GET', `${root}/gateways/${gatewayId}/routes/${id}`));
    return { id, name, elements: whole.elements ?? elementsIn(whole.version?.data) };
  };

  const readGateway = async (given: unknown): Promise<GatewayState> => {
    const { id, is_default, ...fields } = gatewaySchema.parse(given);
    const keys = z.array(keySchema).parse(await list(`gateways/${id}/provider_configs`));
    const routes: RouteState[] = [];
    for (const route of await list(`gateways/${id}/routes`, 'routes')) routes.push(await readRoute(id, route));
    return { id, isDefault: is_default ?? false, fields, keys, routes };
  };

  const customProviders = z.array(customProviderSchema).parse(await list('custom-providers'));
  const gateways: GatewayState[] = [];
  for (const gateway of await client.list(`${root}/gateways`)) gateways.push(await readGateway(gateway));
  return { customProviders, gateways };
}

/** A version has its elements as JSON in a string, or as they are. */
const elementsIn = (data: unknown): readonly unknown[] =>
  z.array(z.unknown()).parse(typeof data === 'string' ? JSON.parse(data) : data);
