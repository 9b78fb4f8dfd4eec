import type { FinishReason } from '../../../contract/chat-completion.js';
import type { GeminiBlock, GeminiFinish } from './gemini.wire.js';

/** `abnormal`: something went wrong, so an answer without content is no answer. */
type Meaning = Exclude<FinishReason, 'tool_calls' | 'function_call'> | 'abnormal';

const MEANINGS: Readonly<Record<GeminiFinish, Meaning>> = {
  FINISH_REASON_UNSPECIFIED: 'stop',
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  LANGUAGE: 'abnormal',
  OTHER: 'abnormal',
  MALFORMED_FUNCTION_CALL: 'abnormal',
  UNEXPECTED_TOOL_CALL: 'abnormal',
  TOO_MANY_TOOL_CALLS: 'abnormal',
  NO_IMAGE: 'abnormal',
  IMAGE_OTHER: 'abnormal',
  CONTINUATION: 'abnormal',
};

/** Older clients ask for enums as numbers, and some recordings are theirs: the order of the service's own enum. */
const NUMBERED: readonly GeminiFinish[] = [
  'FINISH_REASON_UNSPECIFIED',
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'RECITATION',
  'OTHER',
];

const isKnown = (native: string): native is GeminiFinish => Object.hasOwn(MEANINGS, native);

/** The finish as Google's word, null while there is none. */
export function nativeFinish(value: unknown): string | null {
  if (typeof value === 'number') return NUMBERED[value] ?? null;
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A word nobody has seen means that the model stopped. */
export function toFinishReason(native: string, hasTools: boolean): FinishReason {
  const meaning = isKnown(native) ? MEANINGS[native] : 'stop';
  if (meaning === 'abnormal' || meaning === 'stop') return hasTools ? 'tool_calls' : 'stop';
  return meaning;
}

export const isAbnormal = (native: string): boolean => isKnown(native) && MEANINGS[native] === 'abnormal';

const UNBLOCKED: GeminiBlock = 'BLOCKED_REASON_UNSPECIFIED';

/** Why the prompt was refused, null when it was not. */
export const blockReason = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value !== UNBLOCKED ? value : null;
