import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { OpenAiEmbeddings } from '../dialects/embeddings/openai-embeddings.js';
import { NO_ANSWER_QUIRKS, NO_REQUEST_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { mirrorReasoning } from '../dialects/openai-chat/message-repair.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { OPENROUTER_MODELS } from './openrouter.catalog.js';

/**
 * openrouter.ai/docs, November 2026. It takes OpenAI's parameters, ignores what a model has not, and adds its own (`provider`,
 * `models`, `plugins`, `reasoning`), which travel as written. Its stream repeats the finish beside the usage: the dialect
 * makes that the usage chunk it stands for.
 */
const QUIRKS: ChatQuirks = {
  request: NO_REQUEST_QUIRKS,
  answer: { ...NO_ANSWER_QUIRKS, markers: ['"reasoning":"'], repairs: [mirrorReasoning] },
  errors: [
    { status: 402, to: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota', retryable: false } },
    // The model behind it was too slow; 408 would tell the caller to send the request faster.
    { status: 408, to: { status: 504, type: 'server_error', code: 'timeout', retryable: true } },
  ],
};

export class OpenRouterStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'openrouter',
      aliases: [],
      name: 'OpenRouter',
      origin: 'https://openrouter.ai',
      path: '/api/v1/chat/completions',
      native: { root: '/api' },
      embeddings: new OpenAiEmbeddings({
        name: 'OpenRouter',
        models: EMBEDDING_MODELS.openrouter,
        path: () => '/api/v1/embeddings',
        encodes: false,
        dimensions: 'dimensions',
      }),
      quirks: QUIRKS,
      models: OPENROUTER_MODELS,
    });
  }
}
