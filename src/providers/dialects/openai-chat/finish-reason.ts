import { ownMember } from '../../../common/own-member.js';
import type { FinishReason } from '../../../contract/chat-completion.js';

const OWN: ReadonlySet<string> = new Set(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']);

/** What providers of this dialect say besides OpenAI's five values. */
const OTHERS: Readonly<Record<string, FinishReason>> = {
  eos: 'stop',
  model_length: 'length',
  max_tokens: 'length',
  'tool-calls': 'tool_calls',
  tool_use: 'tool_calls',
  safety: 'content_filter',
};

/** The native values that say that something went wrong: DeepSeek's, and `error` of Mistral, OpenRouter and Workers AI. */
const FAILURES: ReadonlySet<string> = new Set(['error', 'insufficient_system_resource']);

export const isFinishReason = (value: unknown): value is FinishReason => typeof value === 'string' && OWN.has(value);

export const isFailedFinish = (value: unknown): boolean => typeof value === 'string' && FAILURES.has(value);

/** Typed clients break on any other value than the five; a value nobody has seen means that the model stopped. */
export const toFinishReason = (native: string): FinishReason =>
  isFinishReason(native) ? native : (ownMember(OTHERS, native) ?? 'stop');
