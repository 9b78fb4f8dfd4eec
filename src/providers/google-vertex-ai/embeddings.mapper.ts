import type { UpstreamAnswer, UpstreamRequest } from '../../transport/upstream.types.js';
import { EMBEDDING_MODELS } from '../dialects/embeddings/embedding-models.catalog.js';
import { assertVectors, readObject, toEmbeddingsAnswer } from '../dialects/embeddings/embeddings-answer.js';
import { refusal, toSingleTexts, toTexts } from '../dialects/embeddings/texts.js';
import { toModelPath } from '../dialects/gemini/gemini-chat.js';
import type { ErrorContext } from '../dialects/openai-chat/error.mapper.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { toRequestHeaders } from '../dialects/openai-chat/request-headers.js';
import { count } from '../dialects/openai-chat/usage.js';
import type { EmbeddingsCall, EmbeddingsTranslation, ProviderTarget } from '../provider-strategy.js';
import { readVertexModel } from './vertex-model.js';
import { assertShowable, toShownTarget, toVertexPlace } from './vertex-place.js';

const NAME = 'Google Vertex AI';
/** `predict` takes so many texts of one of the older models; of `gemini-embedding-001` one. */
const MOST_INSTANCES = 250;

/** `gemini-embedding-2` and later have a method of their own. cloud.google.com/vertex-ai, text embeddings API, November 2026. */
const hasOwnMethod = (name: string): boolean => /^gemini-embedding-(?!001)/.test(name);

export const VERTEX_EMBEDDINGS: EmbeddingsTranslation = {
  models: EMBEDDING_MODELS['google-vertex-ai'],

  buildRequests({ request, headers }: EmbeddingsCall, target: ProviderTarget): readonly UpstreamRequest[] {
    assertShowable(target);
    const place = toVertexPlace(target);
    const { publisher, name } = place.model;
    if (publisher !== 'google') throw refusal('model', `${NAME} makes embeddings with Google's models only.`, target);
    const { dimensions, task_type: task } = request;
    const size = dimensions == null ? {} : { outputDimensionality: dimensions };
    const send = (method: string, body: JsonObject): UpstreamRequest => ({
      method: 'POST',
      origin: place.target.base.origin,
      path: `${place.target.base.pathPrefix}/publishers/google/models/${toModelPath(name)}:${method}`,
      headers: toRequestHeaders({ request: {}, headers }, place.target, { credential: place.credential }),
      body: Buffer.from(JSON.stringify(body)),
    });
    if (hasOwnMethod(name)) {
      const tasked = isText(task) ? { taskType: task } : {};
      return toSingleTexts(request, NAME, target).map((text) =>
        send('embedContent', { content: { parts: [{ text }] }, ...size, ...tasked }),
      );
    }
    const most = name.startsWith('gemini-') ? 1 : MOST_INSTANCES;
    const texts = most === 1 ? toSingleTexts(request, NAME, target) : toTexts(request, NAME, target);
    const instances = texts.map((content) => ({ content, ...(isText(task) ? { task_type: task } : {}) }));
    const parameters = dimensions == null ? {} : { parameters: size };
    return Array.from({ length: Math.ceil(instances.length / most) }, (_, index) =>
      send('predict', { instances: instances.slice(index * most, (index + 1) * most), ...parameters }),
    );
  },

  readAnswers(answers: readonly UpstreamAnswer[], { request }: EmbeddingsCall, asked: ProviderTarget) {
    const target = toShownTarget(asked);
    const context: ErrorContext = { name: NAME, target, rules: [] };
    const read = answers.flatMap((answer) => readEmbeddings(readObject(answer, context)));
    const vectors = read.map(({ values }) => values);
    const last = answers.at(-1) ?? { status: 200, headers: {}, body: Buffer.alloc(0) };
    assertVectors(vectors, toTexts(request, NAME, target).length, last, context);
    return toEmbeddingsAnswer(
      vectors,
      request,
      readVertexModel(asked.model).name,
      sumOf(read.map(({ tokens }) => tokens)),
    );
  },
};

interface ReadEmbedding {
  readonly values: unknown;
  readonly tokens: number | undefined;
}

/** `predict` gives `{predictions: [{embeddings: {values, statistics}}]}`, `embedContent` `{embedding: {values}, usageMetadata}`. */
function readEmbeddings({ predictions, embedding, usageMetadata: usage }: JsonObject): ReadEmbedding[] {
  if (isObject(embedding)) {
    return [{ values: embedding['values'], tokens: isObject(usage) ? count(usage['promptTokenCount']) : undefined }];
  }
  return (Array.isArray(predictions) ? predictions : []).map((prediction: unknown) => {
    const inner = isObject(prediction) && isObject(prediction['embeddings']) ? prediction['embeddings'] : {};
    const statistics = inner['statistics'];
    return { values: inner['values'], tokens: isObject(statistics) ? count(statistics['token_count']) : undefined };
  });
}

/** Undefined where one of them is: half a usage would be a wrong one. */
const sumOf = (counts: readonly (number | undefined)[]): number | undefined =>
  counts.reduce<number | undefined>(
    (sum, tokens) => (sum === undefined || tokens === undefined ? undefined : sum + tokens),
    0,
  );
