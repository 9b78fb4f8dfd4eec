import type { Usage } from '../../../contract/chat-completion.js';
import { isObject, type JsonObject } from '../openai-chat/json-value.js';
import { count } from '../openai-chat/usage.js';

/**
 * Usage in OpenAI's sense, undefined when there are no counts. Anthropic counts what was read from a cache and written to one
 * apart from `input_tokens`; `prompt_tokens` holds all three. `output_tokens` holds the thinking already.
 */
export function toUsage(native: unknown): Usage | undefined {
  if (!isObject(native)) return undefined;
  const [input, output] = [count(native['input_tokens']), count(native['output_tokens'])];
  if (input === undefined && output === undefined) return undefined;
  const written = count(native['cache_creation_input_tokens']);
  const read = count(native['cache_read_input_tokens']);
  const lifetimes = native['cache_creation'];
  const lasting = isObject(lifetimes) ? count(lifetimes['ephemeral_1h_input_tokens']) : undefined;
  const details = native['output_tokens_details'];
  const thinking = isObject(details) ? count(details['thinking_tokens']) : undefined;
  const prompt = (input ?? 0) + (written ?? 0) + (read ?? 0);
  const completion = output ?? 0;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(read === undefined && written === undefined
      ? {}
      : {
          prompt_tokens_details: {
            ...(read === undefined ? {} : { cached_tokens: read }),
            ...(written === undefined ? {} : { cache_write_tokens: written }),
            ...(lasting === undefined || lasting === 0 ? {} : { cache_write_1h_tokens: lasting }),
          },
        }),
    ...(thinking === undefined ? {} : { completion_tokens_details: { reasoning_tokens: thinking } }),
  };
}

/** Besides OpenAI's counts what prices depend on: how long cache entries live, searches that were made. As it came. */
export type CallerUsage = Usage & { readonly cache_creation?: JsonObject; readonly server_tool_use?: JsonObject };

/** The usage object for the caller; undefined when there are no counts. */
export function toCallerUsage(native: unknown): CallerUsage | undefined {
  const usage = toUsage(native);
  if (usage === undefined || !isObject(native)) return undefined;
  const { cache_creation: written, server_tool_use: tools } = native;
  return {
    ...usage,
    ...(isObject(written) ? { cache_creation: written } : {}),
    ...(isObject(tools) ? { server_tool_use: tools } : {}),
  };
}

/** Usage of a stream: what `message_start` said, with what `message_delta` says now. Counts there are totals, not increments. */
export function mergeUsage(before: unknown, now: unknown): unknown {
  if (!isObject(before)) return now;
  if (!isObject(now)) return before;
  const said = Object.entries(now).filter(([, value]) => value !== null && value !== undefined);
  return { ...before, ...Object.fromEntries(said) };
}

/** OpenAI's word for the tier that served the call; undefined where it has none. */
export function toServiceTier(native: unknown): string | undefined {
  const tier = isObject(native) ? native['service_tier'] : undefined;
  if (tier === 'standard') return 'default';
  return tier === 'priority' ? 'priority' : undefined;
}
