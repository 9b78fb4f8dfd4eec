import type { EmbeddingsRequest } from '../../../contract/embeddings-request.schema.js';
import type { UpstreamAnswer } from '../../../transport/upstream.types.js';
import type { CompletionAnswer } from '../../provider-strategy.js';
import { toFacts } from '../openai-chat/completion.mapper.js';
import { toInBandError, toNonsenseError, type ErrorContext } from '../openai-chat/error.mapper.js';
import { isObject, parseJson, type JsonObject } from '../openai-chat/json-value.js';
import { toUsage } from '../openai-chat/usage.js';
import { isVector, toBase64 } from './vectors.js';

/** A provider's answer as an object. Throws for what is none, and for an error under a 200. */
export function readObject(answer: UpstreamAnswer, context: ErrorContext): JsonObject {
  const body = parseJson(answer.body.toString());
  if (!isObject(body)) throw toNonsenseError('with something that is not a JSON object', answer.body, context);
  if (body['error'] !== undefined && body['error'] !== null) throw toInBandError(body, answer.headers, context);
  return body;
}

/** Throws where the vectors are not one for each text. */
export function assertVectors(
  vectors: readonly unknown[],
  expected: number,
  answer: UpstreamAnswer,
  context: ErrorContext,
): asserts vectors is readonly number[][] {
  if (!vectors.every(isVector)) throw toNonsenseError('with embeddings that are not numbers', answer.body, context);
  if (vectors.length !== expected)
    throw toNonsenseError(`with ${vectors.length} embeddings for ${expected} texts`, answer.body, context);
}

/**
 * Vectors as OpenAI's list, in the encoding that was asked for.
 * @param promptTokens Undefined where the provider does not say; then the answer has no usage.
 */
export function toEmbeddingsAnswer(
  vectors: readonly (readonly number[])[],
  { encoding_format: encoding }: EmbeddingsRequest,
  model: string,
  promptTokens: number | undefined,
): CompletionAnswer {
  const usage = promptTokens === undefined ? undefined : { prompt_tokens: promptTokens, total_tokens: promptTokens };
  const list = {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encoding === 'base64' ? toBase64(vector) : vector,
    })),
    model,
    ...(usage === undefined ? {} : { usage }),
  };
  return { body: Buffer.from(JSON.stringify(list)), facts: toFacts(toUsage(usage), undefined, model) };
}
