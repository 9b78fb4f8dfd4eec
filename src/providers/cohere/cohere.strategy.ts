import type { GatewayError } from '../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../transport/upstream.types.js';
import { toUpstreamError, type ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { NativeApi } from '../dialects/native/native-api.js';
import { toRequestHeaders } from '../dialects/openai-chat/request-headers.js';
import type {
  ChatCall,
  CompletionAnswer,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../provider-strategy.js';
import { COHERE_MODELS } from './cohere.catalog.js';
import { COHERE_EMBEDDINGS } from './embeddings.mapper.js';
import { COHERE_ERRORS } from './error.mapper.js';
import { toCohereBody } from './request.mapper.js';
import { toCompletionAnswer } from './response.mapper.js';
import { CohereStreamTranslator } from './stream-translator.js';
import { toNativeUsage } from './usage.js';

/** Cohere by its own v2 chat, which gives what its OpenAI layer leaves out: documents, citations, budgets of thinking. */
export class CohereStrategy implements ProviderStrategy {
  readonly id = 'cohere';
  readonly aliases = [];
  readonly name = 'Cohere';
  readonly origin = 'https://api.cohere.com';
  readonly needsCredential = true;
  readonly models = COHERE_MODELS;
  readonly embeddings = COHERE_EMBEDDINGS;
  readonly native = new NativeApi({ name: this.name, usageIn: toNativeUsage });

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    return {
      method: 'POST',
      origin: target.base.origin,
      path: `${target.base.pathPrefix}/v2/chat`,
      headers: toRequestHeaders(call, target),
      body: toCohereBody(call, { name: this.name, target }),
    };
  }

  readChatCompletion(answer: UpstreamAnswer, _call: ChatCall, target: ProviderTarget): CompletionAnswer {
    return toCompletionAnswer(answer, this.contextOf(target));
  }

  openChatStream({ request }: ChatCall, target: ProviderTarget): StreamTranslator {
    return new CohereStreamTranslator(request.stream_options?.include_usage === true, this.contextOf(target));
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return toUpstreamError(answer, this.contextOf(target));
  }

  private contextOf(target: ProviderTarget): ErrorContext {
    return { name: this.name, target, rules: COHERE_ERRORS };
  }
}
