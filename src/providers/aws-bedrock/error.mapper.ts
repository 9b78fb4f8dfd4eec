import type { GatewayError } from '../../common/errors/gateway-error.js';
import { ownMember } from '../../common/own-member.js';
import { Secret } from '../../common/secret.js';
import { headerOf, type UpstreamAnswer } from '../../transport/upstream.types.js';
import type { ErrorRule } from '../dialects/openai-chat/chat-quirks.js';
import { toInBandError, toUpstreamError, type ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText, parseJson, type JsonObject } from '../dialects/openai-chat/json-value.js';
import type { ProviderTarget } from '../provider-strategy.js';
import { secretsOf } from './credential.js';

const HIDDEN = '[redacted]';
/** Of an error body no more is looked at. */
const MAX_BODY_BYTES = 1024 * 1024;

const BAD_KEY = { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' };
const TOO_MANY = { status: 429, type: 'requests', code: 'rate_limit_exceeded' };
const FAULT = { status: 502, type: 'server_error', code: 'provider_error' };

/**
 * By the exception's name, in lower case and without `Exception`: it says more than the status. After the API's reference
 * (Converse, ConverseStream, common errors), November 2026.
 */
const BY_NAME: Readonly<Record<string, ErrorRule['to']>> = {
  accessdenied: { status: 403, type: 'permission_error' },
  expiredtoken: BAD_KEY,
  incompletesignature: BAD_KEY,
  invalidclienttokenid: BAD_KEY,
  invalidsignature: BAD_KEY,
  missingauthenticationtoken: BAD_KEY,
  unrecognizedclient: BAD_KEY,
  resourcenotfound: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  throttling: TOO_MANY,
  modelnotready: TOO_MANY,
  servicequotaexceeded: TOO_MANY,
  modeltimeout: { status: 504, type: 'server_error', code: 'timeout' },
  modelerror: FAULT,
  modelstreamerror: FAULT,
  internalserver: { status: 500, type: 'server_error' },
  serviceunavailable: { status: 503, type: 'server_error', code: 'overloaded' },
};

const BY_WORDS: readonly ErrorRule[] = [
  {
    message: /model identifier is invalid|model identifier.*not/i,
    to: { status: 400, type: 'invalid_request_error', code: 'model_not_found' },
  },
  {
    message:
      /input is too long|too many input tokens|prompt is too long|exceeds? the (?:maximum|model's).*(?:context|tokens)/i,
    to: { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
  },
];

/** What the shared mapping of errors needs, the credential narrowed to what is secret in it. */
export function toErrorContext(name: string, target: ProviderTarget): ErrorContext {
  const { credential } = target;
  const [secret] = secretsOf(credential);
  const narrowed = credential === null || secret === undefined ? null : { ...credential, secret: new Secret(secret) };
  return { name, target: { ...target, credential: narrowed }, rules: [] };
}

/** Any error answer. The exception's name is in a header, or in the body's `__type`. */
export function toBedrockError(answer: UpstreamAnswer, target: ProviderTarget, context: ErrorContext): GatewayError {
  const text = withoutSecrets(answer.body.toString('utf8', 0, MAX_BODY_BYTES), target);
  const body = parseJson(text);
  const sound = isObject(body) ? JSON.stringify(withMessage(body)) : text;
  const named = headerOf(answer.headers, 'x-amzn-errortype') ?? (isObject(body) ? body['__type'] : null);
  return toUpstreamError({ ...answer, body: Buffer.from(sound) }, { ...context, rules: rulesFor(named) });
}

/** An exception that came as a message of the stream. */
export function toStreamError(
  exception: string,
  payload: string,
  target: ProviderTarget,
  context: ErrorContext,
): GatewayError {
  const text = withoutSecrets(payload, target);
  const body = parseJson(text);
  const sound = isObject(body) ? withMessage(body) : { message: text === '' ? exception : text };
  return toInBandError({ ...sound, __type: exception }, {}, { ...context, rules: rulesFor(exception) });
}

function rulesFor(name: unknown): readonly ErrorRule[] {
  if (!isText(name)) return BY_WORDS;
  // `ThrottlingException:http://…` in headers, `com.amazon.coral.service#ThrottlingException` in bodies.
  const bare = name.slice(name.lastIndexOf('#') + 1).split(':')[0] ?? '';
  const key = bare.toLowerCase().replace(/exception$/, '');
  if (key === 'validation') return [...BY_WORDS, { to: { status: 400, type: 'invalid_request_error' } }];
  const to = ownMember(BY_NAME, key);
  return to === undefined ? BY_WORDS : [{ to }];
}

/** The service's front writes `Message`. */
function withMessage(body: JsonObject): JsonObject {
  const { Message: upper, ...rest } = body;
  return isText(upper) && !isText(body['message']) ? { ...rest, message: upper } : body;
}

/** AWS echoes what it was asked to verify: headers, the session's token among them. */
function withoutSecrets(text: string, { credential }: ProviderTarget): string {
  return secretsOf(credential)
    .filter((secret) => secret.length >= 8)
    .reduce((out, secret) => out.replaceAll(secret, HIDDEN), text);
}
