import { NO_ANSWER_QUIRKS, NO_REQUEST_QUIRKS } from '../dialects/openai-chat/chat-quirks.js';
import { OpenAiChatStrategy } from '../dialects/openai-chat/openai-chat.strategy.js';

/** Other publishers' models (`meta/…`, `xai/…`, `deepseek-ai/…`): Vertex serves them in OpenAI's dialect, below a location. */
export class VertexOpenAiLayer extends OpenAiChatStrategy {
  constructor(id: string, name: string, origin: string) {
    super({
      id,
      aliases: [],
      name,
      origin,
      path: '/endpoints/openapi/chat/completions',
      quirks: { request: NO_REQUEST_QUIRKS, answer: NO_ANSWER_QUIRKS, errors: [] },
      models: [],
    });
  }
}
