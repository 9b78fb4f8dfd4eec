/**
 * Every error the gateway itself answers with, in one table. `internalCode` is Cloudflare's where it has one
 * (developers.cloudflare.com, AI Gateway error captures of 2026-10); the 29xx numbers are ours. docs/troubleshooting.md explains each.
 */
interface ErrorCodeEntry {
  readonly status: number;
  readonly internalCode: number;
  /** OpenAI's `error.type`. */
  readonly type: string;
  /** OpenAI's `error.code`. */
  readonly code: string;
  /** The short text of Cloudflare's `description`. */
  readonly description: string;
  /** May the same call succeed when it is sent again unchanged? Drives `x-should-retry`. */
  readonly retryable: boolean;
}

const caller = { type: 'invalid_request_error', retryable: false } as const;
const server = { type: 'server_error', retryable: true } as const;

export const ERROR_CODES = {
  gateway_not_found: {
    ...caller,
    status: 400,
    internalCode: 2001,
    code: 'gateway_not_found',
    description: 'Gateway does not exist',
  },
  rate_limited: {
    status: 429,
    internalCode: 2003,
    type: 'requests',
    code: 'rate_limit_exceeded',
    description: 'Rate limited',
    retryable: true,
  },
  upstream_failed: {
    ...server,
    status: 502,
    internalCode: 2005,
    code: 'provider_error',
    description: 'Failed to get response from provider',
  },
  upstream_timeout: {
    ...server,
    status: 504,
    internalCode: 2005,
    code: 'timeout',
    description: 'Failed to get response from provider',
  },
  invalid_provider: {
    ...caller,
    status: 400,
    internalCode: 2008,
    code: 'model_not_found',
    description: 'Invalid provider',
  },
  /** A dynamic route that led to no model. Cloudflare answers the same status and code. */
  route_failed: {
    ...caller,
    status: 400,
    internalCode: 2005,
    code: 'route_failed',
    description: 'Failed to get response from provider',
  },
  unauthorized: { ...caller, status: 401, internalCode: 2009, code: 'invalid_api_key', description: 'Unauthorized' },
  unknown_key_alias: {
    ...caller,
    status: 400,
    internalCode: 2040,
    code: 'unknown_byok_alias',
    description: 'Unknown BYOK alias',
  },
  spend_limit_exceeded: {
    status: 429,
    internalCode: 2041,
    type: 'insufficient_quota',
    code: 'spend_limit_exceeded',
    description: 'Spend limit exceeded',
    retryable: false,
  },
  missing_provider_key: {
    ...caller,
    status: 401,
    internalCode: 2901,
    code: 'missing_provider_key',
    description: 'No provider key',
  },
  invalid_request: {
    ...caller,
    status: 400,
    internalCode: 2902,
    code: 'invalid_request',
    description: 'Invalid request',
  },
  unsupported_parameter: {
    ...caller,
    status: 400,
    internalCode: 2903,
    code: 'unsupported_parameter',
    description: 'Unsupported parameter',
  },
  request_too_large: {
    ...caller,
    status: 413,
    internalCode: 2904,
    code: 'request_too_large',
    description: 'Request too large',
  },
  request_timeout: {
    ...caller,
    status: 408,
    internalCode: 2905,
    code: 'request_timeout',
    description: 'Request body came too slowly',
  },
  not_found: { ...caller, status: 404, internalCode: 2906, code: 'not_found', description: 'Not found' },
  unsupported_media_type: {
    ...caller,
    status: 415,
    internalCode: 2907,
    code: 'unsupported_media_type',
    description: 'Unsupported media type',
  },
  websocket_unsupported: {
    ...caller,
    status: 501,
    internalCode: 2910,
    code: 'websocket_unsupported',
    description: 'WebSockets are not supported',
  },
  overloaded: {
    ...server,
    status: 503,
    internalCode: 2908,
    code: 'overloaded',
    description: 'The gateway is at its limit',
  },
  shutting_down: {
    ...server,
    status: 503,
    internalCode: 2909,
    code: 'shutting_down',
    description: 'The gateway is shutting down',
  },
  limits_unavailable: {
    ...server,
    status: 503,
    internalCode: 2920,
    code: 'limits_unavailable',
    description: 'Limits cannot be checked',
  },
  internal: { ...server, status: 500, internalCode: 2999, code: 'internal_error', description: 'Internal error' },
  /** An upstream's own error, translated: status, type and code come with the error. */
  upstream_error: {
    ...server,
    status: 502,
    internalCode: 2005,
    code: 'provider_error',
    description: 'The provider answered with an error',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorKey = keyof typeof ERROR_CODES;
