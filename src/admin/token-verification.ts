import { PLATFORM_CODES } from '../common/errors/platform-error.js';
import { Enveloped } from '../http/envelope.interceptor.js';
import type { GatewayToken } from '../tokens/gateway-token.js';
import { presentVerified } from './tokens.schema.js';

/** The answer to a token that asks about itself: it came past the guard, so it is valid. */
export const verified = (token: GatewayToken, nowMs: number): Enveloped =>
  new Enveloped(presentVerified(token, nowMs), {
    messages: [{ code: PLATFORM_CODES.authentication, message: 'This API Token is valid and active' }],
  });
