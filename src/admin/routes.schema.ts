import { z } from 'zod';

import { isShallow } from '../common/is-shallow.js';
import { PLATFORM_CODES, type PlatformMessage } from '../common/errors/platform-error.js';
import type { Page, PageRequest } from '../common/page.js';
import { modelNameSchema } from '../contract/model-name.js';
import { presentRoute as presentPath, toRouteHeader } from '../contract/route-taken.js';
import type { DynamicRouteRecord, RouteDeployment, RouteVersion } from '../dynamic-routes/dynamic-route.js';
import type { SimulationInput } from '../dynamic-routes/dynamic-routes.service.js';
import type { DeployedRoute } from '../dynamic-routes/graph-walker.js';
import { MAX_ELEMENTS } from '../dynamic-routes/route-graph.js';
import type { Simulation } from '../dynamic-routes/route-simulator.js';
import { Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { opaqueIdSchema, paging } from './request-parts.schema.js';
import { answerObject, time } from './answer-parts.schema.js';

const MAX_DEPTH = 30;

const TOO_DEEP = `is nested more than ${MAX_DEPTH} deep`;

/** Callers write it behind `dynamic/`, or alone; it stands in a header. */
const routeName = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'may hold printable ASCII, with spaces inside only')
  .refine((name) => !name.startsWith('dynamic/'), 'goes without "dynamic/": callers write that before it');

/** What the elements must be the service knows, in either syntax. */
const elements = z
  .array(z.unknown())
  .min(1)
  .max(MAX_ELEMENTS)
  .refine((list) => isShallow(list, MAX_DEPTH), TOO_DEEP);

export const newRouteBody = z.object({ name: routeName, elements });
export const renameRouteBody = z.object({ name: routeName });
export const newVersionBody = z.object({ elements });
export const newDeploymentBody = z.object({ version_id: opaqueIdSchema });

export const routeListQuery = z.object(paging({ default: 20, max: 100 }));
/** The SDK asks for no page of these. */
export const historyQuery = z.object(paging({ default: 100, max: 100 }));

const outcome = z.string().min(1).max(64);

export const simulateBody = z.strictObject({
  /** The request's body. Without `model` it asks for the route. */
  request: z
    .looseObject({ model: modelNameSchema.optional() })
    .refine((body) => isShallow(body, MAX_DEPTH), TOO_DEEP)
    .default({}),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  headers: z.record(z.string(), z.string()).default({}),
  token: z.strictObject({ id: z.string().default(''), name: z.string().default('') }).nullish(),
  /** When the call comes. */
  at: z.iso.datetime({ offset: true }).nullish(),
  /** What every percentage draws. */
  chance: z.number().min(0).lt(1).nullish(),
  outcomes: z.record(z.string(), z.union([outcome, z.array(outcome).min(1).max(100)])).default({}),
});

export type NewRouteBody = z.infer<typeof newRouteBody>;
export type RenameRouteBody = z.infer<typeof renameRouteBody>;
export type NewVersionBody = z.infer<typeof newVersionBody>;
export type NewDeploymentBody = z.infer<typeof newDeploymentBody>;
export type PagingQuery = z.infer<typeof historyQuery>;
export type SimulateBody = z.infer<typeof simulateBody>;

export const toSimulationInput = (body: SimulateBody): SimulationInput => {
  const { model, ...rest } = body.request;
  return {
    body: model === undefined ? rest : { ...rest, model },
    metadata: body.metadata,
    headers: Object.fromEntries(Object.entries(body.headers).map(([name, value]) => [name.toLowerCase(), value])),
    caller: body.token ?? null,
    at: body.at === undefined || body.at === null ? null : new Date(body.at),
    chance: body.chance ?? null,
    outcomes: new Map(Object.entries(body.outcomes).map(([element, own]) => [element, [own].flat()])),
  };
};

const element = z.looseObject({ id: z.string(), type: z.string() });
const bareShape = {
  id: z.string(),
  name: z.string(),
  gateway_id: z.string(),
  elements: z.array(element),
  created_at: time,
  modified_at: time,
};
const versionShape = {
  version_id: z.string(),
  active: z.enum(['true', 'false']),
  data: z.string().describe('The elements, as JSON'),
  is_valid: z.boolean(),
  created_at: time,
};
const deploymentShape = { deployment_id: z.string(), version_id: z.string(), created_at: time };

export const versionAnswer = answerObject('RouteVersion', versionShape);
export const deploymentAnswer = answerObject('RouteDeployment', deploymentShape);
export const deletedRouteAnswer = answerObject('DeletedRoute', bareShape);
export const routeAnswer = answerObject('Route', {
  ...bareShape,
  account_tag: z.string(),
  deployment: deploymentAnswer,
  version: versionAnswer,
});
export const routeVersionAnswer = answerObject('RouteWithVersion', { ...bareShape, ...versionShape });
export const routeDeploymentAnswer = answerObject('RouteWithDeployment', { ...bareShape, ...deploymentShape });

export const simulationAnswer = answerObject('Simulation', {
  id: z.string(),
  name: z.string(),
  version_id: z.string(),
  path: z.array(z.string()),
  header: z.string(),
  steps: z.array(
    z.strictObject({ element: z.string(), type: z.string(), output: z.string().nullable(), reason: z.string() }),
  ),
  answer: z.strictObject({ element: z.string(), provider: z.string(), model: z.string() }).nullable(),
  error: z.strictObject({ class: z.string(), reason: z.string() }).nullable(),
  unused_outcomes: z.array(z.string()),
});

/** A route's own members, without what serves: as some answers of the API have it. */
const presentBare = (route: DynamicRouteRecord, gatewayId: string, version: Pick<RouteVersion, 'elements'>) => ({
  id: route.id,
  name: route.name,
  gateway_id: gatewayId,
  elements: version.elements,
  created_at: route.createdAt.toISOString(),
  modified_at: route.modifiedAt.toISOString(),
});

const presentDeployment = ({ id, versionId, createdAt }: RouteDeployment) => ({
  deployment_id: id,
  version_id: versionId,
  created_at: createdAt.toISOString(),
});

/** Two members are text, as the API has them: whether it serves, and the elements. */
const presentVersion = ({ id, elements: own, createdAt }: RouteVersion, servingId: string) => ({
  version_id: id,
  active: String(id === servingId),
  data: JSON.stringify(own),
  is_valid: true,
  created_at: createdAt.toISOString(),
});

export const presentRoute = (accountId: string, gatewayId: string) => (route: DynamicRouteRecord) => ({
  ...presentBare(route, gatewayId, route.version),
  account_tag: accountId,
  deployment: presentDeployment(route.deployment),
  version: presentVersion(route.version, route.version.id),
});

export const presentDeletedRoute = (route: DynamicRouteRecord, gatewayId: string) =>
  presentBare(route, gatewayId, route.version);

/** A version with the route around it. */
export const presentRouteVersion = (route: DynamicRouteRecord, gatewayId: string, version: RouteVersion) => ({
  ...presentBare(route, gatewayId, version),
  ...presentVersion(version, route.version.id),
});

export const presentRouteDeployment = (route: DynamicRouteRecord, gatewayId: string) => ({
  ...presentBare(route, gatewayId, route.version),
  ...presentDeployment(route.deployment),
});

/** The lists of this API stand in `data`, under a name of their own; they are mirrored in `result`, as everywhere else. */
const listed = (name: string, list: Enveloped, { page, perPage }: PageRequest): Enveloped =>
  new Enveloped(list.result, {
    ...list.more,
    beside: {
      data: {
        [name]: list.result,
        page,
        per_page: perPage,
        order_by: 'created_at',
        order_by_direction: 'desc',
      },
    },
  });

export const listRoutes = (accountId: string, gatewayId: string, routes: Page<DynamicRouteRecord>, page: PageRequest) =>
  listed('routes', pageOf(routes, page, presentRoute(accountId, gatewayId)), page);

export const listVersions = (route: DynamicRouteRecord, versions: Page<RouteVersion>, page: PageRequest) =>
  listed(
    'versions',
    pageOf(versions, page, (version) => presentVersion(version, route.version.id)),
    page,
  );

export const listDeployments = (deployments: Page<RouteDeployment>, page: PageRequest) =>
  listed('deployments', pageOf(deployments, page, presentDeployment), page);

/** What had to be changed in what was sent, for people. */
export const toMessages = (notes: readonly string[]): readonly PlatformMessage[] =>
  notes.map((message) => ({ code: PLATFORM_CODES.dynamicRoute, message }));

export const presentSimulation = (
  { id, name, versionId }: DeployedRoute,
  { steps, path, answer, failure, unused }: Simulation,
) => {
  const taken = { id, name, versionId, path };
  return {
    ...presentPath(taken),
    header: toRouteHeader(taken),
    steps,
    answer:
      answer === null
        ? null
        : { element: answer.element, provider: answer.target.provider, model: answer.target.model },
    error: failure === null ? null : { class: failure.errorClass, reason: failure.reason },
    unused_outcomes: unused,
  };
};
