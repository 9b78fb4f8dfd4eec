import type { StopReason } from '@aws-sdk/client-bedrock-runtime';
import type { FinishReason } from '../../contract/chat-completion.js';

/** Converse's stop reasons. A word that is new means that the model stopped. */
const FINISHES: Readonly<Record<StopReason, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
  malformed_model_output: 'stop',
  malformed_tool_use: 'stop',
};
const BY_NAME = new Map<string, FinishReason>(Object.entries(FINISHES));

const FAILURES: ReadonlySet<string> = new Set<StopReason>(['malformed_model_output', 'malformed_tool_use']);

/** The model said something that could not be read: without other content there is no answer. */
export const isFailedStop = (native: string): boolean => FAILURES.has(native);

/** @param callsTools Does the answer hold a tool call for the caller? Those of the service's own tools do not count. */
export function toFinishReason(native: string, callsTools: boolean): FinishReason {
  const finish = BY_NAME.get(native) ?? 'stop';
  if (finish === 'stop' || finish === 'tool_calls') return callsTools ? 'tool_calls' : 'stop';
  return finish;
}
