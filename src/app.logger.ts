import { ConsoleLogger } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { serverConfig } from './config/server.config.js';
import { StartError } from './config/start-error.js';

/** What Nest tells of its own wiring: a page of it, and nothing anybody acts on. */
const WIRING = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** Nest's logger at the operator's level and format, without the wiring. */
export class GatewayLogger extends ConsoleLogger {
  constructor({ logFormat, logLevel }: Pick<ConfigType<typeof serverConfig>, 'logFormat' | 'logLevel'>) {
    super({ json: logFormat === 'json', logLevels: [logLevel], prefix: 'Gateway' });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!WIRING.has(String(rest.at(-1)))) super.log(message, ...rest);
  }

  /** What keeps the gateway from starting is told by main.ts, once and without a stack. */
  override error(message: unknown, ...rest: unknown[]): void {
    if (!(message instanceof StartError)) super.error(message, ...rest);
  }
}
