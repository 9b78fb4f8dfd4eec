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
  const finish = Object.hasOwn(FINISHES, native) ? FINISHES[native] : undefined;
  if (finish === 'length') return finish;
  return callsTools ? 'tool_calls' : 'stop';
}
