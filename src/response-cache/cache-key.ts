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
  const parts = ['tenant', accountId, gatewayInternalId, generation, ...formOf(question), ...credentialOf(question)];
  if (question.ownKey === null) parts.push(...bodyOf(question));
  else parts.push('own', question.ownKey);
  // Each part with its length before it, so that no two lists of parts are the same text.
  return `answer:${hash('sha256', parts.map((part) => `${part.length}:${part}`).join(''), 'base64url')}`;
}

/** A stream and a whole answer are not each other's, nor are those of two endpoints. */
const formOf = ({ call, provider }: CacheQuestion): readonly string[] => [
  call.kind,
  isStreamed(call) ? 'stream' : 'whole',
  ...(call.kind === 'native' ? [provider, call.method, call.path] : []),
];

function credentialOf({ credential, keyAlias, call }: CacheQuestion): readonly string[] {
  const shown = call.kind === 'native' ? ['shown', ...call.credentials] : [];
  if (credential === null) return ['no key', ...shown];
  return credential.source === 'inline'
    ? ['inline', credential.secret.reveal(), ...shown]
    : ['stored', keyAlias ?? 'default', ...shown];
}

function bodyOf({ provider, revision, model, call: { kind, headers, raw } }: CacheQuestion): readonly string[] {
  const parts = [provider, revision, model];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (isDecisive(name)) parts.push(name, headers[at + 1]!);
  }
  // The name that the caller wrote may be an alias, or a route's: the model stands above.
  parts.push('body', canonicalJson(raw.toString('latin1'), kind === 'native' ? null : 'model'));
  return parts;
}
