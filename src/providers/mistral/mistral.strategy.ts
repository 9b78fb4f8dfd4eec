import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { OpenAiEmbeddings } from '../dialects/embeddings/openai-embeddings.js';
import type { ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { flattenContentParts } from '../dialects/openai-chat/message-repair.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { NO_LOGPROBS, refusedUnlessEmpty } from '../dialects/openai-chat/parameter-rules.js';
import { MISTRAL_MODELS } from './mistral.catalog.js';
import { toMistralMessages } from './request.mapper.js';

/** The schema is closed: any other member is a 422. docs.mistral.ai/api, November 2026. */
const ACCEPTED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'temperature',
  'top_p',
  'max_tokens',
  'stream',
  'stop',
  'random_seed',
  'metadata',
  'response_format',
  'tools',
  'tool_choice',
  'presence_penalty',
  'frequency_penalty',
  'n',
  'prediction',
  'parallel_tool_calls',
  'reasoning_effort',
  'prompt_mode',
  'guardrails',
  'prompt_cache_key',
  'service_tier',
  'safe_prompt',
]);

const QUIRKS: ChatQuirks = {
  request: {
    // Usage always comes, on the chunk with the finish.
    streamUsage: false,
    otherParameters: 'refuse',
    accepted: ACCEPTED,
    rules: [
      {
        parameters: {
          ...NO_LOGPROBS,
          logit_bias: refusedUnlessEmpty('It takes no biases: leave it out.'),
          max_completion_tokens: { do: 'rename', to: 'max_tokens' },
          seed: { do: 'rename', to: 'random_seed' },
          // OpenAI's two plain tiers are what one gets anyway; other values may be Mistral's own.
          service_tier: { do: 'rewrite', to: (value) => (value === 'auto' || value === 'default' ? undefined : value) },
          // An empty list is refused.
          tools: { do: 'rewrite', to: (value) => (Array.isArray(value) && value.length === 0 ? undefined : value) },
        },
      },
    ],
    rewriteMessages: toMistralMessages,
  },
  answer: {
    // Reasoning models answer with a list of parts, in a stream by turns with text; some hosted ones leave parts of calls out.
    markers: ['"content":[', '"tool_calls"'],
    parsesAll: false,
    repairs: [flattenContentParts],
    infersFinish: false,
  },
  errors: [{ status: 422, to: { status: 400, type: 'invalid_request_error' } }],
};

export class MistralStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'mistral',
      aliases: [],
      name: 'Mistral',
      origin: 'https://api.mistral.ai',
      path: '/v1/chat/completions',
      native: { root: '/v1' },
      embeddings: new OpenAiEmbeddings({
        name: 'Mistral',
        models: EMBEDDING_MODELS.mistral,
        path: () => '/v1/embeddings',
        encodes: false,
        dimensions: 'output_dimension',
      }),
      quirks: QUIRKS,
      models: MISTRAL_MODELS,
    });
  }
}
