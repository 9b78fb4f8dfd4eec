import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Caller, isAllowed } from '../../common/caller.js';
import { Clock } from '../../common/clock.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Secret } from '../../common/secret.js';
import { askedGateway, type GatewayParams } from '../../contract/gateway-headers.js';
import { surfaceOf } from '../../contract/surface.js';
import type { GatewayAccess } from '../../gateways/gateway-access.js';
import { GatewayDirectory } from '../../gateways/gateway.directory.js';
import type { GatewaySettings } from '../../gateways/gateway-settings.js';
import { GatewaysService } from '../../gateways/gateways.service.js';
import { GatewayTokenDirectory, standing, type TokenEntry } from '../../tokens/gateway-token.directory.js';
import { CallerCredentials } from '../caller-credentials.service.js';

declare module 'fastify' {
  interface FastifyRequest {
    access?: GatewayAccess;
  }
}

/** What the guard found out. Throws where no guard has been: a route without one must not answer. */
export function accessOf(request: FastifyRequest): GatewayAccess {
  if (request.access === undefined) throw new GatewayError('internal', 'This route has no gateway guard.');
  return request.access;
}

/** A provider's own API that is Google's. */
const GOOGLES = /^\/v1\/[^/]+\/[^/]+\/(?:google|vertex)/;

/**
 * Who may call a gateway. A bare guard, not a Passport one: it runs on every call, where Passport costs 2–3 µs more, and it tells
 * two credentials apart at once. Everything is looked up in memory.
 *
 * Refuses with `gateway_not_found` (400/2001) and, on an authenticated gateway, `unauthorized` (401/2009).
 */
@Injectable()
export class GatewayTokenGuard implements CanActivate {
  constructor(
    private readonly gateways: GatewayDirectory,
    private readonly gatewaysService: GatewaysService,
    private readonly tokens: GatewayTokenDirectory,
    private readonly credentials: CallerCredentials,
    private readonly clock: Clock,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<FastifyRequest<{ Params: GatewayParams; Querystring: { key?: unknown } }>>();
    const { accountId, gatewayId } = askedGateway(request.params, request.headers);
    const { gatewayToken, providerKey } = this.credentials.read(
      request.headers,
      this.queryKey(request.query.key, request.url),
    );
    const entry = gatewayToken === null ? null : this.tokens.find(gatewayToken);
    const gateway = this.gateways.find(accountId, gatewayId) ?? this.impliedDefault(accountId, gatewayId, entry);
    const refusal = this.refusalOf(entry, gateway, gatewayToken !== null);
    if (refusal !== null && gateway.authentication) throw refusal;
    request.access = {
      gateway,
      caller: refusal === null && entry !== null ? entry.caller : null,
      inlineKey: providerKey === null ? null : new Secret(providerKey),
    };
    return true;
  }

  /** `?key=` holds a credential where Google's clients are: in another provider's own API it may mean anything. */
  private queryKey(key: unknown, url: string): string | undefined {
    if (typeof key !== 'string') return undefined;
    return surfaceOf(url) !== 'native' || GOOGLES.test(url) || this.credentials.isOurs(key) ? key : undefined;
  }

  /** The gateway `default` comes into being with the first authenticated call; the database follows when it can. */
  private impliedDefault(accountId: string, gatewayId: string, entry: TokenEntry | null): GatewaySettings {
    const entitled = entry !== null && this.refusalFor(entry, entry.caller, accountId, gatewayId) === null;
    if (gatewayId !== 'default' || !entitled || !this.gateways.hasAccount(accountId)) {
      throw new GatewayError(
        'gateway_not_found',
        `There is no gateway "${gatewayId}" in account "${accountId}". Make it with POST /client/v4/accounts/{account_id}/ai-gateway/gateways, or check the URL.`,
      );
    }
    return this.gatewaysService.impliedDefault(accountId);
  }

  private refusalOf(entry: TokenEntry | null, gateway: GatewaySettings, isGiven: boolean): GatewayError | null {
    if (entry !== null) return this.refusalFor(entry, entry.caller, gateway.accountId, gateway.id);
    return isGiven
      ? unauthorized('The gateway token is not known.')
      : unauthorized(
          'This gateway needs a gateway token: send it as "cf-aig-authorization: Bearer aig_…", or as the API key.',
        );
  }

  private refusalFor(entry: TokenEntry, caller: Caller, accountId: string, gatewayId: string): GatewayError | null {
    const now = standing(entry, this.clock.now());
    if (now !== 'active') return unauthorized(`The gateway token is ${now === 'not_yet' ? 'not valid yet' : now}.`);
    if (caller.accountId !== accountId) return unauthorized('The gateway token belongs to another account.');
    if (!isAllowed(caller, 'ai-gateway.run', gatewayId)) {
      return unauthorized(`The gateway token lacks the permission "AI Gateway Run" for gateway "${gatewayId}".`);
    }
    return null;
  }
}

const unauthorized = (message: string): GatewayError => new GatewayError('unauthorized', message);
