import type { GatewayError } from '../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../transport/upstream.types.js';
import { NativeApi } from '../dialects/native/native-api.js';
import type {
  ChatCall,
  CompletionAnswer,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../provider-strategy.js';
import { BEDROCK_MODELS, bedrockModelOf } from './aws-bedrock.catalog.js';
import { BEDROCK_EMBEDDINGS } from './embeddings.mapper.js';
import { toBedrockError, toErrorContext } from './error.mapper.js';
import { toConverseBody } from './request.mapper.js';
import { BEDROCK_NATIVE } from './native.rules.js';
import { toCompletionAnswer } from './response.mapper.js';
import { BEDROCK_ORIGIN, toSignedRequest } from './signed-request.js';
import { ConverseStreamTranslator } from './stream-translator.js';
import { planOutput } from './structured-output.js';

/** Amazon Bedrock by its Converse API: one form for every model behind it. Calls are signed, or show a Bedrock API key. */
export class BedrockStrategy implements ProviderStrategy {
  readonly id = 'aws-bedrock';
  readonly aliases = ['bedrock'];
  readonly name = 'Amazon Bedrock';
  readonly origin = BEDROCK_ORIGIN;
  readonly needsCredential = true;
  readonly models = BEDROCK_MODELS;
  readonly embeddings = BEDROCK_EMBEDDINGS;
  readonly native = new NativeApi({ name: this.name, ...BEDROCK_NATIVE });

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    const { request } = call;
    const model = bedrockModelOf(target.model);
    const json = toConverseBody(request, model, { name: this.name, target });
    return toSignedRequest(call, target, request.stream === true ? 'converse-stream' : 'converse', json);
  }

  readChatCompletion(answer: UpstreamAnswer, { request }: ChatCall, target: ProviderTarget): CompletionAnswer {
    const plan = planOutput(request, bedrockModelOf(target.model));
    return toCompletionAnswer(answer, plan, toErrorContext(this.name, target));
  }

  openChatStream({ request }: ChatCall, target: ProviderTarget): StreamTranslator {
    return new ConverseStreamTranslator({
      wantsUsage: request.stream_options?.include_usage === true,
      plan: planOutput(request, bedrockModelOf(target.model)),
      target,
      errors: toErrorContext(this.name, target),
    });
  }

  readError(answer: UpstreamAnswer, target: ProviderTarget): GatewayError {
    return toBedrockError(answer, target, toErrorContext(this.name, target));
  }
}
