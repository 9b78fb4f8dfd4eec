import { GatewayError } from './gateway-error.js';

/** What a caller is told of an error that nobody foresaw. What is nested too deeply for the stack is the caller's own doing. */
export const unexpectedError = (cause: unknown, requestId: string): GatewayError =>
  cause instanceof RangeError && cause.message.includes('call stack')
    ? new GatewayError('invalid_request', 'The request is nested too deeply.', { cause })
    : new GatewayError('internal', `Something went wrong inside the gateway. Request ${requestId}.`, { cause });
