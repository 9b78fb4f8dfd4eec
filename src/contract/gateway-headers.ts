import { holdsToken } from '../common/token-shape.js';

/** The `cf-aig-*` headers of the data plane: their names, and what a caller says with them. */
export const GATEWAY_HEADERS = {
  authorization: 'cf-aig-authorization',
  byokAlias: 'cf-aig-byok-alias',
  eventId: 'cf-aig-event-id',
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
 * The caller's headers that travel on to a provider on the compat surface, names and values in turn. An allow-list: what is not
 * named (credentials, `cf-*`, hop-by-hop, cookies, identity and forwarding headers) stays here.
 */
export function forwardedHeaders(headers: InboundHeaders): readonly string[] {
  const forwarded: string[] = [];
  for (const name of FORWARDED) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '' && !holdsToken(value)) forwarded.push(name, value);
  }
  return forwarded;
}
