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

/** Headers of the caller that an answer may depend on. */
const DECISIVE: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'anthropic-beta',
  'anthropic-version',
  'content-type',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'x-goog-user-project',
]);

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
    if (DECISIVE.has(name)) parts.push(name, headers[at + 1]!);
  }
  // The name that the caller wrote may be an alias, or a route's: the model stands above.
  parts.push('body', canonicalJson(raw.toString('latin1'), kind === 'native' ? null : 'model'));
  return parts;
}
