import { ownMember } from '../../../common/own-member.js';
import type { FinishReason } from '../../../contract/chat-completion.js';

const FINISHES: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  // The provider ran its own tools as long as it does in one go: what is there is whole.
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** A reason nobody has seen means that the model stopped; whether it calls tools is seen by the tools it calls. */
export function toFinishReason(native: string, hasTools: boolean): FinishReason {
  const finish = ownMember(FINISHES, native) ?? 'stop';
  if (finish === 'stop' || finish === 'tool_calls') return hasTools ? 'tool_calls' : 'stop';
  return finish;
}
