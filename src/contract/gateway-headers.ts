import { holdsToken } from '../common/token-shape.js';

/** The `cf-aig-*` headers of the data plane: their names, and what a caller says with them. */
export const GATEWAY_HEADERS = {
  authorization: 'cf-aig-authorization',
  byokAlias: 'cf-aig-byok-alias',
  eventId: 'cf-aig-event-id',
  gatewayId: 'cf-aig-gateway-id',
  logId: 'cf-aig-log-id',
  requestId: 'cf-aig-request-id',
  step: 'cf-aig-step',
  provider: 'cf-aig-provider',
  model: 'cf-aig-model',
  cacheStatus: 'cf-aig-cache-status',
} as const;

/** Request headers as Node gives them: names in lower case. */
export type InboundHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** A header's value, or null when it is absent or empty. Of several the first counts. */
export function inboundHeader(headers: InboundHeaders, name: string): string | null {
  const value = headers[name];
  const first = typeof value === 'string' ? value : value?.[0];
  return first === undefined || first === '' ? null : first;
}

/** What a path names of a gateway: both parts, or on the host of the control plane the account alone, by the name it has there. */
export interface GatewayParams {
  readonly accountId?: string | undefined;
  readonly account_id?: string | undefined;
  readonly gatewayId?: string | undefined;
}

/** The gateway that a call is for: where its path names none, a header does, or it is the account's default. */
export function askedGateway(
  { accountId, account_id, gatewayId }: GatewayParams,
  headers: InboundHeaders,
): { readonly accountId: string; readonly gatewayId: string } {
  return {
    accountId: accountId ?? account_id ?? '',
    gatewayId: gatewayId ?? inboundHeader(headers, GATEWAY_HEADERS.gatewayId) ?? 'default',
  };
}

const percentEncoded = (character: string): string =>
  Buffer.from(character).reduce((text, byte) => `${text}%${byte.toString(16).padStart(2, '0').toUpperCase()}`, '');

/**
 * A value that can stand in a response header: control characters and everything beyond ASCII percent-encoded, and cut to a
 * length that no client chokes on. Model names come from request bodies, so they may hold anything.
 */
export function headerSafe(value: string, maxLength = 256): string {
  if (value.length <= maxLength && /^[\x20-\x7e]*$/.test(value)) return value;
  return value.slice(0, maxLength).replace(/[^\x20-\x7e]/gu, percentEncoded);
}

const FORWARDED = [
  'user-agent',
  'openai-organization',
  'openai-project',
  'openai-beta',
  'anthropic-version',
  'anthropic-beta',
  'http-referer',
  'x-title',
  'x-client-request-id',
  'idempotency-key',
  'x-session-id',
] as const;

/**
 * Headers of one hop, of a browser, or of whoever stands between the caller and us and may have said in them who the caller is;
 * credentials, which are shown apart.
 */
const KEPT_BACK: ReadonlySet<string> = new Set([
  'accept-encoding',
  'api-key',
  'authorization',
  'cdn-loop',
  'connection',
  'content-length',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'origin',
  'proxy-authorization',
  'proxy-connection',
  'referer',
  'remote-user',
  'te',
  'trailer',
  'transfer-encoding',
  'true-client-ip',
  'upgrade',
  'via',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
  'x-api-key',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-goog-api-key',
  'x-real-ip',
  'x-remote-user',
  'x-request-id',
  'x-rewrite-url',
  'xi-api-key',
]);
const KEPT_BACK_PREFIXES = [
  'cf-',
  'sec-',
  'x-amzn-oidc-',
  'x-auth-request-',
  'x-envoy-',
  'x-forwarded-',
  'x-goog-authenticated-user-',
  'x-ms-client-principal',
  'x-original-',
] as const;

/** The headers that are this connection's own, as its `connection` says: a proxy hands none of them on (RFC 9110, 7.6.1). */
const hopsOf = ({ connection }: InboundHeaders): readonly string[] =>
  typeof connection === 'string' && connection !== 'keep-alive' ? connection.toLowerCase().split(/\s*,\s*/) : [];

/**
 * The caller's headers that travel on in a provider's own API, names and values in turn: all but those that are this hop's, somebody's
 * identity, ours, or a credential. Answers are asked for without compression, so that they can be read on their way.
 */
export function nativeHeaders(headers: InboundHeaders): readonly string[] {
  const hops = hopsOf(headers);
  const forwarded: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== 'string' || KEPT_BACK.has(name) || holdsToken(value) || hops.includes(name)) continue;
    if (!KEPT_BACK_PREFIXES.some((prefix) => name.startsWith(prefix))) forwarded.push(name, value);
  }
  return forwarded;
}

/**
 * The caller's headers that travel on to a provider on the compat surface, names and values in turn. An allow-list: what is not
 * named (credentials, `cf-*`, hop-by-hop, cookies, identity and forwarding headers) stays here.
 */
export function forwardedHeaders(headers: InboundHeaders): readonly string[] {
  const hops = hopsOf(headers);
  const forwarded: string[] = [];
  for (const name of FORWARDED) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '' && !holdsToken(value) && !hops.includes(name))
      forwarded.push(name, value);
  }
  return forwarded;
}
