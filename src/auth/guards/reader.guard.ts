import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { ApiTokenPassportStrategy } from '../strategies/api-token.passport-strategy.js';

const BASIC = /^Basic +([A-Za-z0-9+/=]+)$/i;

/**
 * Who may read what describes the API: anyone with a token in force, whatever it allows. Browsers cannot be told to send one, but ask
 * for a password: the token is that, and any user name will do. Nothing else takes a token in this form, so that a browser which has
 * learnt it cannot be made to act with it.
 */
@Injectable()
export class ReaderGuard implements CanActivate {
  constructor(private readonly tokens: ApiTokenPassportStrategy) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { authorization } = http.getRequest<FastifyRequest>().headers;
    if (this.tokens.validate({ headers: { authorization: asBearer(authorization) } }) !== null) return true;
    void http.getResponse<FastifyReply>().header('www-authenticate', 'Basic realm="A gateway token as the password"');
    throw new GatewayError('unauthorized', 'Send "authorization: Bearer …" with a token of the gateway.');
  }
}

/** `Basic base64(user:token)` ─▶ `Bearer token` */
function asBearer(authorization: string | undefined): string | undefined {
  const encoded = BASIC.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return authorization;
  const pair = Buffer.from(encoded, 'base64').toString();
  return `Bearer ${pair.slice(pair.indexOf(':') + 1)}`;
}
