import { type InboundFacts, readInbound } from '../accounting/inbound-facts.js';
import { type AttemptOverrides, parseAttemptHeaders } from '../contract/attempt-headers.js';
import { type CacheWish, parseCacheHeaders } from '../contract/cache-headers.js';
import { type CustomCost, parseCustomCost } from '../contract/custom-cost.js';
import { GATEWAY_HEADERS, headerSafe, inboundHeader, type InboundHeaders } from '../contract/gateway-headers.js';
import type { Surface } from '../contract/surface.js';
import type { GatewayAccess } from '../gateways/gateway-access.js';
import type { ProviderCall } from '../providers/provider-strategy.js';

/** A chat completion, embeddings or a provider's own call, asked for at a gateway. */
export interface CallRequest extends CallHead {
  readonly call: ProviderCall;
}

/** All that is known of a call besides what is asked. */
export interface CallHead {
  /** Also the id of the call's log record. */
  readonly requestId: string;
  /** The caller's own correlation id, or the request's. */
  readonly eventId: string;
  readonly access: GatewayAccess;
  /** What the request said besides its body. */
  readonly inbound: InboundFacts;
  /** As they came, credentials included: routes look at the harmless ones. */
  readonly headers: InboundHeaders;
  /** The stored key asked for with `cf-aig-byok-alias`; null means the alias `default`. */
  readonly keyAlias: string | null;
  /** What the request's headers say of attempts. */
  readonly overrides: AttemptOverrides;
  /** What the request's headers say of the response cache. */
  readonly cache: CacheWish;
  /** What the caller says that it costs (`cf-aig-custom-cost`). */
  readonly customCost: CustomCost | null;
}

/** What a call brings along besides itself: an HTTP request, or a step of one with headers of its own. */
export interface RequestHead {
  readonly id: string;
  readonly url: string;
  readonly headers: InboundHeaders;
}

/** Reads what the headers say of a call. Throws `invalid_request` naming the one that makes no sense. */
export const toCallRequest = (
  surface: Surface,
  head: RequestHead,
  access: GatewayAccess,
  call: ProviderCall,
): CallRequest => ({ ...toCallHead(surface, head, access), call });

/** The same, of a request whose calls are its steps'. */
export function toCallHead(
  surface: Surface,
  { id: requestId, url, headers }: RequestHead,
  access: GatewayAccess,
): CallHead {
  return {
    requestId,
    eventId: headerSafe(inboundHeader(headers, GATEWAY_HEADERS.eventId) ?? requestId),
    access,
    inbound: readInbound(surface, url, headers, access.gateway),
    headers,
    keyAlias: inboundHeader(headers, GATEWAY_HEADERS.byokAlias),
    overrides: parseAttemptHeaders(headers),
    cache: parseCacheHeaders(headers),
    customCost: parseCustomCost(headers),
  };
}
