import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyRequest } from 'fastify';
import { serverConfig } from '../config/server.config.js';

/** Scheme, host and port that callers reach the gateway by. */
@Injectable()
export class PublicOrigin {
  constructor(@Inject(serverConfig.KEY) private readonly config: ConfigType<typeof serverConfig>) {}

  /** What the operator says, else what this caller itself has used. */
  seenBy({ protocol, host }: FastifyRequest): string {
    return this.config.publicOrigin?.replace(/\/$/, '') ?? `${protocol}://${host}`;
  }
}
