import type { Type } from '@nestjs/common';
import { z } from 'zod';
import { AdminGuard } from '../auth/guards/admin.guard.js';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { surfaceOf } from '../contract/surface.js';
import type { ApiDocument, JsonSchema, MediaType, Operation, Parameter } from './api-document.types.js';
import { type ControllerRoute, routesOf } from './controller-routes.js';
import { refTo, SHARED_SCHEMAS, toAnswerSchema, toJsonSchema } from './schemas.js';

const JSON_TYPE = 'application/json';

/** Every route of some controllers, as OpenAPI 3.1: what they check is what is said. */
export function describeApi(controllers: readonly Type[], version: string): ApiDocument {
  const routes = controllers
    .flatMap(routesOf)
    .toSorted((a, b) => compare(toTemplate(a.path), toTemplate(b.path)) || compare(a.method, b.method));
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) (paths[toTemplate(route.path)] ??= {})[route.method] = toOperation(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Unified AI Gateway',
      version,
      description:
        'The control plane is Cloudflare’s REST API for AI Gateway, Secrets Store and account tokens; the compat surface is OpenAI’s. `x-permissions`: a token needs one of them, where write includes read, and none where the list is empty.',
    },
    tags: [...new Set(routes.map(tagOf))].toSorted(compare).map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of the gateway: `aig_…`.' },
        gatewayToken: {
          type: 'apiKey',
          in: 'header',
          name: 'cf-aig-authorization',
          description: '`Bearer aig_…`, where `authorization` is wanted for a provider’s key.',
        },
      },
      responses: {
        PlatformError: answer('Refused', { [JSON_TYPE]: { schema: refTo('PlatformError') } }),
        CompatError: answer('Refused, or failed at the provider', { [JSON_TYPE]: { schema: refTo('CompatError') } }),
        GatewayError: answer('Refused, or failed at the provider', { [JSON_TYPE]: { schema: refTo('GatewayError') } }),
      },
      schemas: { ...SHARED_SCHEMAS, ...namedAnswers(routes) },
    },
  };
}

/** By code unit: the same order on every machine. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `:gatewayId` ─▶ `{gateway_id}`, and what is left of a path ─▶ `{path}`. */
const toTemplate = (path: string): string =>
  path.replace(/:(\w+)/g, (_, name: string) => `{${snakeCase(name)}}`).replace(/\*$/, '{path}');

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `CustomProvidersAdminController` ─▶ `Custom providers` */
function tagOf({ controller }: ControllerRoute): string {
  const words = controller.replace(/(?:Admin)?Controller$/, '').split(/(?=[A-Z])/);
  return words.map((word, index) => (index === 0 ? word : word.toLowerCase())).join(' ');
}

function toOperation(route: ControllerRoute): Operation {
  const { path, handler, description } = route;
  const permissions = route.guards.includes(GatewayTokenGuard) ? ['ai-gateway.run'] : route.permissions;
  const surface = surfaceOf(path);
  const tag = tagOf(route);
  const body = bodyOf(route);
  return {
    // A controller at a gateway may be at the account as well.
    operationId: `${camelCase(tag)}.${handler}${surface === 'rest' && description !== null ? '.account' : ''}`,
    summary: description?.summary ?? `${tag}: ${words(handler)}`,
    tags: [tag],
    security: securityOf(route),
    ...(permissions === null ? {} : { 'x-permissions': permissions }),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body === null ? {} : { requestBody: { required: true, content: body } }),
    responses: responsesOf(route),
  };
}

const camelCase = (tag: string): string =>
  tag.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/^\w/, (letter) => letter.toLowerCase());

const words = (handler: string): string => handler.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function securityOf({ guards, path }: ControllerRoute): Operation['security'] {
  if (guards.length === 0) return [];
  return surfaceOf(path) === null ? [{ token: [] }] : [{ gatewayToken: [] }, { token: [] }];
}

function pathParameters({ path, pipes }: ControllerRoute): Parameter[] {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const named = names.map((name): Parameter => {
    const pipe = pipes.find(({ part }) => typeof part !== 'string' && part[1] === name);
    const schema = pipe === undefined ? { type: 'string' } : toJsonSchema(pipe.schema);
    return { name: snakeCase(name), in: 'path', required: true, schema };
  });
  const rest: Parameter = {
    name: 'path',
    in: 'path',
    required: true,
    description: 'All that follows, with its slashes.',
    schema: { type: 'string' },
  };
  return path.endsWith('*') ? [...named, rest] : named;
}

const objectSchema = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
});

function queryParameters({ pipes }: ControllerRoute): Parameter[] {
  return pipes
    .filter(({ part }) => part === 'query')
    .flatMap(({ schema }) => {
      const { properties, required } = objectSchema.parse(toJsonSchema(schema));
      return Object.entries(properties).map(([name, property]) => ({
        name,
        in: 'query' as const,
        required: required.includes(name),
        schema: property,
      }));
    });
}

function bodyOf({ pipes, description }: ControllerRoute): Readonly<Record<string, MediaType>> | null {
  const schema = pipes.find(({ part }) => part === 'body')?.schema ?? description?.body;
  if (schema === undefined) return null;
  return schema === null ? { '*/*': { schema: {} } } : { [JSON_TYPE]: { schema: toJsonSchema(schema) } };
}

/** The objects that answers hold, by their names. */
function namedAnswers(routes: readonly ControllerRoute[]): Readonly<Record<string, JsonSchema>> {
  const named = routes.flatMap(({ answer: schema }) =>
    schema === null ? [] : Object.entries(toAnswerSchema(schema).named),
  );
  return Object.fromEntries(named.toSorted(([a], [b]) => compare(a, b)));
}

function envelopeOf(schema: z.ZodType): JsonSchema {
  const properties = { result: toAnswerSchema(schema).answer };
  return { allOf: [refTo('Envelope'), { type: 'object', properties, required: ['result'] }] };
}

function responsesOf(route: ControllerRoute): Operation['responses'] {
  const { path, guards, status, description, contentType } = route;
  const isEnveloped = guards.includes(AdminGuard);
  const types = description?.answers ?? [contentType ?? JSON_TYPE];
  const schema = route.answer === null ? {} : envelopeOf(route.answer);
  const answered = answer('Answered', Object.fromEntries(types.map((type) => [type, { schema }])));
  const refused = refusalOf(path, isEnveloped);
  return {
    ...(types.length === 0 ? {} : { [status]: answered }),
    ...(guards.length === 0 ? {} : { default: { $ref: `#/components/responses/${refused}` } }),
  };
}

function refusalOf(path: string, isEnveloped: boolean): 'PlatformError' | 'CompatError' | 'GatewayError' {
  if (isEnveloped) return 'PlatformError';
  const surface = surfaceOf(path);
  return surface === 'compat' || surface === 'rest' ? 'CompatError' : 'GatewayError';
}

const answer = (description: string, content: Readonly<Record<string, MediaType>>) => ({ description, content });
