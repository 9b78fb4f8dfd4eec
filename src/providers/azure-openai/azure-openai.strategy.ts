import type { UpstreamRequest } from '../../transport/upstream.types.js';
import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { OpenAiEmbeddings } from '../dialects/embeddings/openai-embeddings.js';
import type { ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { OPENAI_ERRORS, OPENAI_REQUEST } from '../dialects/openai-chat/openai-models.js';
import type { WireHeaders } from '../dialects/openai-chat/request-headers.js';
import { OpenAiResponsesStrategy } from '../dialects/responses/openai-responses.strategy.js';
import type { ChatCall, ProviderTarget } from '../provider-strategy.js';
import { NO_ORIGIN, toCredentialHeader, toOrigin, toPath } from './azure-address.mapper.js';
import { AZURE_OPENAI_MODELS } from './azure-openai.catalog.js';
import { AZURE_NATIVE } from './native.rules.js';

const QUIRKS: ChatQuirks = {
  request: OPENAI_REQUEST,
  answer: {
    // What the filter found may come late, in a choice without a delta.
    markers: ['"content_filter_offsets"'],
    parsesAll: false,
    repairs: [],
    infersFinish: false,
  },
  errors: [
    ...OPENAI_ERRORS,
    {
      status: 404,
      code: 'DeploymentNotFound',
      to: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
    },
    { status: 429, code: 'RateLimitReached', to: { status: 429, type: 'requests', code: 'rate_limit_exceeded' } },
    { status: 400, code: 'content_filter', to: { status: 400, type: 'invalid_request_error', code: 'content_filter' } },
  ],
};

const wire = (target: ProviderTarget): WireHeaders => ({ credential: toCredentialHeader(target) });

/** OpenAI's models at a resource of the customer's; the model is the name of its deployment. */
export class AzureOpenAiStrategy extends OpenAiResponsesStrategy {
  constructor() {
    super({
      id: 'azure-openai',
      aliases: ['azure'],
      name: 'Azure OpenAI',
      origin: NO_ORIGIN,
      path: (target) => toPath(target, 'chat/completions'),
      responsesPath: (target) => toPath(target, 'responses'),
      embeddings: new OpenAiEmbeddings({
        name: 'Azure OpenAI',
        models: EMBEDDING_MODELS['azure-openai'],
        path: (target) => toPath(target, 'embeddings'),
        encodes: false,
        dimensions: 'dimensions',
        origin: toOrigin,
        wire,
      }),
      wire,
      native: AZURE_NATIVE,
      quirks: QUIRKS,
      models: AZURE_OPENAI_MODELS,
    });
  }

  override buildChatRequest(call: ChatCall, target: ProviderTarget): UpstreamRequest {
    return { ...super.buildChatRequest(call, target), origin: toOrigin(target) };
  }
}
