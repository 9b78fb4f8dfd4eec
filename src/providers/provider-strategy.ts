import type { GatewayError } from '../common/errors/gateway-error.js';
import type { NanoUsd } from '../common/money.js';
import type { Secret } from '../common/secret.js';
import type { ChatCompletionRequest } from '../contract/chat-completion-request.schema.js';
import type { FinishReason, Usage } from '../contract/chat-completion.js';
import type { EmbeddingsRequest } from '../contract/embeddings-request.schema.js';
import type { UpstreamAnswer, UpstreamRequest } from '../transport/upstream.types.js';
import type { ModelEntry } from './model-catalog.js';
import type { AnswerHead, NativeCall, NativeDialect } from './native-call.js';

/** The set of strategies, as a DI token: `providers.module.ts` lists them. */
export const PROVIDER_STRATEGIES = Symbol('PROVIDER_STRATEGIES');

/** Where a provider is reached: its own origin, or the override that stands for it. */
export interface ProviderBase {
  /** Scheme, host and port. */
  readonly origin: string;
  /** What the override's URL has after its origin (`/openai`), else empty. The vendor's own path follows it. */
  readonly pathPrefix: string;
  /**
   * Did a customer name it (a stored key's `base_url`, a custom provider)? It is held to the egress policy then, be it the same as an
   * origin that the operator named.
   */
  readonly isCustomers?: boolean;
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
  /** Requests a period that a stored key may be used for. */
  readonly rate?: { readonly limit: number; readonly periodS: number } | null;
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
export type ProviderCall =
  | (ChatCall & { readonly kind: 'chat' })
  | (EmbeddingsCall & { readonly kind: 'embeddings' })
  | (NativeCall & { readonly kind: 'native' });

/** Was a stream asked for? */
export const isStreamed = (call: ProviderCall): boolean => call.kind !== 'embeddings' && call.request.stream === true;

/** How large its body is; of an upload that does not say, 0. */
export const bodyBytes = (call: ProviderCall): number =>
  call.kind === 'native' && call.upload !== null ? (call.upload.length ?? 0) : call.raw.length;

/** What a provider's answer says of money. */
export interface ProviderBill {
  /** What it charges for the call. */
  readonly reported?: NanoUsd;
  /** Searches it made, which cost apart from tokens. */
  readonly webSearches?: number;
  /** The tokens it charges for, where they are not all that were used. */
  readonly billed?: Usage;
}

/** What was learned of an answer on the side. Absent means that the provider did not say. */
export interface AnswerFacts {
  readonly usage?: Usage;
  readonly bill?: ProviderBill;
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

/** A provider's own API, passed through: where its calls go, and what is read of its answers on the side. Pure. */
export interface NativeSurface {
  /** Which dialects that others speak too its API has, and where. */
  readonly dialects: Readonly<Partial<Record<NativeDialect, string>>>;
  /** The model that a path names; empty where it names none. */
  modelIn(path: string): string;
  /** Throws `invalid_request` for a path that leads nowhere, `missing_provider_key` for a key that cannot be shown. */
  buildRequest(call: NativeCall, target: ProviderTarget): UpstreamRequest;
  /** Watches an answer go by: its bytes come out as they went in. */
  openAnswer(head: AnswerHead, target: ProviderTarget): StreamTranslator;
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
  /** Does a call need a provider key? Where it does not, one is shown if there is one. */
  readonly needsCredential: boolean;
  /** Another one means that answers of before no longer stand for new ones. Absent: it never changes while the process runs. */
  readonly revision?: string;
  /** Its keys may be such as must be changed for a token before a call: the client does that, and fills `accessToken`. */
  readonly tokenSource?: 'google-service-account';
  /** The provider's well-known models; others are callable all the same. */
  readonly models: readonly ModelEntry[];

  /** Absent where the provider has none. */
  readonly embeddings?: EmbeddingsTranslation;
  /** Its own API, passed through. */
  readonly native: NativeSurface;
  /** It has no chat: that API is all. */
  readonly isNativeOnly?: true;

  /** Throws `unsupported_parameter` for what the provider cannot do and dropping would change. */
  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest;
  /** Throws `upstream_failed` for a 2xx body that makes no sense, and the provider's own error where one came under 200. */
  readChatCompletion(answer: UpstreamAnswer, call: ChatCall, target: ProviderTarget): CompletionAnswer;
  openChatStream(call: ChatCall, target: ProviderTarget): StreamTranslator;
  /** Any error answer (status ≥ 400, any body) as an error in OpenAI's terms. Never throws. */
  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError;
}
