import type { GatewayError } from '../../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamHeaders } from '../../../transport/upstream.types.js';
import type { ProviderTarget } from '../../provider-strategy.js';
import type { ErrorRule } from '../openai-chat/chat-quirks.js';
import { toInBandError, toUpstreamError } from '../openai-chat/error.mapper.js';
import { isObject, isText, parseJson, type JsonObject } from '../openai-chat/json-value.js';

/** Of a longer body the details are not read. */
const MAX_BODY_BYTES = 256 * 1024;

/** An error answer of Gemini's or Vertex', wrapped in a list or not. Never throws. */
export function toGeminiError(answer: UpstreamAnswer, name: string, target: ProviderTarget): GatewayError {
  const error = errorOf(parseJson(answer.body.toString('utf8', 0, MAX_BODY_BYTES)));
  const headers = withRetryAfter(answer.headers, error);
  return toUpstreamError({ ...answer, headers }, { name, target, rules: rulesFor(answer.status, error) });
}

/** An error under a 200, or inside a stream: `body` holds `error`. */
export function toGeminiInBandError(body: JsonObject, headers: UpstreamHeaders, name: string, target: ProviderTarget) {
  const error = errorOf(body);
  const status = error?.['code'];
  const rules = rulesFor(typeof status === 'number' ? status : 502, error);
  return toInBandError(body, withRetryAfter(headers, error), { name, target, rules });
}

function errorOf(body: unknown): JsonObject | null {
  const top: unknown = Array.isArray(body) ? body[0] : body;
  return isObject(top) && isObject(top['error']) ? top['error'] : null;
}

const detailsOf = (error: JsonObject | null): readonly JsonObject[] =>
  Array.isArray(error?.['details']) ? error['details'].filter(isObject) : [];

const BAD_KEY: ErrorRule['to'] = { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' };

/** Google's status words say more than the number: a bad key is a 400 there. */
function rulesFor(status: number, error: JsonObject | null): readonly ErrorRule[] {
  const reasons = detailsOf(error).map(({ reason }) => reason);
  const message = isText(error?.['message']) ? error['message'] : '';
  if (reasons.includes('API_KEY_INVALID') || /^API key (?:not valid|expired)/.test(message)) return [{ to: BAD_KEY }];
  if (error?.['status'] === 'UNAUTHENTICATED') return [{ to: BAD_KEY }];
  if (status === 404 && /\bmodels?\b/i.test(message))
    return [{ to: { status, type: 'invalid_request_error', code: 'model_not_found' } }];
  // Cancelled at Google's side: no fault of the request's.
  if (status === 499) return [{ to: { status, type: 'server_error', retryable: true } }];
  return [];
}

/** Google says in the body when to come again; `retry-after` in whole seconds is what clients read. */
function withRetryAfter(headers: UpstreamHeaders, error: JsonObject | null): UpstreamHeaders {
  if (error === null || headers['retry-after'] !== undefined) return headers;
  const delay = detailsOf(error).find(({ '@type': type }) => String(type).endsWith('google.rpc.RetryInfo'))?.[
    'retryDelay'
  ];
  const text = isText(delay) ? delay : /retry in ([\d.]+s)/i.exec(String(error['message']))?.[1];
  const seconds = Number.parseFloat(text ?? '');
  return Number.isFinite(seconds) ? { ...headers, 'retry-after': String(Math.ceil(seconds)) } : headers;
}
