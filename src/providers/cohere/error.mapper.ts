import type { GatewayError } from '../../common/errors/gateway-error.js';
import type { ErrorRule } from '../dialects/openai-chat/chat-quirks.js';
import { toInBandError, type ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';

/** After docs.cohere.com (errors), November 2026. */
export const COHERE_ERRORS: readonly ErrorRule[] = [
  { status: 422, to: { status: 400, type: 'invalid_request_error' } },
  // What was said is blocked.
  { status: 498, to: { status: 400, type: 'invalid_request_error', code: 'content_filter' } },
  { status: 499, to: { status: 499, type: 'server_error', retryable: true } },
];

/** Cohere's errors are `{id, message}`; answers have an object there, and events a type. */
export const isErrorBody = (body: JsonObject): boolean =>
  isObject(body['error']) || isText(body['error']) || (isText(body['message']) && body['type'] === undefined);

/** An answer that was given up: `finish_reason` is ERROR or TIMEOUT, the words are there or not. */
export function toFailedFinish(native: string, words: unknown, context: ErrorContext): GatewayError {
  const message = isText(words) ? words : `${context.name} gave the answer up: ${native}.`;
  const to =
    native === 'TIMEOUT'
      ? { status: 504, type: 'server_error', code: 'timeout' }
      : { status: 502, type: 'server_error', code: 'provider_error' };
  return toInBandError({ message, finish_reason: native }, {}, { ...context, rules: [{ to }] });
}
