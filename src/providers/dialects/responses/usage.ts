import type { Usage } from '../../../contract/chat-completion.js';
import { isObject, type JsonObject } from '../openai-chat/json-value.js';
import { toUsage as fromChatUsage } from '../openai-chat/usage.js';

/** A Responses answer's usage in OpenAI's Chat sense, undefined when it holds no counts. Names differ, meanings do not. */
export function toUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  return fromChatUsage({
    prompt_tokens: raw['input_tokens'],
    completion_tokens: raw['output_tokens'],
    total_tokens: raw['total_tokens'],
    prompt_tokens_details: promptDetails(raw['input_tokens_details']),
    completion_tokens_details: raw['output_tokens_details'],
  });
}

/** Perplexity reports cached input in Anthropic's words as well. */
function promptDetails(raw: unknown): JsonObject | undefined {
  if (!isObject(raw)) return undefined;
  return {
    ...raw,
    cached_tokens: raw['cached_tokens'] ?? raw['cache_read_input_tokens'],
    cache_write_tokens: raw['cache_write_tokens'] ?? raw['cache_creation_input_tokens'],
  };
}
