import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { GatewayLogger } from './app.logger.js';

const KEY = 'sk-canary-0123456789-abcdefghijklmnop';
const TOKEN = 'aig_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';

let printed = '';

beforeEach(() => {
  printed = '';
  const print = (text: unknown): boolean => {
    printed += String(text);
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(print);
  jest.spyOn(process.stderr, 'write').mockImplementation(print);
});
afterEach(() => {
  jest.restoreAllMocks();
});

const loggerOf = (logFormat: 'json' | 'text'): GatewayLogger => new GatewayLogger({ logFormat, logLevel: 'log' });

describe('GatewayLogger', () => {
  it('prints a line of JSON for each message, with its facts by name', () => {
    const logger = loggerOf('json');

    logger.error(
      { event: 'request.failed', requestId: '01JDEXAMPLE000000000000000' },
      'Error: no\n    at here',
      'Errors',
    );

    expect(JSON.parse(printed)).toMatchObject({
      level: 'error',
      context: 'Errors',
      message: { event: 'request.failed', requestId: '01JDEXAMPLE000000000000000' },
      stack: 'Error: no\n    at here',
    });
    expect(printed.trim()).not.toContain('\n');
  });

  it.each(['json', 'text'] as const)('prints no key, wherever it stands, as %s', (format) => {
    const logger = loggerOf(format);

    logger.log(`${KEY} at the beginning`);
    logger.warn(`In the middle: Bearer ${TOKEN}.`);
    logger.error(new Error(`Incorrect API key provided: ${KEY}`));
    logger.error(
      { event: 'request.failed', headers: { authorization: `Bearer ${KEY}` } },
      `Error: ${KEY}\n    at x`,
      'Errors',
    );
    logger.fatal('With a cause', new Error('outer', { cause: new Error(`inner ${TOKEN}`) }));

    expect(printed).toContain('at the beginning');
    expect(printed).toContain('request.failed');
    expect(printed).toContain('sk-c***');
    expect(printed).not.toContain('canary');
    expect(printed).not.toContain(TOKEN.slice(8, 20));
  });

  it('leaves out what Nest says of its own wiring', () => {
    const logger = loggerOf('json');
    Logger.overrideLogger(logger);

    new Logger('RoutesResolver').log('HealthController {/}:');
    new Logger('ChangeFeed').log('The configuration is up to date again');
    Logger.overrideLogger(false);

    expect(printed.trim().split('\n')).toHaveLength(1);
  });
});

describe('what callers say', () => {
  const FORGED = 'x\r\n[Gateway] 1  - 11/23/2026, 1:00:00 PM     LOG [Auth] let in\u001b[2K\u2028y';

  it.each([
    ['a message', (logger: GatewayLogger) => logger.warn(FORGED, 'Context')],
    ['a context', (logger: GatewayLogger) => logger.log('message', FORGED)],
    ['a fact', (logger: GatewayLogger) => logger.warn({ event: 'x', model: FORGED })],
    ['an error', (logger: GatewayLogger) => logger.error(new Error(FORGED))],
    ['an error beside a message', (logger: GatewayLogger) => logger.error('It failed', new Error(FORGED))],
    ['a stack', (logger: GatewayLogger) => logger.error({ event: 'x' }, `Error: ${FORGED}\n    at x:1:1`, 'Errors')],
  ])('begins no line of its own and moves no cursor, as %s', (_name, say) => {
    for (const format of ['text', 'json'] as const) say(loggerOf(format));

    expect(printed).toContain('let in');
    expect(
      printed.split(/[\n\r\u2028]/).filter((line) => /^\[Gateway\].*let in/.test(line) && !/x\\/.test(line)),
    ).toEqual([]);
    expect(['\r', '\u2028', '\u001b[2K'].filter((obeyed) => printed.includes(obeyed))).toEqual([]);
  });
});
