import type { AnswerQuirks } from './chat-quirks.js';
import { mirrorReasoning } from './message-repair.js';

/**
 * For servers that speak OpenAI's dialect more or less (Ollama, vLLM, llama.cpp, services of nobody's list): reasoning under its
 * other name, tool calls without index, id or type, streams without a finish.
 */
export const LENIENT_ANSWER: AnswerQuirks = {
  markers: ['"reasoning"', '"tool_calls"'],
  parsesAll: false,
  repairs: [mirrorReasoning],
  infersFinish: true,
};
