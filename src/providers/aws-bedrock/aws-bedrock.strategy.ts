import type { GatewayError } from '../../common/errors/gateway-error.js';
import type { UpstreamAnswer, UpstreamRequest } from '../../transport/upstream.types.js';
import { toRequestHeaders } from '../dialects/openai-chat/request-headers.js';
import type {
  ChatCall,
  CompletionAnswer,
  ProviderStrategy,
  ProviderTarget,
  StreamTranslator,
} from '../provider-strategy.js';
import { BEDROCK_MODELS, bedrockModelOf } from './aws-bedrock.catalog.js';
import { DEFAULT_REGION, readCredential, type BedrockCredential } from './credential.js';
import { toBedrockError, toErrorContext } from './error.mapper.js';
import { toConverseBody } from './request.mapper.js';
import { toCompletionAnswer } from './response.mapper.js';
import { percentEncode, signRequest } from './sigv4.js';
import { ConverseStreamTranslator } from './stream-translator.js';
import { planOutput } from './structured-output.js';

const originOf = (region: string): string => `https://bedrock-runtime.${region}.amazonaws.com`;

/** Amazon Bedrock by its Converse API: one form for every model behind it. Calls are signed, or show a Bedrock API key. */
export class BedrockStrategy implements ProviderStrategy {
  readonly id = 'aws-bedrock';
  readonly aliases = ['bedrock'];
  readonly name = 'Amazon Bedrock';
  /** Of the region where a call goes that names none. */
  readonly origin = originOf(DEFAULT_REGION);
  readonly needsCredential = true;
  readonly models = BEDROCK_MODELS;

  buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    const { request } = call;
    const model = bedrockModelOf(target.model);
    const json = toConverseBody(request, model, { name: this.name, target });
    const credential = target.credential === null ? null : readCredential(target.credential);
    const base = target.base.origin;
    const unsigned = {
      method: 'POST',
      // The vendor's own origin is that of a region; what an operator or a stored key put in its place stands.
      origin: base === this.origin && credential !== null ? originOf(credential.region) : base,
      path: `${target.base.pathPrefix}/model/${percentEncode(target.model)}/${request.stream === true ? 'converse-stream' : 'converse'}`,
      body: Buffer.from(JSON.stringify(json)),
    } as const;
    return {
      ...unsigned,
      headers: toRequestHeaders(call, target, {
        streamType: 'application/vnd.amazon.eventstream',
        credential: credential === null ? [] : authorize(unsigned, credential, target.createdAt),
      }),
    };
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

/** The headers that show who calls. Signed is what must not be changed on the way; the transport adds the host as it is here. */
function authorize(
  request: Pick<UpstreamRequest, 'method' | 'origin' | 'path'> & { readonly body: Buffer },
  { region, auth }: BedrockCredential,
  signedAt: number,
): string[] {
  if (auth.kind === 'bearer') return ['authorization', `Bearer ${auth.key}`];
  const headers = { host: new URL(request.origin).host, 'content-type': 'application/json' };
  return signRequest({ ...request, headers }, { keys: auth.keys, region, service: 'bedrock', signedAt });
}
