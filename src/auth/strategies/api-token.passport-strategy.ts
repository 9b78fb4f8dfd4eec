import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';

import type { Caller } from '../../common/caller.js';
import { Clock } from '../../common/clock.js';
import { GatewayTokenDirectory, standing } from '../../tokens/gateway-token.directory.js';

const BEARER = /^Bearer +(\S+)$/i;

/** `authorization: Bearer aig_…` on the control plane ─▶ the caller, or nobody for a token that is unknown or not in force. */
@Injectable()
export class ApiTokenPassportStrategy extends PassportStrategy(Strategy, 'api-token') {
  constructor(
    private readonly tokens: GatewayTokenDirectory,
    private readonly clock: Clock,
  ) {
    super();
  }

  override validate(request: Pick<FastifyRequest, 'headers'>): Caller | null {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    const entry = token === undefined ? null : this.tokens.find(token);
    return entry !== null && standing(entry, this.clock.now()) === 'active' ? entry.caller : null;
  }
}
