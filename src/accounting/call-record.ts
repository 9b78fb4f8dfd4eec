import type { FinishReason, Usage } from '../contract/chat-completion.js';
import type { Attempt } from '../providers/attempt.js';
import type { StreamOutcome } from '../providers/chat-stream.js';

/** What is known of a call when it begins. */
export interface CallFacts {
  readonly requestId: string;
  readonly eventId: string;
  readonly accountId: string;
  readonly gatewayId: string;
  /** Null on an open gateway, for a call without a token. */
  readonly tokenId: string | null;
  /** As the caller wrote it. */
  readonly requestedModel: string;
  readonly streamed: boolean;
  readonly requestBytes: number;
}

/** A finished call. */
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
  /** Every try that was made for it. */
  readonly attempts: readonly Attempt[];
  /** The error's key in the table of codes. */
  readonly error: string | null;
  /** What the caller was told of it. */
  readonly errorMessage: string | null;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** From the start to the answer's commitment: the whole answer, or a stream's first content. Null for a failed call. */
  readonly firstContentMs: number | null;
  readonly durationMs: number;
}
