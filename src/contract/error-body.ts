import type { ErrorKey } from '../common/errors/error-codes.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import { PLATFORM_CODES } from '../common/errors/platform-error.js';

/**
 * Error bodies, one function a surface. OpenAI's clients read only `error`, as an object; Cloudflare's own clients read
 * `error` as an array with codes 2001 and 2009; the control plane says `errors`. The three cannot be one body.
 */

/** OpenAI's error object inside an answer or a stream frame. */
export function toOpenAiError(error: GatewayError): Record<string, unknown> {
  const { provider, metadata } = error.details;
  return {
    message: error.message,
    type: error.type,
    param: error.param,
    code: error.code,
    ...(provider === undefined && metadata === undefined
      ? {}
      : { metadata: { ...(provider === undefined ? {} : { provider_name: provider }), ...metadata } }),
  };
}

const envelope = (error: GatewayError) => ({
  name: error.name,
  httpCode: error.status,
  internalCode: error.internalCode,
  message: error.message,
  description: error.description,
});

/** The compat surface: OpenAI's object, with the gateway's own fields beside it. */
export const toCompatErrorBody = (error: GatewayError) => ({
  error: toOpenAiError(error),
  success: false,
  result: [],
  messages: [],
  ...envelope(error),
});

/** Universal and provider-native surfaces: Cloudflare's envelope, `error` an array. */
export const toGatewayErrorBody = (error: GatewayError) => ({
  success: false,
  result: [],
  messages: [],
  error: [{ code: error.internalCode, message: error.message }],
  ...envelope(error),
});

const REST_CODES: Readonly<Partial<Record<ErrorKey, number>>> = {
  unauthorized: PLATFORM_CODES.authentication,
  invalid_provider: PLATFORM_CODES.noRoute,
};

/** The account-level surface: for OpenAI's clients as on compat, for those of its host with `errors` as on the control plane. */
export const toRestErrorBody = (error: GatewayError) => ({
  ...toCompatErrorBody(error),
  errors: [{ code: REST_CODES[error.key] ?? error.internalCode, message: error.message }],
  result: null,
});
