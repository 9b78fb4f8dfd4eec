import type { GatewayError } from '../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../transport/upstream.types.js';
import { MessagesDialect } from '../dialects/anthropic-messages/messages-dialect.js';
import { GeminiChat, toModelPath } from '../dialects/gemini/gemini-chat.js';
import { NativeApi } from '../dialects/native/native-api.js';
import type {
  ChatCall,
  CompletionAnswer,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../provider-strategy.js';
import { VERTEX_EMBEDDINGS } from './embeddings.mapper.js';
import { GOOGLE_VERTEX_AI_MODELS } from './google-vertex-ai.catalog.js';
import { VERTEX_NATIVE } from './native.rules.js';
import { VertexOpenAiLayer } from './openai-layer.strategy.js';
import { readVertexModel } from './vertex-model.js';
import { assertShowable, toShownTarget, toVertexPlace, VERTEX_ORIGIN } from './vertex-place.js';

/** Vertex AI: Gemini and Claude each by its own wire, other publishers by Vertex' OpenAI layer. */
export class GoogleVertexAiStrategy implements ProviderStrategy {
  readonly id = 'google-vertex-ai';
  readonly aliases = ['vertex', 'google-vertex'];
  readonly name = 'Google Vertex AI';
  readonly origin = VERTEX_ORIGIN;
  readonly needsCredential = true;
  readonly tokenSource = 'google-service-account';
  readonly models = GOOGLE_VERTEX_AI_MODELS;
  readonly embeddings = VERTEX_EMBEDDINGS;
  readonly native = new NativeApi({ name: this.name, ...VERTEX_NATIVE });
  // Ids of calls are an addition of AI Studio's: here calls and results are matched by name and order.
  private readonly gemini = new GeminiChat(this.name, { callIds: false, tierIn: 'header' });
  private readonly claude = new MessagesDialect({
    name: this.name,
    path: ({ model }, isStream) =>
      `/publishers/anthropic/models/${toModelPath(model)}:${isStream ? 'streamRawPredict' : 'rawPredict'}`,
    modelInBody: false,
    streamInBody: true,
    versionIn: 'body',
    version: 'vertex-2023-10-16',
    credential: ({ secret }) => ['authorization', `Bearer ${secret.reveal()}`],
  });
  private readonly others = new VertexOpenAiLayer(this.id, this.name, this.origin);

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    assertShowable(target);
    const place = toVertexPlace(target);
    const { publisher, name } = place.model;
    if (publisher === 'anthropic') return this.claude.buildChatRequest(call, place.target);
    if (publisher !== 'google')
      return this.others.buildChatRequest(call, { ...place.target, model: `${publisher}/${name}` });
    const { origin, pathPrefix } = place.target.base;
    return this.gemini.buildRequest(call, place.target, name, {
      origin,
      resource: `${pathPrefix}/publishers/google/models/${toModelPath(name)}`,
      credential: place.credential,
    });
  }

  readChatCompletion(answer: UpstreamAnswer, call: ChatCall, target: ProviderTarget): CompletionAnswer {
    return this.wireOf(target).readChatCompletion(answer, call, toShownTarget(target));
  }

  openChatStream(call: ChatCall, target: ProviderTarget): StreamTranslator {
    return this.wireOf(target).openChatStream(call, toShownTarget(target));
  }

  /** Claude's errors come in Google's shape as often as in Anthropic's: the body says which. */
  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    const isAnthropics = answer.body.subarray(0, 64).includes('"type"');
    return isAnthropics && readVertexModel(target.model).publisher === 'anthropic'
      ? this.claude.readError(answer, toShownTarget(target))
      : this.gemini.readError(answer, toShownTarget(target));
  }

  private wireOf({ model }: ProviderTarget): Pick<ProviderStrategy, 'readChatCompletion' | 'openChatStream'> {
    const { publisher } = readVertexModel(model);
    if (publisher === 'google') return this.gemini;
    return publisher === 'anthropic' ? this.claude : this.others;
  }
}
