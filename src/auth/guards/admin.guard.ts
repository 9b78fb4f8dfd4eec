import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';

import { type Caller, isAllowed, type Permission } from '../../common/caller.js';
import { forbidden, noSuchRoute, unauthenticated } from '../../common/errors/platform-error.js';
import { Permissions } from '../decorators/permissions.decorator.js';
import { ApiTokenPassportStrategy } from '../strategies/api-token.passport-strategy.js';

/** What the path names. A gateway's token reaches no further than its gateways. */
interface AdminParams {
  readonly account_id?: string;
  readonly gateway_id?: string;
}

/** One run of a Passport strategy: Passport's own middleware makes the same of it. */
interface PassportRun {
  success(caller: Caller): void;
  fail(): void;
  error(error: unknown): void;
  authenticate(request: FastifyRequest): void;
}

/**
 * Who may do this on the control plane: decided on the matched route and its parameters, never on the URL's text. Refuses with
 * 401/10000 without a valid token, 404/7003 for any account but the token's own (whether there is such an account or not),
 * and 403/10001 without the permission.
 */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(
    private readonly strategy: ApiTokenPassportStrategy,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: AdminParams }>>();
    const { account_id: accountId, gateway_id: gatewayId } = request.params;
    const caller = await this.authenticate(request);
    if (accountId !== undefined && accountId !== caller.accountId) throw noSuchRoute();

    const asked = this.reflector.getAllAndOverride(Permissions, [context.getHandler(), context.getClass()]);
    if (asked === undefined) throw forbidden('This route is not open to any token.');
    if (asked.length > 0 && !asked.some((permission) => isAllowed(caller, permission, gatewayId))) {
      throw forbidden(
        `The token lacks the permission ${asked.map(wordsOf).join(' or ')}${gatewayId === undefined ? ' on the whole account' : ' on this gateway'}.`,
      );
    }
    request.caller = caller;
    return true;
  }

  /**
   * Runs the strategy as Passport would. Not through Passport's registry: that is one a process, and of two gateways in a
   * process (a test of replicas) the first would be asked with the other's tokens.
   */
  private authenticate(request: FastifyRequest): Promise<Caller> {
    return new Promise((resolve, reject) => {
      const run: PassportRun = Object.create(this.strategy);
      run.success = resolve;
      run.fail = () => reject(unauthenticated());
      run.error = reject;
      run.authenticate(request);
    });
  }
}

const WORDS: Readonly<Record<Permission, string>> = {
  'ai-gateway.run': 'AI Gateway Run',
  'ai-gateway.read': 'AI Gateway Read',
  'ai-gateway.write': 'AI Gateway Write',
  'secrets-store.read': 'Secrets Store Read',
  'secrets-store.write': 'Secrets Store Write',
  'tokens.read': 'Account API Tokens Read',
  'tokens.write': 'Account API Tokens Write',
};

const wordsOf = (permission: Permission): string => `"${WORDS[permission]}"`;
