import { chatCompletionRequestSchema } from '../../../contract/chat-completion-request.schema.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../../transport/upstream.types.js';
import type { ChatCall, CompletionAnswer, ProviderTarget, StreamTranslator } from '../../provider-strategy.js';
import type { ErrorContext } from '../openai-chat/error.mapper.js';
import { OpenAiChatStrategy, type OpenAiChatProvider } from '../openai-chat/openai-chat.strategy.js';
import { toCompletionAnswer } from './answer.mapper.js';
import { toResponsesRequest } from './request.mapper.js';
import { OPENAI_RESPONSES, RESPONSES_ERRORS } from './responses-flavour.js';
import { needsResponses } from './responses-models.catalog.js';
import { ResponsesStreamTranslator } from './stream-translator.js';

export interface OpenAiResponsesProvider extends OpenAiChatProvider {
  /** The vendor's own path of responses. */
  readonly responsesPath: string | ((target: ProviderTarget) => string);
}

/**
 * OpenAI's chat completions, and its Responses endpoint for what only that one serves in full. Which it is follows from the
 * request and the model alone, so that an answer is read as its request was written.
 */
export abstract class OpenAiResponsesStrategy extends OpenAiChatStrategy {
  private readonly responsesPathOf: (target: ProviderTarget) => string;

  protected constructor(provider: OpenAiResponsesProvider) {
    super(provider);
    const { responsesPath } = provider;
    this.responsesPathOf = typeof responsesPath === 'string' ? () => responsesPath : responsesPath;
  }

  override buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    const chat = super.buildChatRequest(call, target);
    if (!needsResponses(call.request, target.model)) return chat;
    // What the vendor's chat completions would get: the ladder of its parameters is the same.
    const request = chatCompletionRequestSchema.parse(JSON.parse(chat.body?.toString() ?? ''));
    const body = Buffer.from(
      JSON.stringify(toResponsesRequest(request, OPENAI_RESPONSES, { name: this.name, target })),
    );
    return { ...chat, path: target.base.pathPrefix + this.responsesPathOf(target), body };
  }

  override readChatCompletion(answer: UpstreamAnswer, call: ChatCall, target: ProviderTarget): CompletionAnswer {
    if (!needsResponses(call.request, target.model)) return super.readChatCompletion(answer, call, target);
    return toCompletionAnswer(answer, OPENAI_RESPONSES, this.responsesContext(target));
  }

  override openChatStream(call: ChatCall, target: ProviderTarget): StreamTranslator {
    if (!needsResponses(call.request, target.model)) return super.openChatStream(call, target);
    const wantsUsage = call.request.stream_options?.include_usage === true;
    return new ResponsesStreamTranslator(wantsUsage, OPENAI_RESPONSES, this.responsesContext(target));
  }

  private responsesContext(target: ProviderTarget): ErrorContext {
    return { name: this.name, target, rules: RESPONSES_ERRORS };
  }
}
