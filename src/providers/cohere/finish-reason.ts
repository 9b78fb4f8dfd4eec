import { ownMember } from '../../common/own-member.js';
import type { FinishReason } from '../../contract/chat-completion.js';

const FINISHES: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
};

/** The answer was given up. */
export const isFailedFinish = (native: string): boolean => native === 'ERROR' || native === 'TIMEOUT';

export function toFinishReason(native: string, callsTools: boolean): FinishReason {
  const finish = ownMember(FINISHES, native);
  if (finish === 'length') return finish;
  return callsTools ? 'tool_calls' : 'stop';
}
