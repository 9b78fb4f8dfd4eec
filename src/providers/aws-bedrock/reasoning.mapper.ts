import type { ChatMessage } from '../../contract/chat-completion-request.schema.js';
import {
  placeThinking,
  toReasoningDetail,
  toThinkingBlocks,
  type PlacedBlock,
} from '../dialects/anthropic-messages/reasoning-details.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';

/** Redacted content that only Bedrock can read. */
const BEDROCK_FORMAT = 'aws-bedrock-v1';

/** What one block of the answer's reasoning holds. */
export interface NativeReasoning {
  readonly text: string;
  readonly signature: unknown;
  /** Base64. */
  readonly redacted: unknown;
}

/**
 * Signed and redacted thinking as an entry of `reasoning_details`, null for reasoning that nobody signed: that need not come
 * back. Bedrock encodes Claude's redacted data once more than Anthropic does; the entry holds Anthropic's, so that it fits at
 * both.
 */
export function toDetail({ text, signature, redacted }: NativeReasoning, index: number): JsonObject | null {
  if (isText(redacted)) {
    const data = Buffer.from(redacted, 'base64').toString('utf8');
    return Buffer.from(data).toString('base64') === redacted
      ? toReasoningDetail({ type: 'redacted_thinking', data }, index)
      : { type: 'reasoning.encrypted', data: redacted, format: BEDROCK_FORMAT, index };
  }
  if (!isText(signature)) return null;
  return toReasoningDetail({ type: 'thinking', thinking: text, signature }, index);
}

/** An assistant's message with the thinking that it brings back, as Claude behind Converse takes it. */
export function withReasoning(message: ChatMessage, others: readonly JsonObject[]): JsonObject[] {
  const placed = toThinkingBlocks(message).map(({ index, block }) => ({
    index,
    block: { reasoningContent: toReasoningContent(block) },
  }));
  return placeThinking(placed.length > 0 ? placed : ownDetails(message['reasoning_details']), others);
}

const ownDetails = (details: unknown): PlacedBlock[] =>
  (Array.isArray(details) ? details.filter(isObject) : [])
    .filter(({ format, data }) => format === BEDROCK_FORMAT && isText(data))
    .map(({ data }) => ({ index: null, block: { reasoningContent: { redactedContent: data } } }));

function toReasoningContent({ type, thinking, signature, data }: JsonObject): JsonObject {
  if (type === 'redacted_thinking') return { redactedContent: Buffer.from(String(data)).toString('base64') };
  return { reasoningText: { text: thinking, signature } };
}
