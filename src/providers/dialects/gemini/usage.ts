import type { GenerateContentResponseUsageMetadata } from '@google/genai';
import type { Usage } from '../../../contract/chat-completion.js';
import { isObject, type JsonObject } from '../openai-chat/json-value.js';
import { count } from '../openai-chat/usage.js';

type Count = Extract<keyof GenerateContentResponseUsageMetadata, `${string}Count`>;
type Details = Extract<keyof GenerateContentResponseUsageMetadata, `${string}Details`>;

const countOf = (raw: JsonObject, name: Count): number | undefined => count(raw[name]);

function tokensOf(modality: 'AUDIO' | 'IMAGE' | 'VIDEO', raw: JsonObject, name: Details): number | undefined {
  const list: unknown = raw[name];
  if (!Array.isArray(list)) return undefined;
  const entry = list.filter(isObject).find((part) => part['modality'] === modality);
  return typeof entry?.['tokenCount'] === 'number' ? entry['tokenCount'] : undefined;
}

/**
 * `usageMetadata` in OpenAI's sense, undefined when it holds no counts: thoughts belong to the completion, the tokens of tools
 * that Google ran to the prompt. A count that is zero is left out on the wire.
 */
export function toUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const given = [
    countOf(raw, 'promptTokenCount'),
    countOf(raw, 'candidatesTokenCount'),
    countOf(raw, 'totalTokenCount'),
  ];
  if (given.every((value) => value === undefined)) return undefined;

  const reasoning = countOf(raw, 'thoughtsTokenCount');
  const prompt = (given[0] ?? 0) + (countOf(raw, 'toolUsePromptTokenCount') ?? 0);
  const completion = (given[1] ?? 0) + (reasoning ?? 0);
  const promptDetails = known({
    cached_tokens: countOf(raw, 'cachedContentTokenCount'),
    cached_audio_tokens: tokensOf('AUDIO', raw, 'cacheTokensDetails'),
    audio_tokens: tokensOf('AUDIO', raw, 'promptTokensDetails'),
    image_tokens: tokensOf('IMAGE', raw, 'promptTokensDetails'),
    video_tokens: tokensOf('VIDEO', raw, 'promptTokensDetails'),
  });
  const completionDetails = known({
    reasoning_tokens: reasoning,
    audio_tokens: tokensOf('AUDIO', raw, 'candidatesTokensDetails'),
    image_tokens: tokensOf('IMAGE', raw, 'candidatesTokensDetails'),
  });
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: Math.max(given[2] ?? 0, prompt + completion),
    ...(promptDetails === null ? {} : { prompt_tokens_details: promptDetails }),
    ...(completionDetails === null ? {} : { completion_tokens_details: completionDetails }),
  };
}

/** The counts that are there; null when none is. */
function known<Name extends string>(counts: Record<Name, number | undefined>): Partial<Record<Name, number>> | null {
  const out: Partial<Record<Name, number>> = {};
  let isEmpty = true;
  for (const name in counts) {
    const value = counts[name];
    if (value === undefined) continue;
    out[name] = value;
    isEmpty = false;
  }
  return isEmpty ? null : out;
}

/** Each event of a stream has a snapshot, and a later one may lack what an earlier one had: the last of each counts. */
export function mergeUsage(before: JsonObject | null, next: unknown): JsonObject | null {
  if (!isObject(next)) return before;
  if (before === null || hasAll(next, before)) return next;
  const merged: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(next)) if (value !== null) merged[name] = value;
  return merged;
}

/** Most snapshots have all that was there before: this is asked of every event. */
function hasAll(next: JsonObject, before: JsonObject): boolean {
  for (const name in before) if (next[name] === undefined || next[name] === null) return false;
  return true;
}
