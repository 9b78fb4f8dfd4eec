import type { UpstreamAnswer } from '../../transport/upstream.types.js';
import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { assertVectors, readObject, toEmbeddingsAnswer } from '../dialects/embeddings/embeddings-answer.js';
import { toTexts } from '../dialects/embeddings/texts.js';
import { toModelPath } from '../dialects/gemini/gemini-chat.js';
import type { ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText } from '../dialects/openai-chat/json-value.js';
import { toRequestHeaders } from '../dialects/openai-chat/request-headers.js';
import { count } from '../dialects/openai-chat/usage.js';
import type { EmbeddingsCall, EmbeddingsTranslation, ProviderTarget } from '../provider-strategy.js';

const NAME = 'Google AI Studio';
const MOST_TEXTS = 100;

/** `batchEmbedContents`, which gives usage for the newer models only. ai.google.dev/api/embeddings, November 2026. */
export const GOOGLE_AI_STUDIO_EMBEDDINGS: EmbeddingsTranslation = {
  models: EMBEDDING_MODELS['google-ai-studio'],

  buildRequests({ request, headers }: EmbeddingsCall, target: ProviderTarget) {
    const { base, credential } = target;
    const model = target.model.startsWith('models/') ? target.model : `models/${target.model}`;
    const { dimensions, task_type: task } = request;
    const each = {
      model,
      ...(dimensions == null ? {} : { outputDimensionality: dimensions }),
      ...(isText(task) ? { taskType: task } : {}),
    };
    const requests = toTexts(request, NAME, target).map((text) => ({ ...each, content: { parts: [{ text }] } }));
    return Array.from({ length: Math.ceil(requests.length / MOST_TEXTS) }, (_, index) => ({
      method: 'POST' as const,
      origin: base.origin,
      path: `${base.pathPrefix}/v1beta/${toModelPath(model)}:batchEmbedContents`,
      headers: toRequestHeaders({ request: {}, headers }, target, {
        credential: credential === null ? [] : ['x-goog-api-key', credential.secret.reveal()],
      }),
      body: Buffer.from(JSON.stringify({ requests: requests.slice(index * MOST_TEXTS, (index + 1) * MOST_TEXTS) })),
    }));
  },

  readAnswers(answers: readonly UpstreamAnswer[], { request }: EmbeddingsCall, target: ProviderTarget) {
    const context: ErrorContext = { name: NAME, target, rules: [] };
    const vectors: unknown[] = [];
    let tokens: number | undefined = 0;
    for (const answer of answers) {
      const { embeddings, usageMetadata: usage } = readObject(answer, context);
      for (const entry of Array.isArray(embeddings) ? embeddings : [])
        vectors.push(isObject(entry) ? entry['values'] : undefined);
      const own = isObject(usage) ? count(usage['promptTokenCount']) : undefined;
      tokens = tokens === undefined || own === undefined ? undefined : tokens + own;
    }
    assertVectors(vectors, toTexts(request, NAME, target).length, answers.at(-1) ?? NOTHING, context);
    return toEmbeddingsAnswer(vectors, request, target.model, tokens);
  },
};

const NOTHING: UpstreamAnswer = { status: 200, headers: {}, body: Buffer.alloc(0) };
