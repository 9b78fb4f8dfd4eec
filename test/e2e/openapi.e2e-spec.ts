import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PERMISSIONS } from '../../src/common/caller.js';
import type { ApiDocument, Operation } from '../../src/openapi/api-document.types.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete'];

describe('the API, described', () => {
  let gateway: RunningGateway;
  let document: ApiDocument;
  let operations: readonly { readonly route: string; readonly operation: Operation }[];

  const get = (path: string, authorization: string | null = `Bearer ${ADMIN_TOKEN}`) =>
    fetch(gateway.origin + path, { headers: authorization === null ? {} : { authorization } });

  beforeAll(async () => {
    gateway = await startGateway();
    document = (await (await get('/openapi.json')).json()) as ApiDocument;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
    );
  });
  afterAll(() => gateway.close());

  it('has every registered route, and no other', () => {
    // Without the names of parameters. Browsers' pre-flight questions are HTTP's, not the API's.
    const registered = gateway.routes.filter((route) => !route.startsWith('OPTIONS '));
    const shapeOf = (route: string): string => route.replace(/:\w+|\*$|\{\w+\}/g, '{}');

    expect(operations.map(({ route }) => shapeOf(route)).toSorted()).toEqual(registered.map(shapeOf).toSorted());
  });

  it('is committed as docs/openapi.json, which `npm run docs:openapi` writes', () => {
    const committed: unknown = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));

    expect(committed).toEqual(document);
  });

  it('is OpenAPI 3.1: what is named is there, and named once', () => {
    const { info, components, paths, tags } = document;
    const ids = operations.map(({ operation }) => operation.operationId);
    const missing = referencesIn(document).filter((reference) => valueAt(document, reference) === undefined);

    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect([info.title, info.version].every((text) => text.length > 0)).toBe(true);
    expect(missing).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.keys(paths).filter((path) => !/^\/[^?#]*$/.test(path))).toEqual([]);
    expect(new Set(Object.keys(paths).map((path) => path.replace(/\{\w+\}/g, '{}'))).size).toBe(
      Object.keys(paths).length,
    );
    expect(Object.values(paths).flatMap(Object.keys)).toEqual(expect.not.arrayContaining(['all', 'options']));
    expect(
      Object.values(paths)
        .flatMap(Object.keys)
        .every((method) => METHODS.includes(method)),
    ).toBe(true);
    expect(Object.keys(components.securitySchemes).toSorted()).toEqual(['gatewayToken', 'token']);
    expect(new Set(operations.flatMap(({ operation }) => operation.tags))).toEqual(
      new Set(tags.map(({ name }) => name)),
    );
  });

  it('declares for each operation its parameters, answers, and who may ask', () => {
    const wrong = operations.flatMap(({ route, operation }) => {
      const { parameters, responses, security, summary } = operation;
      const inPath = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = parameters.filter((parameter) => parameter.in === 'path');
      const keys = parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      const isOpen = / \/(?:healthz|readyz)$/.test(route);
      return [
        JSON.stringify(declared.map(({ name }) => name)) === JSON.stringify(inPath) || 'path parameters',
        declared.every(({ required }) => required) || 'an optional path parameter',
        new Set(keys).size === keys.length || 'a parameter twice',
        parameters.every(({ schema }) => typeof schema === 'object') || 'a parameter without a schema',
        Object.keys(responses).every((status) => /^(?:[1-5]\d\d|default)$/.test(status)) || 'statuses',
        Object.keys(responses).length > 0 || 'no answers',
        isOpen === (security.length === 0) || 'security',
        security.flatMap(Object.keys).every((name) => name in document.components.securitySchemes) || 'a scheme',
        (operation['x-permissions'] ?? []).every((name) => PERMISSIONS.some((known) => known === name)) ||
          'permissions',
        summary.length > 0 || 'no summary',
      ]
        .filter((fault) => fault !== true)
        .map((fault) => `${route}: ${fault}`);
    });

    expect(wrong).toEqual([]);
  });

  it('says of bodies and queries what is checked', () => {
    const gateways = document.paths['/client/v4/accounts/{account_id}/ai-gateway/gateways'];
    const body = gateways?.['post']?.requestBody?.content['application/json']?.schema;
    const chat = document.paths['/v1/{account_id}/{gateway_id}/compat/chat/completions']?.['post'];

    expect(body).toMatchObject({
      type: 'object',
      properties: { id: { maxLength: 64 }, cache_ttl: { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'null' }] } },
      required: expect.arrayContaining(['id', 'cache_ttl', 'collect_logs']),
    });
    expect(gateways?.['get']?.parameters).toContainEqual({
      name: 'per_page',
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    });
    expect(gateways?.['get']?.['x-permissions']).toEqual(['ai-gateway.read']);
    expect(chat?.requestBody?.content['application/json']?.schema).toMatchObject({ required: ['model', 'messages'] });
    expect(Object.keys(Object(chat?.responses['200']).content)).toEqual(['application/json', 'text/event-stream']);
  });

  it('is a page for browsers too, which give the token as a password', async () => {
    const response = await get('/docs', `Basic ${Buffer.from(`me:${ADMIN_TOKEN}`).toString('base64')}`);
    const page = await response.text();

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|<link|<img|https?:\/\//);
    for (const { operation } of operations) expect(page).toContain(operation.operationId);
  });

  it.each([
    ['nothing', null],
    ['a wrong token', 'Bearer aig_wrong'],
    ['a wrong password', `Basic ${Buffer.from('me:wrong').toString('base64')}`],
    ['half a password', 'Basic bWU='],
  ])('asks browsers for a password when it is given %s', async (_name, authorization) => {
    for (const path of ['/docs', '/openapi.json']) {
      const response = await get(path, authorization);

      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
      expect(await response.text()).not.toContain('operationId');
    }
  });

  it('is all that a token sent as a password opens', async () => {
    const response = await get('/client/v4/accounts', `Basic ${Buffer.from(`me:${ADMIN_TOKEN}`).toString('base64')}`);

    expect(response.status).toBe(401);
  });
});

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === '$ref' && typeof item === 'string' ? [item] : referencesIn(item),
  );
}

/** What a local reference (`#/a/b`) points to. */
const valueAt = (document: object, reference: string): unknown =>
  reference
    .replace(/^#\//, '')
    .split('/')
    .reduce((value: unknown, key) => Object(value)[key], document);
