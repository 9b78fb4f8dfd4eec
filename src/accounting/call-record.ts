import type { FinishReason, Usage } from '../contract/chat-completion.js';
import type { CustomCost } from '../contract/custom-cost.js';
import type { RouteTaken } from '../contract/route-taken.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { Attempt } from '../providers/attempt.js';
import type { StreamOutcome } from '../providers/chat-stream.js';
import { bodyBytes, isStreamed, type ProviderCall } from '../providers/provider-strategy.js';
import type { CallCost } from './call-cost.js';
import type { InboundFacts } from './inbound-facts.js';

/** What is known of a call when it begins. */
export interface CallFacts {
  readonly requestId: string;
  readonly eventId: string;
  /** As it was when the call came. */
  readonly gateway: GatewaySettings;
  readonly accountId: string;
  readonly gatewayId: string;
  /** Null on an open gateway, for a call without a token. */
  readonly tokenId: string | null;
  readonly inbound: InboundFacts;
  /** Of a universal call all of this down to `customCost` is of the step that was tried last. Null where none was. */
  readonly kind: ProviderCall['kind'] | null;
  /** As the caller wrote it; empty for a call that was refused before it was read. */
  readonly requestedModel: string;
  readonly streamed: boolean;
  readonly requestBytes: number;
  /** The caller's own bytes; null where they were not read. Not a copy, and nobody's to change. */
  readonly requestBody: Buffer | null;
  /** What the caller said that it costs. */
  readonly customCost: CustomCost | null;
}

/** What one target of a call is asked. */
export interface AskedCall {
  readonly eventId: string;
  readonly call: ProviderCall;
  readonly inbound: InboundFacts;
  readonly customCost: CustomCost | null;
}

/** What is on record of it. */
export type AskedFacts = Pick<
  CallFacts,
  'eventId' | 'inbound' | 'kind' | 'requestedModel' | 'streamed' | 'requestBytes' | 'requestBody' | 'customCost'
>;

export const askedFacts = ({ eventId, call, inbound, customCost }: AskedCall): AskedFacts => ({
  eventId,
  inbound,
  kind: call.kind,
  requestedModel: call.request.model,
  streamed: isStreamed(call),
  requestBytes: bodyBytes(call),
  requestBody: call.raw,
  customCost,
});

/** A finished call. Whoever wants one later than at once takes what is needed from it: the bodies hold memory. */
export interface CallRecord extends CallFacts {
  readonly outcome: StreamOutcome;
  /** The HTTP status the caller saw; 499 for a caller that left before there was one. */
  readonly status: number;
  readonly provider: string | null;
  readonly model: string | null;
  readonly step: number;
  readonly finishReason: FinishReason | null;
  /** Null: the provider did not say, and there is nothing to estimate. */
  readonly usage: Usage | null;
  /** `estimated`: the stream broke before the provider said, and this is a guess from what had come. */
  readonly usageSource: 'provider' | 'estimated' | null;
  readonly cost: CallCost;
  /** Was it answered from the response cache? Then nothing was used, and it cost nothing. */
  readonly cached: boolean;
  /** Every try that was made for it, and what could not be tried. */
  readonly attempts: readonly Attempt[];
  /** The try that was answered, or the last one; null where there was none. One of `attempts`. */
  readonly attempt: Attempt | null;
  /** The dynamic route it took; null where it took none. */
  readonly route: RouteTaken | null;
  /** The error's key in the table of codes. */
  readonly error: string | null;
  /** What the caller was told of it. */
  readonly errorMessage: string | null;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** From the start to the answer's commitment: the whole answer, or a stream's first content. Null for a failed call. */
  readonly firstContentMs: number | null;
  readonly durationMs: number;
  readonly responseContentType: string;
  /** Bytes of the answer's body that went to the caller. */
  readonly responseBytes: number;
  /**
   * The answer as it was sent, in pieces; of a longer one the first `MAX_KEPT_BYTES`. Null where nobody is to see it
   * (`keepsPayload`). Not a copy.
   */
  readonly responseBody: readonly Buffer[] | null;
}

/** How much of an answer, or a question, is kept. */
export const MAX_KEPT_BYTES = 10 * 1024 * 1024;

/** Does anybody look at what a call asked and was answered: its log entry, or an exporter of traces? */
export const keepsPayload = ({ inbound, gateway }: Pick<CallFacts, 'inbound' | 'gateway'>): boolean =>
  (inbound.collectsLog && inbound.collectsPayload) || gateway.otel !== null;
