import { holdsToken } from '../common/token-shape.js';

/** Request headers as Node gives them: names in lower case. */
export type InboundHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Where SDKs put a provider's key, in the order in which they are believed. */
const PROVIDER_AUTH_HEADERS = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'xi-api-key'] as const;

/** What belongs to a credential in `authorization`: AWS's signature. */
const SIGNATURE_HEADERS = ['x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'] as const;

/** What people and SDKs write where a key is demanded and none is meant (clients.md: AI SDK, `ai-gateway-provider`). */
const PLACEHOLDERS = new Set(
  [
    '',
    'unused',
    'undefined',
    'null',
    'none',
    'dummy',
    'sk-placeholder',
    'placeholder',
    'empty',
    'x',
    'CF_TEMP_TOKEN',
  ].map((word) => word.toLowerCase()),
);

/** Deepgram says `Token`, fal `Key`, some others `Api-Key`. */
const SCHEME = /^(?:bearer|token|key|api-key)(?:\s+|$)/i;

/** The credentials of one request, told apart. */
export interface InboundCredentials {
  /** What claims to open the gateway; null when nothing does. */
  readonly gatewayToken: string | null;
  /** A provider key to pass on; null when there is none. Never one of our tokens. */
  readonly providerKey: string | null;
}

/**
 * Tells a gateway token from a provider key. `cf-aig-authorization` is the gateway's whenever it says something; else the first
 * provider header that holds one of our tokens is. A token of ours is never a provider key, wherever it stands, also behind a scheme
 * that is none; and a placeholder is nothing at all.
 *
 * @param isOurs Is this value a gateway token, of any standing (also one that has expired or is disabled)?
 */
export function readCredentials(
  headers: InboundHeaders,
  queryKey: string | undefined,
  isOurs: (value: string) => boolean,
): InboundCredentials {
  const explicit = meaningful(headers['cf-aig-authorization']);
  let gatewayToken = explicit;
  let providerKey: string | null = null;

  for (const name of PROVIDER_AUTH_HEADERS) {
    consider(meaningful(headers[name]));
  }
  consider(meaningful(queryKey));
  return { gatewayToken, providerKey };

  function consider(value: string | null): void {
    if (value === null) return;
    if (value === explicit || isOurs(value)) gatewayToken ??= value;
    else if (!holdsToken(value)) providerKey ??= value;
  }
}

/**
 * The headers that show a provider key, as they were sent: names and values in turn. Without those that hold a token of ours or a
 * placeholder.
 */
export function ownCredentialHeaders(headers: InboundHeaders, isOurs: (value: string) => boolean): readonly string[] {
  const own: string[] = [];
  for (const name of PROVIDER_AUTH_HEADERS) {
    const value = meaningful(headers[name]);
    if (value !== null && !isOurs(value) && !holdsToken(value)) own.push(name, [headers[name] ?? ''].flat()[0] ?? '');
  }
  for (const name of SIGNATURE_HEADERS) {
    const value = headers[name];
    if (own.length > 0 && typeof value === 'string') own.push(name, value);
  }
  return own;
}

/** The credential in a header's value, with or without its scheme, or null where there is none or a placeholder. */
function meaningful(header: string | string[] | undefined): string | null {
  const text = typeof header === 'string' ? header : header?.[0];
  if (text === undefined) return null;
  const value = text.replace(SCHEME, '').trim();
  return PLACEHOLDERS.has(value.toLowerCase()) ? null : value;
}
