import { inspect } from 'node:util';
import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { serverConfig } from './config/server.config.js';
import { StartError } from './config/start-error.js';
import { withoutKeys } from './request-logs/redaction.js';

/** What Nest tells of its own wiring: a page of it, and nothing anybody acts on. */
const WIRING = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/**
 * Nest's logger at the operator's level and format, without the wiring. Whatever is said, what looks like a key is starred out, and a line
 * is one line: errors of libraries quote what they were given, and callers give what they like.
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
    return super.colorize(harmless(printable(message)), level);
  }

  protected override formatContext(context: string): string {
    return super.formatContext(printable(context));
  }

  protected override stringifyMessage(message: unknown, level: LogLevel): string {
    return message instanceof Error ? indented(inspect(message)) : super.stringifyMessage(message, level);
  }

  protected override formatMessage(...parts: Parameters<ConsoleLogger['formatMessage']>): string {
    return harmless(super.formatMessage(...parts));
  }

  protected override stringifyJsonLogObject(line: Record<string, unknown>): string {
    return harmless(super.stringifyJsonLogObject(line));
  }

  protected override printStackTrace(stack: string): void {
    super.printStackTrace(typeof stack === 'string' ? harmless(indented(stack)) : stack);
  }
}

/** What ends a line or moves a cursor, and is escaped wherever text is quoted; and what only some readers take for the end of a line. */
const CONTROL = /\p{Cc}/gu;
const SEPARATORS = /[\x7f-\x9f\u2028\u2029]/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const printable = (text: string): string => text.replace(CONTROL, escaped);

/** A stack has lines of its own; none of them begins as one of the log's does. */
const indented = (stack: string): string =>
  stack
    .split('\n')
    .map((line, index) => (index === 0 || line.startsWith(' ') ? '' : '    ') + printable(line))
    .join('\n');

const harmless = (text: string): string => withoutKeys(text.replace(SEPARATORS, escaped));
