import type { UpstreamAnswer } from '../../transport/upstream.types.js';
import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { assertVectors, readObject, toEmbeddingsAnswer } from '../dialects/embeddings/embeddings-answer.js';
import { toTexts } from '../dialects/embeddings/texts.js';
import type { ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText } from '../dialects/openai-chat/json-value.js';
import { toRequestHeaders } from '../dialects/openai-chat/request-headers.js';
import { count } from '../dialects/openai-chat/usage.js';
import type { EmbeddingsCall, EmbeddingsTranslation, ProviderTarget } from '../provider-strategy.js';

const NAME = 'Cohere';
const MOST_TEXTS = 96;
/** Needed from v3 on; OpenAI's dialect has no word for it, so what is stored to be searched, unless `input_type` says otherwise. */
const DEFAULT_INPUT_TYPE = 'search_document';

/** `v2/embed`. docs.cohere.com, November 2026. */
export const COHERE_EMBEDDINGS: EmbeddingsTranslation = {
  models: EMBEDDING_MODELS.cohere,

  buildRequests({ request, headers }: EmbeddingsCall, target: ProviderTarget) {
    const texts = toTexts(request, NAME, target);
    const { dimensions, input_type: inputType, truncate } = request;
    return Array.from({ length: Math.ceil(texts.length / MOST_TEXTS) }, (_, index) => ({
      method: 'POST' as const,
      origin: target.base.origin,
      path: `${target.base.pathPrefix}/v2/embed`,
      headers: toRequestHeaders({ request: {}, headers }, target),
      body: Buffer.from(
        JSON.stringify({
          model: target.model,
          texts: texts.slice(index * MOST_TEXTS, (index + 1) * MOST_TEXTS),
          input_type: isText(inputType) ? inputType : DEFAULT_INPUT_TYPE,
          embedding_types: ['float'],
          ...(dimensions == null ? {} : { output_dimension: dimensions }),
          ...(isText(truncate) ? { truncate } : {}),
        }),
      ),
    }));
  },

  readAnswers(answers: readonly UpstreamAnswer[], { request }: EmbeddingsCall, target: ProviderTarget) {
    const context: ErrorContext = { name: NAME, target, rules: [] };
    const vectors: unknown[] = [];
    let tokens: number | undefined = 0;
    for (const answer of answers) {
      const { embeddings, meta } = readObject(answer, context);
      const floats: unknown = isObject(embeddings) ? embeddings['float'] : embeddings;
      if (Array.isArray(floats)) vectors.push(...floats);
      const units = isObject(meta) ? meta['billed_units'] : undefined;
      const own = isObject(units) ? count(units['input_tokens']) : undefined;
      tokens = tokens === undefined || own === undefined ? undefined : tokens + own;
    }
    const last = answers.at(-1) ?? { status: 200, headers: {}, body: Buffer.alloc(0) };
    assertVectors(vectors, toTexts(request, NAME, target).length, last, context);
    return toEmbeddingsAnswer(vectors, request, target.model, tokens);
  },
};
