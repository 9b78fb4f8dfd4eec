import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { OpenAiEmbeddings } from '../dialects/embeddings/openai-embeddings.js';
import { NO_ANSWER_QUIRKS, type ChatQuirks } from '../dialects/openai-chat/chat-quirks.js';
import { mirrorReasoning } from '../dialects/openai-chat/message-repair.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';
import { FIREWORKS_MODELS } from './fireworks.catalog.js';

/** docs.fireworks.ai, November 2026. */
const QUIRKS: ChatQuirks = {
  request: {
    // Usage comes in the last chunk without being asked for.
    streamUsage: false,
    otherParameters: 'forward',
    rules: [{ parameters: { max_completion_tokens: { do: 'rename', to: 'max_tokens' } } }],
  },
  answer: { ...NO_ANSWER_QUIRKS, markers: ['"reasoning":"'], repairs: [mirrorReasoning] },
  errors: [],
};

export class FireworksStrategy extends OpenAiChatStrategy {
  constructor() {
    super({
      id: 'fireworks',
      aliases: [],
      name: 'Fireworks',
      origin: 'https://api.fireworks.ai',
      path: '/inference/v1/chat/completions',
      native: { root: '/inference/v1' },
      embeddings: new OpenAiEmbeddings({
        name: 'Fireworks',
        models: EMBEDDING_MODELS.fireworks,
        path: () => '/inference/v1/embeddings',
        encodes: false,
        dimensions: 'dimensions',
      }),
      quirks: QUIRKS,
      models: FIREWORKS_MODELS,
    });
  }
}
