import { hash } from 'node:crypto';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { isStreamed, type ProviderCall, type ProviderCredential } from '../providers/provider-strategy.js';
import { canonicalJson } from './canonical-json.js';

/** Whose entries they are. No key is made without one, so nothing is ever found across accounts or gateways. */
export interface CacheTenant {
  readonly accountId: string;
  readonly gatewayInternalId: string;
  /** Another value: what was kept before is not found any more. */
  readonly generation: string;
}

export const tenantOf = ({
  accountId,
  internalId,
  cacheInvalidateOnUpdate,
  modifiedAt,
}: GatewaySettings): CacheTenant => ({
  accountId,
  gatewayInternalId: internalId,
  generation: cacheInvalidateOnUpdate ? modifiedAt.toISOString() : '',
});

/** A call as far as its answer depends on it. */
export interface CacheQuestion {
  readonly provider: string;
  /** Changes with the provider's own settings. */
  readonly revision: string;
  readonly model: string;
  readonly credential: ProviderCredential | null;
  /** The alias or pool that was asked for: all of its keys are one credential. Null: `default`. */
  readonly keyAlias: string | null;
  readonly call: ProviderCall;
  /** The caller's own key: stands for everything but the tenant, the credential and the form of the answer. */
  readonly ownKey: string | null;
}

/**
 * Headers that travel on and that no answer depends on: who asks, and by which try. Of any other nobody here knows that, so it makes
 * another question: an answer given under a guardrail's header is no answer without it.
 */
const INDIFFERENT: ReadonlySet<string> = new Set([
  'accept-language',
  'amz-sdk-invocation-id',
  'amz-sdk-request',
  'b3',
  'baggage',
  'cache-control',
  'dnt',
  'http-referer',
  'idempotency-key',
  'pragma',
  'priority',
  'sentry-trace',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-amz-user-agent',
  'x-amzn-trace-id',
  'x-client-request-id',
  'x-cloud-trace-context',
  'x-goog-api-client',
  'x-session-id',
  'x-title',
]);
const INDIFFERENT_PREFIXES = ['x-stainless-', 'x-b3-', 'x-datadog-'] as const;

const isDecisive = (name: string): boolean =>
  !INDIFFERENT.has(name) && !INDIFFERENT_PREFIXES.some((prefix) => name.startsWith(prefix));

/** SHA-256 of all of it, as the name of the entry. Hashed in one go: each call of a hash costs as much as a kilobyte does. */
export function cacheKey({ accountId, gatewayInternalId, generation }: CacheTenant, question: CacheQuestion): string {
  const tenant = part('tenant') + part(accountId) + part(gatewayInternalId) + part(generation);
  const asked = question.ownKey === null ? bodyOf(question) : part('own') + part(question.ownKey);
  return `answer:${hash('sha256', tenant + formOf(question) + credentialOf(question) + asked, 'base64url')}`;
}

/** With its length before it, so that no two lists of parts are the same text. */
const part = (text: string): string => `${text.length}:${text}`;

/** A stream and a whole answer are not each other's, nor are those of two endpoints. */
function formOf({ call, provider }: CacheQuestion): string {
  const form = part(call.kind) + part(isStreamed(call) ? 'stream' : 'whole');
  return call.kind === 'native' ? form + part(provider) + part(call.method) + part(call.path) : form;
}

function credentialOf({ credential, keyAlias, call }: CacheQuestion): string {
  const shown = call.kind === 'native' ? ['shown', ...call.credentials].map(part).join('') : '';
  if (credential === null) return part('no key') + shown;
  return credential.source === 'inline'
    ? part('inline') + part(credential.secret.reveal()) + shown
    : part('stored') + part(keyAlias ?? 'default') + shown;
}

function bodyOf({ provider, revision, model, call: { kind, headers, raw } }: CacheQuestion): string {
  let text = part(provider) + part(revision) + part(model);
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (isDecisive(name)) text += part(name) + part(headers[at + 1]!);
  }
  // The name that the caller wrote may be an alias, or a route's: the model stands above.
  return text + part('body') + part(canonicalJson(raw.toString('latin1'), kind === 'native' ? null : 'model'));
}
