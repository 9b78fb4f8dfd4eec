import type { ChatCompletionRequest } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/** Gives a block the mark of a part, tool or message, if it has one. */
export type CacheMarker = (from: JsonObject, block: JsonObject) => JsonObject;

/**
 * `cache_control` travels as it is; OpenAI's `prompt_cache_breakpoint` becomes one. Where the caller wants entries to live
 * longer than Anthropic's five minutes, they live an hour.
 */
export function toCacheMarker(request: ChatCompletionRequest): CacheMarker {
  const options = request['prompt_cache_options'];
  const ttl = isObject(options) && isText(options['ttl']) && options['ttl'] !== '5m' ? { ttl: '1h' } : {};
  return (from, block) => {
    const mark = from['cache_control'];
    if (isObject(mark)) return { ...block, cache_control: mark };
    return isObject(from['prompt_cache_breakpoint'])
      ? { ...block, cache_control: { type: 'ephemeral', ...ttl } }
      : block;
  };
}
