import type { GatewayError } from '../../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../../transport/upstream.types.js';
import type { ModelEntry } from '../../model-catalog.js';
import type {
  ChatCall,
  CompletionAnswer,
  EmbeddingsTranslation,
  NativeSurface,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../../provider-strategy.js';
import { NativeApi, type NativeRules } from '../native/native-api.js';
import type { AnswerQuirks, ChatQuirks } from './chat-quirks.js';
import { toCompletionAnswer } from './completion.mapper.js';
import { toUpstreamError, type ErrorContext } from './error.mapper.js';
import { toRequestHeaders, type WireHeaders } from './request-headers.js';
import { toChatBody } from './request.mapper.js';
import { ChatStreamTranslator } from './stream-translator.js';

/** What sets one provider of this dialect apart. */
export interface OpenAiChatProvider {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly name: string;
  readonly origin: string;
  /** The vendor's own path of chat completions. */
  readonly path: string | ((target: ProviderTarget) => string);
  readonly quirks: ChatQuirks;
  /** How answers are read that come from another origin than the vendor's: whoever stands there is less strict. */
  readonly answerElsewhere?: AnswerQuirks;
  readonly models: readonly ModelEntry[];
  /** Absent where it has none. */
  readonly embeddings?: EmbeddingsTranslation;
  /** Its own API; default: all of it below its origin. */
  readonly native?: Omit<NativeRules, 'name'>;
  /** Default: true. */
  readonly needsCredential?: boolean;
  /** What its headers have otherwise than OpenAI's. */
  readonly wire?: (target: ProviderTarget) => WireHeaders;
}

/** A provider that speaks OpenAI's chat completions. Its folder gives the address and the quirks; all else is here, once. */
export abstract class OpenAiChatStrategy implements ProviderStrategy {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly name: string;
  readonly origin: string;
  readonly needsCredential: boolean;
  readonly models: readonly ModelEntry[];
  readonly embeddings?: EmbeddingsTranslation;
  readonly native: NativeSurface;
  private readonly quirks: ChatQuirks;
  private readonly answerElsewhere: AnswerQuirks;
  private readonly pathOf: (target: ProviderTarget) => string;
  private readonly wireOf: OpenAiChatProvider['wire'];

  protected constructor(provider: OpenAiChatProvider) {
    const { path } = provider;
    this.id = provider.id;
    this.aliases = provider.aliases;
    this.name = provider.name;
    this.origin = provider.origin;
    this.needsCredential = provider.needsCredential ?? true;
    this.models = provider.models;
    if (provider.embeddings !== undefined) this.embeddings = provider.embeddings;
    this.native = new NativeApi({ name: provider.name, ...provider.native });
    this.quirks = provider.quirks;
    this.answerElsewhere = provider.answerElsewhere ?? provider.quirks.answer;
    this.pathOf = typeof path === 'string' ? () => path : path;
    this.wireOf = provider.wire;
  }

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    return {
      method: 'POST',
      origin: target.base.origin,
      path: target.base.pathPrefix + this.pathOf(target),
      headers: toRequestHeaders(call, target, this.wireOf?.(target)),
      body: toChatBody(call, target, this.name, this.quirks.request),
    };
  }

  readChatCompletion(answer: UpstreamAnswer, _call: ChatCall, target: ProviderTarget): CompletionAnswer {
    return toCompletionAnswer(answer, this.answerOf(target), this.contextOf(target));
  }

  openChatStream({ request }: ChatCall, target: ProviderTarget): StreamTranslator {
    const wish = { wantsUsage: request.stream_options?.include_usage === true, choices: request.n ?? 1 };
    return new ChatStreamTranslator(wish, this.answerOf(target), this.contextOf(target));
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return toUpstreamError(answer, this.contextOf(target));
  }

  /** A server of the customer's own is named by the stored key; an operator's override stands for the vendor. */
  private answerOf({ credential }: ProviderTarget): AnswerQuirks {
    return credential?.settings['base_url'] === undefined ? this.quirks.answer : this.answerElsewhere;
  }

  private contextOf(target: ProviderTarget): ErrorContext {
    return { name: this.name, target, rules: this.quirks.errors };
  }
}
