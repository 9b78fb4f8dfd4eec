import { isObject, type JsonObject } from '../dialects/openai-chat/json-value.js';

/** Cohere's item as OpenAI's: one entry for its text. Where that is several tokens, their probabilities multiply. */
export function toLogprob({ text, logprobs }: JsonObject): JsonObject | null {
  if (typeof text !== 'string' || !Array.isArray(logprobs)) return null;
  const numbers = logprobs.filter((value) => typeof value === 'number');
  if (numbers.length === 0) return null;
  const logprob = numbers.reduce((sum, value) => sum + value, 0);
  return { token: text, logprob, bytes: [...Buffer.from(text)], top_logprobs: [] };
}

/** A choice's `logprobs`; undefined where none were given. */
export function toLogprobs(items: unknown): JsonObject | undefined {
  const list = Array.isArray(items) ? items : [items];
  const content = list.filter(isObject).flatMap((item) => toLogprob(item) ?? []);
  return content.length === 0 ? undefined : { content, refusal: null };
}
