import type { ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/**
 * Gemini signs what it thought, and wants each signature back on the very part it came with. On the caller's side a signature
 * travels inside the tool call (`extra_content.google.thought_signature`, as in Google's own OpenAI layer, which most clients
 * echo) and in the message's `reasoning_details`, for clients that keep those.
 */

/** The origin that `reasoning_details` name; those of others are dropped: a foreign signature is a 400. */
export const GEMINI_FORMAT = 'google-gemini-v1';

/** Accepted in the place of a signature, for calls that were not made by this model (ai.google.dev/gemini-api/docs/thought-signatures). */
export const SIGNATURE_PLACEHOLDER = 'skip_thought_signature_validator';

/** One entry of `reasoning_details`; `id` names the tool call it belongs to, without it it is the text's. */
export interface SignatureDetail {
  readonly type: 'reasoning.encrypted';
  readonly data: string;
  readonly format: typeof GEMINI_FORMAT;
  readonly index: number;
  readonly id?: string;
}

export const toSignatureDetail = (data: string, index: number, callId?: string): SignatureDetail => ({
  type: 'reasoning.encrypted',
  data,
  format: GEMINI_FORMAT,
  index,
  ...(callId === undefined ? {} : { id: callId }),
});

export const toCallExtra = (signature: string) => ({ extra_content: { google: { thought_signature: signature } } });

/** The signature inside a tool call as the caller sends it back. */
export function signatureOfCall(call: JsonObject): string | null {
  const extra = isObject(call['extra_content']) ? call['extra_content']['google'] : undefined;
  const signature = isObject(extra) ? extra['thought_signature'] : undefined;
  return isText(signature) ? signature : null;
}

/** What a message's `reasoning_details` hold of Gemini's: by tool call id, and under null the text's. */
export function signaturesOf(message: ChatMessage): ReadonlyMap<string | null, string> {
  const details: unknown = message['reasoning_details'];
  const found = new Map<string | null, string>();
  for (const detail of Array.isArray(details) ? details.filter(isObject) : []) {
    if (detail['format'] !== GEMINI_FORMAT || !isText(detail['data'])) continue;
    found.set(isText(detail['id']) ? detail['id'] : null, detail['data']);
  }
  return found;
}
