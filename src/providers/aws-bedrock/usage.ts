import type { Usage } from '../../contract/chat-completion.js';
import { isObject } from '../dialects/openai-chat/json-value.js';
import { count } from '../dialects/openai-chat/usage.js';

/** Converse counts what came from the cache, and what went into it, beside `inputTokens`; OpenAI counts them in. */
export function toUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const input = count(raw['inputTokens']);
  const output = count(raw['outputTokens']);
  if (input === undefined && output === undefined) return undefined;
  const cached = count(raw['cacheReadInputTokens']);
  const written = count(raw['cacheWriteInputTokens']);
  const lasting = lastingTokens(raw['cacheDetails']);
  const prompt = (input ?? 0) + (cached ?? 0) + (written ?? 0);
  const completion = output ?? 0;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(cached === undefined && written === undefined
      ? {}
      : {
          prompt_tokens_details: {
            ...(cached === undefined ? {} : { cached_tokens: cached }),
            ...(written === undefined ? {} : { cache_write_tokens: written }),
            ...(lasting === 0 ? {} : { cache_write_1h_tokens: lasting }),
          },
        }),
  };
}

/** What was written to stay for an hour. */
function lastingTokens(details: unknown): number {
  if (!Array.isArray(details)) return 0;
  const lasting = details.filter(isObject).filter(({ ttl }) => ttl === '1h');
  return lasting.reduce((sum, { inputTokens }) => sum + (count(inputTokens) ?? 0), 0);
}
