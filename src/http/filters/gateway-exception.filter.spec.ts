import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ArgumentsHost, Logger } from '@nestjs/common';
import { CapturingLogger } from '../../../test/support/capturing-logger.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { unexpectedError } from '../../common/errors/unexpected-error.js';
import { GatewayExceptionFilter } from './gateway-exception.filter.js';

/** The host of a call on compat whose answer nobody reads. */
const host = (): ArgumentsHost => {
  const reply: Record<string, unknown> = { raw: { headersSent: false, destroyed: false } };
  for (const name of ['header', 'headers', 'type', 'status', 'send', 'removeHeader']) reply[name] = () => reply;
  const request = {
    id: '01JDEXAMPLE000000000000000',
    method: 'POST',
    url: '/v1/a/b/compat/chat/completions',
    headers: {},
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the filter asks of it
  return { switchToHttp: () => ({ getRequest: () => request, getResponse: () => reply }) } as unknown as ArgumentsHost;
};

describe('GatewayExceptionFilter', () => {
  let logger: CapturingLogger;
  beforeEach(() => {
    logger = new CapturingLogger();
    Logger.overrideLogger(logger);
  });
  afterEach(() => Logger.overrideLogger(false));

  it.each([
    ['what nobody foresaw', new TypeError('x is not a function'), 1],
    ['an internal error that nobody has logged', new GatewayError('internal', 'No token was made.'), 1],
    ['an internal error that was logged where it was made', unexpectedError(new TypeError('x'), 'an id'), 0],
    ['what the caller did wrong', new GatewayError('invalid_request', 'No model.'), 0],
  ])('logs %s as often as needed', (_name, exception, lines) => {
    new GatewayExceptionFilter({ refused: () => undefined }).catch(exception, host());

    expect(logger.lines).toHaveLength(lines);
  });
});
