import type { Usage } from '../contract/chat-completion.js';

/** Characters of JSON a token stands for, roughly. */
const BYTES_PER_TOKEN = 4;

/** What a stream that broke off has probably used: a guess from the request's size, and a token for each event that came. */
export function estimatedUsage(requestBytes: number, events: number): Usage {
  const prompt = Math.ceil(requestBytes / BYTES_PER_TOKEN);
  return { prompt_tokens: prompt, completion_tokens: events, total_tokens: prompt + events };
}
