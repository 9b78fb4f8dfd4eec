import type { Usage } from '../../../contract/chat-completion.js';
import { isObject, type JsonObject } from './json-value.js';

/** Some hosts give floats. Anything else than a number is as good as absent. */
export const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;

/** `cached_tokens` and the like: only the details that are there, undefined when none is. */
function details<Name extends string>(source: unknown, names: readonly Name[]): Partial<Record<Name, number>> {
  const out: Partial<Record<Name, number>> = {};
  if (!isObject(source)) return out;
  for (const name of names) {
    const value = count(source[name]);
    if (value !== undefined) out[name] = value;
  }
  return out;
}

const hasAny = (value: object): boolean => Object.keys(value).length > 0;

/**
 * A provider's usage in OpenAI's sense, undefined when it holds no counts. Cached tokens also come as DeepSeek's
 * `prompt_cache_hit_tokens` and Mistral's `num_cached_tokens`. xAI's Chat endpoint leaves reasoning out of `completion_tokens`:
 * seen when reasoning is more than the completion, or when the total is the sum of all three.
 */
export function toUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const prompt = count(raw['prompt_tokens']);
  const given = count(raw['completion_tokens']);
  if (prompt === undefined && given === undefined) return undefined;

  const promptTokens = prompt ?? 0;
  const total = count(raw['total_tokens']);
  const completionDetails = details(raw['completion_tokens_details'], [
    'reasoning_tokens',
    'audio_tokens',
    'image_tokens',
    'accepted_prediction_tokens',
    'rejected_prediction_tokens',
  ]);
  const reasoning = completionDetails.reasoning_tokens ?? 0;
  const completion = given ?? 0;
  const isOutside = reasoning > 0 && (reasoning > completion || total === promptTokens + completion + reasoning);
  const completionTokens = isOutside ? completion + reasoning : completion;

  const promptDetails = details(raw['prompt_tokens_details'], [
    'cached_tokens',
    'cache_write_tokens',
    'audio_tokens',
    'image_tokens',
    'video_tokens',
  ]);
  const cached =
    promptDetails.cached_tokens ?? count(raw['prompt_cache_hit_tokens']) ?? count(raw['num_cached_tokens']);
  if (cached !== undefined) promptDetails.cached_tokens = cached;

  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: isOutside || total === undefined ? Math.max(total ?? 0, promptTokens + completionTokens) : total,
    ...(hasAny(promptDetails) ? { prompt_tokens_details: promptDetails } : {}),
    ...(hasAny(completionDetails) ? { completion_tokens_details: completionDetails } : {}),
  };
}

/** The usage object for the caller: the provider's own where its counts mean what OpenAI's mean. */
export function repairUsage(raw: JsonObject, usage = toUsage(raw)): JsonObject {
  if (usage === undefined) return raw;
  const counts = ['prompt_tokens', 'completion_tokens', 'total_tokens'] as const;
  if (counts.every((name) => raw[name] === usage[name])) return raw;
  return {
    ...raw,
    prompt_tokens: usage.prompt_tokens,
    completion_tokens: usage.completion_tokens,
    total_tokens: usage.total_tokens,
  };
}
