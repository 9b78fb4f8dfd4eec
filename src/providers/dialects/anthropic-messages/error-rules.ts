import type { ErrorRule } from '../openai-chat/chat-quirks.js';

/**
 * Anthropic's error types in OpenAI's words; the status in the rules counts where the error came inside a 200. After the API's
 * error page and recorded answers. 529 (overloaded) is 503, which OpenAI's clients know.
 */
export const MESSAGES_ERROR_RULES: readonly ErrorRule[] = [
  { type: 'authentication_error', to: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' } },
  { type: 'billing_error', to: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' } },
  { type: 'permission_error', to: { status: 403 } },
  { type: 'not_found_error', to: { status: 404, type: 'invalid_request_error' } },
  { type: 'conflict_error', to: { status: 409, type: 'invalid_request_error' } },
  { type: 'request_too_large', to: { status: 413, type: 'invalid_request_error' } },
  { type: 'rate_limit_error', to: { status: 429, type: 'requests', code: 'rate_limit_exceeded' } },
  { type: 'timeout_error', to: { status: 504, type: 'server_error', code: 'timeout' } },
  { type: 'overloaded_error', to: { status: 503, type: 'server_error', code: 'overloaded' } },
  // Inside a stream these two have no status of their own.
  { status: 502, type: 'invalid_request_error', to: { status: 400 } },
  { type: 'api_error', to: { type: 'server_error' } },
];
