import type { GatewayError } from '../common/errors/gateway-error.js';
import type { Secret } from '../common/secret.js';
import type { ChatCompletionRequest } from '../contract/chat-completion-request.schema.js';
import type { FinishReason, Usage } from '../contract/chat-completion.js';
import type { EmbeddingsRequest } from '../contract/embeddings-request.schema.js';
import type { UpstreamAnswer, UpstreamRequest } from '../transport/upstream.types.js';
import type { ModelEntry } from './model-catalog.js';

/** The set of strategies, as a DI token: `providers.module.ts` lists them. */
export const PROVIDER_STRATEGIES = Symbol('PROVIDER_STRATEGIES');

/** Where a provider is reached: its own origin, or the override that stands for it. */
export interface ProviderBase {
  /** Scheme, host and port. */
  readonly origin: string;
  /** What the override's URL has after its origin (`/openai`), else empty. The vendor's own path follows it. */
  readonly pathPrefix: string;
}

/** What a call shows the provider: a key the caller sent along, or one the gateway keeps. */
export interface ProviderCredential {
  readonly source: 'inline' | 'stored';
  /** A stored key's alias; null for an inline key. */
  readonly alias: string | null;
  /** A stored key's id; null for an inline key. */
  readonly keyId: string | null;
  readonly secret: Secret;
  /** A stored key's settings (`account_id`, `headers`, `resource`, …); empty for an inline key. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One thing to try: provider, model and credential, and what a reply needs that the vendor may leave out. */
export interface ProviderTarget {
  /** Canonical slug. */
  readonly provider: string;
  /** The model's id at the provider: what followed the first slash of the name the caller asked for. */
  readonly model: string;
  readonly base: ProviderBase;
  /** Null only where the provider needs none (sandbox, local servers). */
  readonly credential: ProviderCredential | null;
  /** The account of the call's URL. */
  readonly accountId: string;
  /** The token that stands for a key which is never sent itself; absent where the key is what is shown (`tokenSource`). */
  readonly accessToken?: string;
  /** Fills `id` where the provider gives none. */
  readonly completionId: string;
  /** Seconds since 1970; fills `created`. */
  readonly createdAt: number;
}

/** A chat completion as it was asked for. Never changed: a retry must see the same request. */
export interface ChatCall {
  readonly request: ChatCompletionRequest;
  /** The caller's bytes, which `request` was parsed from. */
  readonly raw: Buffer;
  /** The caller's headers that may travel on, names (lower case) and values in turn. Never a credential. */
  readonly headers: readonly string[];
}

/** Embeddings as they were asked for. Never changed. */
export interface EmbeddingsCall {
  readonly request: EmbeddingsRequest;
  readonly raw: Buffer;
  readonly headers: readonly string[];
}

/** Whatever a caller may ask of a provider: attempts, health and the ledger are the same for all. */
export type ProviderCall = (ChatCall & { readonly kind: 'chat' }) | (EmbeddingsCall & { readonly kind: 'embeddings' });

/** What was learned of an answer on the side. Absent means that the provider did not say. */
export interface AnswerFacts {
  readonly usage?: Usage;
  readonly finishReason?: FinishReason;
  /** The model that answered, in the provider's words. */
  readonly model?: string;
  /** Of a stream: how many events have come; most hold a token. */
  readonly events?: number;
}

export interface CompletionAnswer {
  /** An OpenAI chat completion as JSON: the provider's own bytes where nothing had to change. */
  readonly body: Buffer;
  readonly facts: AnswerFacts;
}

/**
 * A stream's translation as a push machine: upstream bytes in, whole OpenAI-dialect SSE events out. Synchronous and
 * without I/O, so that a test can cut a stream at every byte and the transport can keep back-pressure.
 */
export interface StreamTranslator {
  /** Takes the next bytes, cut anywhere; returns the bytes to send on (whole events; the input's own memory where unchanged). */
  push(bytes: Buffer): readonly Buffer[];
  /**
   * The upstream has ended. Returns the last bytes, `[DONE]` included when the stream was complete.
   * `status` then says whether it was.
   */
  end(): readonly Buffer[];
  /** Has real content come (text, reasoning, a tool call, a refusal, a finish)? Before that nothing need reach the caller. */
  readonly started: boolean;
  /** `open`: no terminal event yet. `complete`: a terminal event came. `failed`: an error came in-band, or the bytes made no sense. */
  readonly status: 'open' | 'complete' | 'failed';
  /** Why the status is `failed`. */
  readonly error: GatewayError | null;
  readonly facts: AnswerFacts;
}

/** A provider's embeddings. Pure, like all of a strategy. */
export interface EmbeddingsTranslation {
  /** The provider's well-known embedding models; others are callable all the same. */
  readonly models: readonly ModelEntry[];
  /**
   * One request, or as many as it takes where the provider reads one text at a time. Throws `unsupported_parameter` for what it
   * cannot do.
   */
  buildRequests(call: EmbeddingsCall, target: ProviderTarget): readonly UpstreamRequest[];
  /** The answers, in the requests' order, as OpenAI's list. Throws `upstream_failed` for what makes no sense. */
  readAnswers(answers: readonly UpstreamAnswer[], call: EmbeddingsCall, target: ProviderTarget): CompletionAnswer;
}

/**
 * Translation for one provider: pure, no sockets, no clock, no state between calls. Adding a provider is a folder with one of
 * these and a line in `providers.module.ts`.
 */
export interface ProviderStrategy {
  /** Canonical slug, as in URLs, model names and logs. */
  readonly id: string;
  /** Other slugs that mean this provider. */
  readonly aliases: readonly string[];
  /** The vendor's name for people. */
  readonly name: string;
  /** The vendor's origin: `https://api.openai.com`. */
  readonly origin: string;
  /** Does a call need a provider key? */
  readonly needsCredential: boolean;
  /** Its keys may be such as must be changed for a token before a call: the client does that, and fills `accessToken`. */
  readonly tokenSource?: 'google-service-account';
  /** The provider's well-known models; others are callable all the same. */
  readonly models: readonly ModelEntry[];

  /** Absent where the provider has none. */
  readonly embeddings?: EmbeddingsTranslation;

  /** Throws `unsupported_parameter` for what the provider cannot do and dropping would change. */
  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest;
  /** Throws `upstream_failed` for a 2xx body that makes no sense, and the provider's own error where one came under 200. */
  readChatCompletion(answer: UpstreamAnswer, call: ChatCall, target: ProviderTarget): CompletionAnswer;
  openChatStream(call: ChatCall, target: ProviderTarget): StreamTranslator;
  /** Any error answer (status ≥ 400, any body) as an error in OpenAI's terms. Never throws. */
  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError;
}
