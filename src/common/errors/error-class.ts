import { ownMember } from '../own-member.js';
import type { GatewayError } from './gateway-error.js';

/**
 * What kind of trouble an error is, whoever had it: drives retries, breakers, `fallbackOn` and the log. `caller` would fail
 * anywhere; `context_length` and `content_filter` may pass at another model; `auth` and `quota` mean that a key is dead.
 */
export const ERROR_CLASSES = [
  'caller',
  'context_length',
  'content_filter',
  'not_found',
  'auth',
  'quota',
  'rate_limit',
  'overload',
  'server',
  'timeout',
  'transport',
] as const;

export type ErrorClass = (typeof ERROR_CLASSES)[number];

const BY_CODE: Readonly<Record<string, ErrorClass>> = {
  context_length_exceeded: 'context_length',
  content_filter: 'content_filter',
  content_policy_violation: 'content_filter',
  insufficient_quota: 'quota',
  spend_limit_exceeded: 'quota',
  unknown_price: 'quota',
  model_not_found: 'not_found',
  invalid_api_key: 'auth',
  overloaded: 'overload',
  server_is_overloaded: 'overload',
};

const BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  401: 'auth',
  402: 'quota',
  403: 'auth',
  404: 'not_found',
  408: 'timeout',
  429: 'rate_limit',
  498: 'overload',
  503: 'overload',
  504: 'timeout',
  529: 'overload',
};

export function errorClassOf(error: GatewayError): ErrorClass {
  if (error.key === 'upstream_timeout') return 'timeout';
  if (error.key === 'upstream_failed') return error.details.metadata?.['fault'] === undefined ? 'server' : 'transport';
  return ownMember(BY_CODE, error.code ?? '') ?? classOfStatus(error.status);
}

/** Of an answer of which nothing else is known. */
export const classOfStatus = (status: number): ErrorClass => BY_STATUS[status] ?? (status < 500 ? 'caller' : 'server');
