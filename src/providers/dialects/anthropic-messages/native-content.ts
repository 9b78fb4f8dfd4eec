import type { ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isObject, type JsonObject } from '../openai-chat/json-value.js';
import { ANTHROPIC_FORMAT } from './reasoning-details.js';

/** Blocks that a chat message can hold by itself. All others are Anthropic's own tools at work. */
const CHAT_BLOCKS: ReadonlySet<string> = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use']);

/**
 * A turn in which Anthropic ran tools of its own, whole, for `native_content` of the message: sent back, the model still knows
 * what it found, and a paused turn goes on. Undefined where the message says everything.
 */
export const toNativeContent = (blocks: readonly JsonObject[]): JsonObject | undefined =>
  blocks.every(({ type }) => CHAT_BLOCKS.has(String(type))) ? undefined : { format: ANTHROPIC_FORMAT, blocks };

/** The blocks of a message that brings such a turn back; null for any other. */
export function fromNativeContent(message: ChatMessage): JsonObject[] | null {
  const native = message['native_content'];
  if (!isObject(native) || native['format'] !== ANTHROPIC_FORMAT || !Array.isArray(native['blocks'])) return null;
  return native['blocks'].filter(isObject);
}
