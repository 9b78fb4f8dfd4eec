import type { Usage } from '../../contract/chat-completion.js';
import { isObject } from '../dialects/openai-chat/json-value.js';
import { count } from '../dialects/openai-chat/usage.js';

/** `tokens` is what the model read and wrote. `billed_units` leaves the service's own prompt out, and is no count of tokens. */
export function toUsage(raw: unknown): Usage | undefined {
  if (!isObject(raw) || !isObject(raw['tokens'])) return undefined;
  const { input_tokens: input, output_tokens: output, reasoning_tokens: thought } = raw['tokens'];
  const [prompt, completion] = [count(input), count(output)];
  if (prompt === undefined && completion === undefined) return undefined;
  const cached = count(raw['cached_tokens']);
  const reasoning = count(thought);
  return {
    prompt_tokens: prompt ?? 0,
    completion_tokens: completion ?? 0,
    total_tokens: (prompt ?? 0) + (completion ?? 0),
    ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

/** The same for what is passed through: of embeddings there is nothing but what they are billed. */
export function toNativeUsage(raw: unknown): Usage | undefined {
  const usage = toUsage(raw);
  if (usage !== undefined || !isObject(raw) || !isObject(raw['billed_units'])) return usage;
  const { input_tokens: input, output_tokens: output } = raw['billed_units'];
  const [prompt, completion] = [count(input), count(output) ?? 0];
  if (prompt === undefined) return undefined;
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
