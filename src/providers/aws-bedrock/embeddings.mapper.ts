import { headerOf, type UpstreamAnswer, type UpstreamRequest } from '../../transport/upstream.types.js';
import type { EmbeddingsRequest } from '../../contract/embeddings-request.schema.js';
import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { assertVectors, readObject, toEmbeddingsAnswer } from '../dialects/embeddings/embeddings-answer.js';
import { refusal, toSingleTexts, toTexts } from '../dialects/embeddings/texts.js';
import type { ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { count } from '../dialects/openai-chat/usage.js';
import type { EmbeddingsCall, EmbeddingsTranslation, ProviderTarget } from '../provider-strategy.js';
import { toSignedRequest } from './signed-request.js';

const NAME = 'Amazon Bedrock';
const MOST_COHERE_TEXTS = 96;
/** Titan's first generation has one size. */
const TITAN_1 = /titan-embed-text-v1|titan-embed-g1/;

/** Converse makes no embeddings: each family has a body of its own, for `invoke`. docs.aws.amazon.com/bedrock, model parameters, November 2026. */
export const BEDROCK_EMBEDDINGS: EmbeddingsTranslation = {
  models: EMBEDDING_MODELS['aws-bedrock'],

  buildRequests({ request, headers }: EmbeddingsCall, target: ProviderTarget): readonly UpstreamRequest[] {
    return toBodies(request, target).map((body) => toSignedRequest({ request: {}, headers }, target, 'invoke', body));
  },

  readAnswers(answers: readonly UpstreamAnswer[], { request }: EmbeddingsCall, target: ProviderTarget) {
    const context: ErrorContext = { name: NAME, target, rules: [] };
    const vectors: unknown[] = [];
    let tokens: number | undefined = 0;
    for (const answer of answers) {
      const body = readObject(answer, context);
      vectors.push(...vectorsOf(body));
      const own = count(body['inputTextTokenCount']) ?? count(Number(headerOf(answer.headers, TOKEN_COUNT) ?? NaN));
      tokens = tokens === undefined || own === undefined ? undefined : tokens + own;
    }
    const last = answers.at(-1) ?? { status: 200, headers: {}, body: Buffer.alloc(0) };
    assertVectors(vectors, toTexts(request, NAME, target).length, last, context);
    return toEmbeddingsAnswer(vectors, request, target.model, tokens);
  },
};

const TOKEN_COUNT = 'x-amzn-bedrock-input-token-count';

function toBodies(request: EmbeddingsRequest, target: ProviderTarget): JsonObject[] {
  const { dimensions, input_type: inputType } = request;
  if (target.model.includes('cohere.embed')) {
    const texts = toTexts(request, NAME, target);
    return Array.from({ length: Math.ceil(texts.length / MOST_COHERE_TEXTS) }, (_, index) => ({
      texts: texts.slice(index * MOST_COHERE_TEXTS, (index + 1) * MOST_COHERE_TEXTS),
      input_type: isText(inputType) ? inputType : 'search_document',
      embedding_types: ['float'],
      ...(dimensions == null ? {} : { output_dimension: dimensions }),
    }));
  }
  if (target.model.includes('titan-embed')) {
    if (dimensions != null && TITAN_1.test(target.model))
      throw refusal(
        'dimensions',
        `Titan's first text embeddings have one size: leave 'dimensions' out, or use v2.`,
        target,
      );
    return toSingleTexts(request, NAME, target).map((inputText) => ({
      inputText,
      ...(dimensions == null ? {} : { dimensions }),
    }));
  }
  if (/nova.*embeddings/.test(target.model)) {
    return toSingleTexts(request, NAME, target).map((value) => ({
      taskType: 'SINGLE_EMBEDDING',
      singleEmbeddingParams: {
        embeddingPurpose: 'GENERIC_INDEX',
        text: { truncationMode: 'END', value },
        ...(dimensions == null ? {} : { embeddingDimension: dimensions }),
      },
    }));
  }
  const known = 'amazon.titan-embed-…, amazon.nova-…-embeddings-…, cohere.embed-…';
  throw refusal('model', `'${target.model}' is no embedding model of ${NAME} that is known here: ${known}.`, target);
}

/** Titan's `embedding`, Nova's list of objects, Cohere's lists by type or bare. */
function vectorsOf({ embedding, embeddings }: JsonObject): unknown[] {
  if (embedding !== undefined) return [embedding];
  const list: unknown = isObject(embeddings) ? embeddings['float'] : embeddings;
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => (isObject(entry) ? entry['embedding'] : entry));
}
