import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { serverConfig } from './config/server.config.js';
import { StartError } from './config/start-error.js';
import { redact } from './request-logs/redaction.js';

/** What Nest tells of its own wiring: a page of it, and nothing anybody acts on. */
const WIRING = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/**
 * Nest's logger at the operator's level and format, without the wiring. Whatever is said, what looks like a key is starred out: errors of
 * libraries quote what they were given.
 */
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

  protected override colorize(message: string, level: LogLevel): string {
    return super.colorize(withoutKeys(message), level);
  }

  protected override formatMessage(...parts: Parameters<ConsoleLogger['formatMessage']>): string {
    return withoutKeys(super.formatMessage(...parts));
  }

  protected override stringifyJsonLogObject(line: Record<string, unknown>): string {
    return withoutKeys(super.stringifyJsonLogObject(line));
  }

  protected override printStackTrace(stack: string): void {
    super.printStackTrace(typeof stack === 'string' ? withoutKeys(stack) : stack);
  }
}

function withoutKeys(text: string): string {
  const bytes = Buffer.from(text);
  redact(bytes);
  return bytes.toString();
}
