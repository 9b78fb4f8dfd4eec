import type { GatewayError } from '../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../transport/upstream.types.js';
import { GeminiChat, toModelPath } from '../dialects/gemini/gemini-chat.js';
import { NativeApi } from '../dialects/native/native-api.js';
import type {
  ChatCall,
  CompletionAnswer,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../provider-strategy.js';
import { GOOGLE_AI_STUDIO_EMBEDDINGS } from './embeddings.mapper.js';
import { GOOGLE_AI_STUDIO_MODELS } from './google-ai-studio.catalog.js';

/** Gemini at the developers' API, in its native form: its OpenAI layer lacks grounding, log probabilities and more. */
export class GoogleAiStudioStrategy implements ProviderStrategy {
  readonly id = 'google-ai-studio';
  readonly aliases = ['google'];
  readonly name = 'Google AI Studio';
  readonly origin = 'https://generativelanguage.googleapis.com';
  readonly needsCredential = true;
  readonly models = GOOGLE_AI_STUDIO_MODELS;
  readonly embeddings = GOOGLE_AI_STUDIO_EMBEDDINGS;
  readonly native = new NativeApi({
    name: this.name,
    show: ({ secret }) => ['x-goog-api-key', secret.reveal()],
    modelIn: /\/(?:models|tunedModels)\/([^/:?]+)/,
  });
  private readonly chat = new GeminiChat(this.name, { callIds: true, tierIn: 'body' });

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    const { base, credential, model } = target;
    return this.chat.buildRequest(call, target, bareName(model), {
      origin: base.origin,
      resource: `${base.pathPrefix}/v1beta/${resourceOf(model)}`,
      credential: credential === null ? [] : ['x-goog-api-key', credential.secret.reveal()],
    });
  }

  readChatCompletion(answer: UpstreamAnswer, call: ChatCall, target: ProviderTarget): CompletionAnswer {
    return this.chat.readChatCompletion(answer, call, target);
  }

  openChatStream(call: ChatCall, target: ProviderTarget): StreamTranslator {
    return this.chat.openChatStream(call, target);
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return this.chat.readError(answer, target);
  }
}

/** `gemini-2.5-flash`, also as Google's lists have it (`models/…`), and tuned models (`tunedModels/…`). */
const resourceOf = (model: string): string =>
  toModelPath(/^(?:models|tunedModels)\//.test(model) ? model : `models/${model}`);

const bareName = (model: string): string => model.replace(/^(?:models|tunedModels)\//, '');
