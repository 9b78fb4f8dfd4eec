import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import { isAllowed } from '../../common/caller.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { metricsConfig } from '../../config/metrics.config.js';
import { FIRST_ACCOUNT_ID } from '../../gateways/default-gateway.js';
import { ApiTokenPassportStrategy } from '../strategies/api-token.passport-strategy.js';

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Who may read the process's own numbers: a scraper with the operator's `METRICS_TOKEN`, or a token of the first account with
 * "AI Gateway Read" on all of it. The numbers name gateways of every account, so a token of another account may not.
 */
@Injectable()
export class MetricsGuard implements CanActivate {
  private readonly scraper: Buffer | null;

  constructor(
    private readonly tokens: ApiTokenPassportStrategy,
    @Inject(metricsConfig.KEY) { token }: ConfigType<typeof metricsConfig>,
  ) {
    this.scraper = token === null ? null : digestOf(token.reveal());
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.isScraper(request.headers.authorization)) return true;
    const caller = this.tokens.validate(request);
    if (caller === null) {
      throw new GatewayError('unauthorized', 'Send "authorization: Bearer …" with METRICS_TOKEN or an admin token.');
    }
    if (caller.accountId !== FIRST_ACCOUNT_ID || !isAllowed(caller, 'ai-gateway.read')) {
      throw new GatewayError('unauthorized', 'The token lacks the permission "AI Gateway Read" on the first account.', {
        status: 403,
      });
    }
    return true;
  }

  private isScraper(authorization: string | undefined): boolean {
    const given = BEARER.exec(authorization ?? '')?.[1];
    return this.scraper !== null && given !== undefined && timingSafeEqual(digestOf(given), this.scraper);
  }
}

/** Of one length, whatever was given. */
const digestOf = (value: string): Buffer => createHash('sha256').update(value).digest();
