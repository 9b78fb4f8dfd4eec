import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { type Permission, PERMISSIONS } from '../../src/common/caller.js';
import { surfaceOf } from '../../src/contract/surface.js';
import { PERMISSION_GROUPS } from '../../src/tokens/permission-groups.js';
import { withIds } from '../../src/tokens/token-policy.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { insertAccount, insertToken } from '../support/second-account.js';

/**
 * What every route asks. `open`: nothing. `any`: any valid token. A list: one of these permissions, as a token that holds
 * exactly one of them shows. A route without a row fails the first test below.
 */
const ROUTES: Readonly<Record<string, 'open' | 'any' | readonly Permission[]>> = {
  'OPTIONS /v1/*': 'open',
  'GET /healthz': 'open',
  'GET /readyz': 'open',
  // Of the first account's tokens; or METRICS_TOKEN, see test/e2e/metrics.e2e-spec.ts.
  'GET /metrics': ['ai-gateway.read', 'ai-gateway.write'],
  'GET /openapi.json': 'any',
  'GET /docs': 'any',

  'POST /v1/:accountId/:gatewayId/compat/chat/completions': ['ai-gateway.run'],
  'POST /v1/:accountId/:gatewayId/compat/embeddings': ['ai-gateway.run'],
  'POST /v1/:accountId/:gatewayId/compat/responses': ['ai-gateway.run'],
  'GET /v1/:accountId/:gatewayId/compat/models': ['ai-gateway.run'],
  'GET /v1/:accountId/:gatewayId': ['ai-gateway.run'],
  'POST /v1/:accountId/:gatewayId': ['ai-gateway.run'],
  'GET /v1/:accountId/:gatewayId/*': ['ai-gateway.run'],
  'HEAD /v1/:accountId/:gatewayId/*': ['ai-gateway.run'],
  'POST /v1/:accountId/:gatewayId/*': ['ai-gateway.run'],
  'PUT /v1/:accountId/:gatewayId/*': ['ai-gateway.run'],
  'PATCH /v1/:accountId/:gatewayId/*': ['ai-gateway.run'],
  'DELETE /v1/:accountId/:gatewayId/*': ['ai-gateway.run'],

  'POST /client/v4/accounts/:account_id/ai/v1/chat/completions': ['ai-gateway.run'],
  'POST /client/v4/accounts/:account_id/ai/v1/embeddings': ['ai-gateway.run'],
  'POST /client/v4/accounts/:account_id/ai/v1/messages': ['ai-gateway.run'],
  'POST /client/v4/accounts/:account_id/ai/v1/responses': ['ai-gateway.run'],
  'POST /client/v4/accounts/:account_id/ai/run/*': ['ai-gateway.run'],

  'GET /client/v4/user': 'any',
  'GET /client/v4/user/tokens/verify': 'any',
  'GET /client/v4/user/tokens/permission_groups': ['tokens.read', 'tokens.write'],
  'GET /client/v4/accounts': 'any',
  'GET /client/v4/accounts/:account_id': 'any',

  'POST /client/v4/accounts/:account_id/ai-gateway/gateways': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways': ['ai-gateway.read', 'ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id': ['ai-gateway.read', 'ai-gateway.write'],
  'PUT /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id': ['ai-gateway.write'],
  'DELETE /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id': ['ai-gateway.write'],

  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/budgets': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],

  'POST /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/provider_configs': ['secrets-store.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/provider_configs': [
    'ai-gateway.read',
    'ai-gateway.write',
    'secrets-store.read',
    'secrets-store.write',
  ],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/provider_configs/:config_id': [
    'ai-gateway.read',
    'ai-gateway.write',
    'secrets-store.read',
    'secrets-store.write',
  ],
  'PUT /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/provider_configs/:config_id': [
    'secrets-store.write',
  ],
  'DELETE /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/provider_configs/:config_id': [
    'ai-gateway.write',
    'secrets-store.write',
  ],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/url/:provider': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'POST /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes': ['ai-gateway.read', 'ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'PATCH /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id': ['ai-gateway.write'],
  'DELETE /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id': ['ai-gateway.write'],
  'POST /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id/versions': [
    'ai-gateway.write',
  ],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id/versions': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id/versions/:version_id': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'POST /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id/deployments': [
    'ai-gateway.write',
  ],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id/deployments': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'POST /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id/simulate': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'POST /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/routes/:route_id/versions/:version_id/simulate':
    ['ai-gateway.read', 'ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/analytics': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/health': ['ai-gateway.read', 'ai-gateway.write'],
  'POST /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/health/reset': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/logs': ['ai-gateway.read', 'ai-gateway.write'],
  'DELETE /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/logs': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/logs/:log_id': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'PATCH /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/logs/:log_id': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/logs/:log_id/request': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'GET /client/v4/accounts/:account_id/ai-gateway/gateways/:gateway_id/logs/:log_id/response': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'POST /client/v4/accounts/:account_id/ai-gateway/master-key/rotate': ['secrets-store.write'],

  'POST /client/v4/accounts/:account_id/ai-gateway/custom-providers': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/custom-providers': ['ai-gateway.read', 'ai-gateway.write'],
  'POST /client/v4/accounts/:account_id/ai-gateway/custom-providers/costs': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/custom-providers/costs': ['ai-gateway.read', 'ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/custom-providers/costs/:cost_id': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'PATCH /client/v4/accounts/:account_id/ai-gateway/custom-providers/costs/:cost_id': ['ai-gateway.write'],
  'DELETE /client/v4/accounts/:account_id/ai-gateway/custom-providers/costs/:cost_id': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/custom-providers/:provider_id': [
    'ai-gateway.read',
    'ai-gateway.write',
  ],
  'PATCH /client/v4/accounts/:account_id/ai-gateway/custom-providers/:provider_id': ['ai-gateway.write'],
  'DELETE /client/v4/accounts/:account_id/ai-gateway/custom-providers/:provider_id': ['ai-gateway.write'],

  'POST /client/v4/accounts/:account_id/ai-gateway/prices': ['ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/prices': ['ai-gateway.read', 'ai-gateway.write'],
  'GET /client/v4/accounts/:account_id/ai-gateway/prices/:price_id': ['ai-gateway.read', 'ai-gateway.write'],
  'PUT /client/v4/accounts/:account_id/ai-gateway/prices/:price_id': ['ai-gateway.write'],
  'DELETE /client/v4/accounts/:account_id/ai-gateway/prices/:price_id': ['ai-gateway.write'],

  'GET /client/v4/accounts/:account_id/secrets_store/quota': ['secrets-store.read', 'secrets-store.write'],
  'POST /client/v4/accounts/:account_id/secrets_store/stores': ['secrets-store.write'],
  'GET /client/v4/accounts/:account_id/secrets_store/stores': ['secrets-store.read', 'secrets-store.write'],
  'GET /client/v4/accounts/:account_id/secrets_store/stores/:store_id': ['secrets-store.read', 'secrets-store.write'],
  'DELETE /client/v4/accounts/:account_id/secrets_store/stores/:store_id': ['secrets-store.write'],
  'POST /client/v4/accounts/:account_id/secrets_store/stores/:store_id/secrets': ['secrets-store.write'],
  'GET /client/v4/accounts/:account_id/secrets_store/stores/:store_id/secrets': [
    'secrets-store.read',
    'secrets-store.write',
  ],
  'DELETE /client/v4/accounts/:account_id/secrets_store/stores/:store_id/secrets': ['secrets-store.write'],
  'GET /client/v4/accounts/:account_id/secrets_store/stores/:store_id/secrets/:secret_id': [
    'secrets-store.read',
    'secrets-store.write',
  ],
  'PATCH /client/v4/accounts/:account_id/secrets_store/stores/:store_id/secrets/:secret_id': ['secrets-store.write'],
  'DELETE /client/v4/accounts/:account_id/secrets_store/stores/:store_id/secrets/:secret_id': ['secrets-store.write'],
  'POST /client/v4/accounts/:account_id/secrets_store/stores/:store_id/secrets/:secret_id/duplicate': [
    'secrets-store.write',
  ],

  'GET /client/v4/accounts/:account_id/tokens': ['tokens.read', 'tokens.write'],
  'POST /client/v4/accounts/:account_id/tokens': ['tokens.write'],
  'GET /client/v4/accounts/:account_id/tokens/permission_groups': ['tokens.read', 'tokens.write'],
  'GET /client/v4/accounts/:account_id/tokens/verify': 'any',
  'GET /client/v4/accounts/:account_id/tokens/:token_id': ['tokens.read', 'tokens.write'],
  'PUT /client/v4/accounts/:account_id/tokens/:token_id': ['tokens.write'],
  'DELETE /client/v4/accounts/:account_id/tokens/:token_id': ['tokens.write'],
  'PUT /client/v4/accounts/:account_id/tokens/:token_id/value': ['tokens.write'],
};

/** A gateway that does not exist: a route that lets a token in answers that it found nothing, and nothing is changed. */
const NO_GATEWAY = 'nowhere';
const SCOPED_GATEWAY = 'scoped';

const errorBody = z.object({ errors: z.array(z.object({ code: z.number() })) });

const isOnDataPlane = (route: string): boolean => surfaceOf(route.split(' ')[1] ?? '') !== null;

/** Requests under way together. */
const AT_ONCE = 8;

type Verdict = 'allowed' | 'unauthenticated' | 'forbidden' | 'no such account';

describe('routes and permissions', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  async function verdict(route: string, token: string | null, gatewayId = NO_GATEWAY): Promise<Verdict> {
    const [method = '', template = ''] = route.split(' ');
    const isDataPlane = isOnDataPlane(route);
    const path = template
      .replace(':accountId', 'default')
      .replace(':gatewayId', 'default')
      .replace(':account_id', 'default')
      .replace(':gateway_id', gatewayId)
      .replace(':provider', 'openai')
      .replaceAll(/:\w+/g, '00000000000000000000000000000000');
    const response = await fetch(gateway.origin + path, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(isDataPlane && method === 'POST'
        ? { body: '{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}]}' }
        : {}),
    });
    const text = await response.text();
    expect(response.status).toBeLessThan(500);
    // The data plane has one refusal: OpenAI's clients know no 403 for keys.
    if (response.status === 401) return isDataPlane && token !== null ? 'forbidden' : 'unauthenticated';
    if (response.status === 403) return 'forbidden';
    if (response.status !== 404 || isDataPlane) return 'allowed';
    return errorBody.parse(JSON.parse(text)).errors[0]?.code === 7003 ? 'no such account' : 'allowed';
  }

  const tokenWith = (permissions: readonly Permission[], gatewayId: string | null = null): Promise<string> =>
    insertToken(gateway, {
      policies: withIds([
        {
          effect: 'allow',
          permission_groups: PERMISSION_GROUPS.filter(({ permission }) => permissions.includes(permission)).map(
            ({ id }) => ({ id }),
          ),
          resources: {
            'com.cloudflare.api.account.default':
              gatewayId === null ? '*' : { [`com.cloudflare.api.account.ai-gateway.${gatewayId}`]: '*' },
          },
        },
      ]),
    });

  /** A few at a time: an embedded database does one thing after the other, and keeps nobody waiting for ever. */
  const verdicts = async (token: string | null, gatewayId?: string): Promise<Record<string, Verdict>> => {
    const found: Record<string, Verdict> = {};
    const left = Object.keys(ROUTES);
    const ask = async (): Promise<void> => {
      for (let route = left.shift(); route !== undefined; route = left.shift())
        found[route] = await verdict(route, token, gatewayId);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    return found;
  };

  const expected = (decide: (asks: readonly Permission[] | 'any', route: string) => Verdict): Record<string, Verdict> =>
    Object.fromEntries(
      Object.entries(ROUTES).map(([route, asks]) => [route, asks === 'open' ? 'allowed' : decide(asks, route)]),
    );

  it('knows every registered route, and no other', () => {
    expect(gateway.routes.toSorted()).toEqual(Object.keys(ROUTES).toSorted());
  });

  it('lets nobody in without a token, but for the open routes', async () => {
    expect(await verdicts(null)).toEqual(expected(() => 'unauthenticated'));
  });

  it.each(PERMISSIONS.map((permission) => [permission]))(
    'lets a token with %s alone in where that is asked',
    async (permission) => {
      expect(await verdicts(await tokenWith([permission]))).toEqual(
        expected((asks) => (asks === 'any' || asks.includes(permission) ? 'allowed' : 'forbidden')),
      );
    },
  );

  it('lets a token without any permission see itself only', async () => {
    expect(await verdicts(await insertToken(gateway, { policies: [] }))).toEqual(
      expected((asks) => (asks === 'any' ? 'allowed' : 'forbidden')),
    );
  });

  it.each([
    ['disabled', { status: 'disabled' }],
    ['of an unknown status', { status: 'revoked' }],
    ['expired', { expiresOn: new Date(Date.now() - 1_000) }],
    ['not valid yet', { notBefore: new Date(Date.now() + 3_600_000) }],
  ])('lets nobody in with a token that is %s', async (_name, token) => {
    const seen = await verdicts(await insertToken(gateway, token));

    expect(seen).toEqual(expected((_asks, route) => (isOnDataPlane(route) ? 'forbidden' : 'unauthenticated')));
  });

  it('does not tell an account of another from none at all', async () => {
    const foreign = await insertAccount(gateway, 'foreign');

    expect(await verdicts(foreign)).toEqual(
      expected((_asks, route) => {
        if (isOnDataPlane(route)) return 'forbidden';
        if (route === 'GET /metrics') return 'forbidden';
        return route.includes(':account_id') ? 'no such account' : 'allowed';
      }),
    );
  });

  it('lets a token of one gateway reach that gateway only', async () => {
    const token = await tokenWith(PERMISSIONS, SCOPED_GATEWAY);

    expect(await verdicts(token, SCOPED_GATEWAY)).toEqual(
      expected((asks, route) => (asks === 'any' || route.includes(':gateway_id') ? 'allowed' : 'forbidden')),
    );
    expect(await verdicts(token, 'default')).toEqual(expected((asks) => (asks === 'any' ? 'allowed' : 'forbidden')));
  });
});
