import type { GenerateContentResponseUsageMetadata } from '@google/genai';
import type { Usage } from '../../../contract/chat-completion.js';
import { isObject, type JsonObject } from '../openai-chat/json-value.js';
import { count } from '../openai-chat/usage.js';

type Count = Extract<keyof GenerateContentResponseUsageMetadata, `${string}Count`>;
type Details = Extract<keyof GenerateContentResponseUsageMetadata, `${string}Details`>;

const countOf = (raw: JsonObject, name: Count): number | undefined => count(raw[name]);

function audioTokens(raw: JsonObject, name: Details): number | undefined {
  const list: unknown = raw[name];
  if (!Array.isArray(list)) return undefined;
  const entry = list.filter(isObject).find(({ modality }) => modality === 'AUDIO');
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
  const cached = countOf(raw, 'cachedContentTokenCount');
  const audioIn = audioTokens(raw, 'promptTokensDetails');
  const audioOut = audioTokens(raw, 'candidatesTokensDetails');
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: Math.max(given[2] ?? 0, prompt + completion),
    ...(cached === undefined && audioIn === undefined
      ? {}
      : {
          prompt_tokens_details: {
            ...(cached === undefined ? {} : { cached_tokens: cached }),
            ...(audioIn === undefined ? {} : { audio_tokens: audioIn }),
          },
        }),
    ...(reasoning === undefined && audioOut === undefined
      ? {}
      : {
          completion_tokens_details: {
            ...(reasoning === undefined ? {} : { reasoning_tokens: reasoning }),
            ...(audioOut === undefined ? {} : { audio_tokens: audioOut }),
          },
        }),
  };
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
