import { GatewayError } from '../../../common/errors/gateway-error.js';
import { headerOf, type UpstreamAnswer, type UpstreamHeaders } from '../../../transport/upstream.types.js';
import type { ProviderTarget } from '../../provider-strategy.js';
import type { ErrorRule } from './chat-quirks.js';
import { isObject, isText, parseJson, type JsonObject } from './json-value.js';
import { redact } from './redaction.js';

/** Of an error body no more is looked at. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_RAW_CHARACTERS = 8 * 1024;
const MAX_MESSAGE_CHARACTERS = 2000;
const REQUEST_ID_HEADERS = [
  'x-request-id',
  'request-id',
  'mistral-correlation-id',
  'x-ds-trace-id',
  'inference-id',
  'x-generation-id',
  'x-amzn-requestid',
  'x-debug-trace-id',
  'cf-ray',
];

/** What of an error body is known, whichever of the forms of providers.md it has. */
interface NativeError {
  /** Cut, since rules search it. */
  readonly message: string | null;
  readonly type: string | null;
  readonly code: string | null;
  readonly param: string | null;
}

/** What every mapping of one provider's errors needs. */
export interface ErrorContext {
  /** The vendor's name for people. */
  readonly name: string;
  readonly target: ProviderTarget;
  readonly rules: readonly ErrorRule[];
}

/** Any error answer in OpenAI's terms: the upstream's status, its words, and its body, redacted, under `metadata.raw`. */
export function toUpstreamError(answer: UpstreamAnswer, context: ErrorContext): GatewayError {
  const text = answer.body.toString('utf8', 0, MAX_BODY_BYTES);
  return fromBody(parseJson(text), text, answer.status, answer.headers, context);
}

/** An error that came inside a 200: in a stream's event, or in a body's `error`. */
export function toInBandError(body: JsonObject, headers: UpstreamHeaders, context: ErrorContext): GatewayError {
  return fromBody(body, JSON.stringify(body), inBandStatus(body), headers, context);
}

/** `body`: the parsed `text`, undefined when it is not JSON. */
function fromBody(
  body: unknown,
  text: string,
  upstreamStatus: number,
  headers: UpstreamHeaders,
  { name, target, rules }: ErrorContext,
): GatewayError {
  // Cut before it is searched for keys: a provider may send megabytes.
  const sample = redact(text.slice(0, 2 * MAX_RAW_CHARACTERS), target.credential);
  const isJson = typeof body === 'object' && body !== null;
  const native = isJson ? readNative(body) : { message: null, type: null, code: null, param: null };
  const words = native.message === null ? null : redact(native.message, target.credential);
  const message = words ?? describeText(name, upstreamStatus, sample.slice(0, MAX_MESSAGE_CHARACTERS));
  const rule = rules.find((candidate) => fits(candidate, upstreamStatus, native));
  const status = rule?.to.status ?? (isJson ? usualStatus(upstreamStatus) : statusOfText(upstreamStatus));
  const usual = usualTerms(status, message);
  const code = rule?.to.code ?? (isNumeric(native.code) ? null : native.code) ?? usual.code;
  const type = rule?.to.type ?? native.type ?? usual.type;
  const requestId = REQUEST_ID_HEADERS.map((header) => headerOf(headers, header)).find((value) => value !== null);

  return new GatewayError('upstream_error', withKeyHint(message, status, name, target), {
    status,
    type,
    code,
    ...(native.param === null ? {} : { param: native.param }),
    provider: target.provider,
    model: target.model,
    metadata: {
      upstream_status: upstreamStatus,
      ...(requestId === undefined ? {} : { upstream_request_id: requestId }),
      raw: isJson && text.length <= MAX_RAW_CHARACTERS ? parseJson(sample) : cut(sample, MAX_RAW_CHARACTERS),
    },
    headers: retryHeaders(headers),
    retryable: rule?.to.retryable ?? isRetryable(status, code, type, headers),
  });
}

/** {error: {…}}, {error: text, code}, {message}, {message: {detail}}, {detail}, {errors: [{…}]}, and each in an array. */
function readNative(body: object): NativeError {
  const top: unknown = Array.isArray(body) ? body[0] : body;
  if (!isObject(top)) return { message: null, type: null, code: null, param: null };
  const errors: unknown = top['errors'];
  const inner: unknown = top['error'] ?? (Array.isArray(errors) ? errors[0] : undefined);
  const from = isObject(inner) ? inner : top;
  const details = detailsOf(from['message']) ?? detailsOf(from);
  const message = isObject(inner) ? inner['message'] : (inner ?? top['message'] ?? top['detail']);
  const said = details?.message ?? (isText(message) ? message : null);
  return {
    message: said === null ? null : cut(said, MAX_MESSAGE_CHARACTERS),
    type: isText(from['type']) ? from['type'] : null,
    code: codeOf(from['code']) ?? codeOf(top['code']),
    param: details?.param ?? (isText(from['param']) ? from['param'] : null),
  };
}

/** Validation details: `{detail: [{loc: ['body', 'temperature'], msg}]}`. */
function detailsOf(value: unknown): { readonly message: string; readonly param: string | null } | null {
  const list: unknown = isObject(value) ? value['detail'] : undefined;
  if (!Array.isArray(list)) return null;
  const entries = list.filter(isObject);
  const paths = entries.map((entry) =>
    Array.isArray(entry['loc']) ? entry['loc'].filter((part) => part !== 'body').join('.') : '',
  );
  const message = entries.map((entry, index) => `${paths[index] ?? ''}: ${String(entry['msg'])}`).join('; ');
  return message === '' ? null : { message, param: paths[0] === undefined || paths[0] === '' ? null : paths[0] };
}

function codeOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return isText(value) ? value : null;
}

const isNumeric = (code: string | null): boolean => code !== null && /^\d+$/.test(code);

const fits = (rule: ErrorRule, status: number, native: NativeError): boolean =>
  (rule.status === undefined || rule.status === status) &&
  (rule.code === undefined || rule.code === native.code) &&
  (rule.type === undefined || rule.type === native.type) &&
  (rule.message === undefined || rule.message.test(native.message ?? ''));

/** An event's or a body's own idea of its status (`code: 429`, `status_code: 400`), else 502: the HTTP status said 200. */
function inBandStatus(body: JsonObject): number {
  const inner = isObject(body['error']) ? body['error'] : {};
  for (const value of [inner['status_code'], inner['code'], inner['status'], body['status_code'], body['code']]) {
    const status = Number(value);
    if (Number.isInteger(status) && status >= 400 && status <= 599) return status;
  }
  return 502;
}

/** 529 is Anthropic's "overloaded", which OpenAI's clients do not know. A status that is no error's makes no sense as one. */
function usualStatus(status: number): number {
  if (status === 529) return 503;
  return status >= 400 && status <= 599 ? status : 502;
}

/** Not JSON: a proxy on the way answered in the provider's place. */
const statusOfText = (status: number): number => (status >= 400 && status < 500 ? status : 502);

function describeText(name: string, status: number, text: string): string {
  const plain = text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain === ''
    ? `${name} answered with status ${status} and no message.`
    : `${name} answered with status ${status}: ${cut(plain, 300)}`;
}

/** OpenAI's words for a status, where the provider has none of its own. */
function usualTerms(status: number, message: string): { readonly type: string; readonly code: string | null } {
  if (status === 401) return { type: 'invalid_request_error', code: 'invalid_api_key' };
  if (status === 402) return { type: 'insufficient_quota', code: 'insufficient_quota' };
  if (status === 403) return { type: 'permission_error', code: null };
  if (status === 404) return { type: 'invalid_request_error', code: /model/i.test(message) ? 'model_not_found' : null };
  if (status === 408 || status === 504) return { type: 'server_error', code: 'timeout' };
  if (status === 429) return { type: 'requests', code: 'rate_limit_exceeded' };
  if (status === 503) return { type: 'server_error', code: 'overloaded' };
  if (status >= 500) return { type: 'server_error', code: null };
  const isTooLong =
    /context.{0,20}length|too many tokens|maximum number of tokens|prompt is too long|context window/i.test(message);
  return { type: 'invalid_request_error', code: isTooLong ? 'context_length_exceeded' : null };
}

function isRetryable(status: number, code: string | null, type: string, headers: UpstreamHeaders): boolean {
  const advice = headerOf(headers, 'x-should-retry');
  if (advice === 'true' || advice === 'false') return advice === 'true';
  if (code === 'insufficient_quota' || type === 'insufficient_quota') return false;
  return status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
}

function retryHeaders(headers: UpstreamHeaders): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name of ['retry-after', 'retry-after-ms']) {
    const value = headerOf(headers, name);
    if (value !== null) out[name] = value;
  }
  return out;
}

/** A caller whose own token is fine must see that it is not their key which was refused. */
function withKeyHint(message: string, status: number, name: string, { credential }: ProviderTarget): string {
  if ((status !== 401 && status !== 403) || credential?.source !== 'stored') return message;
  return `${message} (${name} refused the gateway's stored key '${credential.alias ?? 'default'}'.)`;
}

const cut = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max)}…`);

/** A 2xx answer that makes no sense: says who sent it and what came. */
export function toNonsenseError(what: string, body: Buffer, { name, target }: ErrorContext): GatewayError {
  const sample = redact(body.toString('utf8', 0, 400), target.credential)
    .replace(/\s+/g, ' ')
    .trim();
  return new GatewayError(
    'upstream_failed',
    `${name} answered ${what}${sample === '' ? '.' : `: ${cut(sample, 200)}`}`,
    {
      provider: target.provider,
      model: target.model,
    },
  );
}
