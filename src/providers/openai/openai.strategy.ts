import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { OpenAiEmbeddings } from '../dialects/embeddings/openai-embeddings.js';
import { LENIENT_ANSWER } from '../dialects/openai-chat/lenient-answer.js';
import { OPENAI_ERRORS, OPENAI_REQUEST } from '../dialects/openai-chat/openai-models.js';
import { NO_ANSWER_QUIRKS } from '../dialects/openai-chat/chat-quirks.js';
import { OpenAiResponsesStrategy } from '../dialects/responses/openai-responses.strategy.js';
import { OPENAI_MODELS } from './openai.catalog.js';

const ORIGIN = 'https://api.openai.com';

export class OpenAiStrategy extends OpenAiResponsesStrategy {
  constructor() {
    super({
      id: 'openai',
      aliases: [],
      name: 'OpenAI',
      origin: ORIGIN,
      path: '/v1/chat/completions',
      native: { root: '/v1', dialects: { responses: '/responses' } },
      responsesPath: '/v1/responses',
      embeddings: new OpenAiEmbeddings({
        name: 'OpenAI',
        models: EMBEDDING_MODELS.openai,
        path: () => '/v1/embeddings',
        encodes: true,
        dimensions: 'dimensions',
      }),
      quirks: { request: OPENAI_REQUEST, answer: NO_ANSWER_QUIRKS, errors: OPENAI_ERRORS },
      // Ollama, vLLM, llama.cpp and their kin are reached as OpenAI under a URL of the operator's.
      answerElsewhere: LENIENT_ANSWER,
      models: OPENAI_MODELS,
    });
  }
}
