import { createHash } from 'node:crypto';
import type { ChatCompletionRequest, ChatMessage } from '../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import {
  developerToSystem,
  rewriteMessages,
  withOnlyMembers,
  withToolIds,
  type MessageRewrite,
} from '../dialects/openai-chat/message-rewrite.js';

/** Mistral's own models take tool call ids of nine letters and digits only (400, code 3280); those it hosts take any. */
const OWN_MODEL = /(?:mistral|ministral|magistral|mixtral|codestral|devstral|pixtral|voxtral|leanstral)/i;
const OWN_ID = /^[A-Za-z0-9]{9}$/;
const THINKS = /^magistral/i;

const withoutExtras = withOnlyMembers(new Set(['role', 'content', 'tool_calls', 'tool_call_id', 'prefix']));
const withToolExtras = withOnlyMembers(new Set(['role', 'content', 'tool_call_id', 'name']));

/** The messages as Mistral's closed schema takes them; the same array when they already are. */
export function toMistralMessages({ messages }: ChatCompletionRequest, model: string): readonly ChatMessage[] {
  const own = OWN_MODEL.test(model);
  return rewriteMessages(messages, [
    developerToSystem,
    ...(THINKS.test(model) ? [withThinking] : []),
    (message, index, all) =>
      message.role === 'tool' ? withToolExtras(message, index, all) : withoutExtras(message, index, all),
    withPlainCalls,
    ...(own ? [withOwnIds] : []),
    markPrefill,
  ]);
}

/** A hash, so that a call and its result get the same id. */
const withOwnIds = withToolIds(
  (id) => OWN_ID.test(id),
  (id) =>
    createHash('sha256')
      .update(id)
      .digest('base64')
      .replace(/[^A-Za-z0-9]/g, '')
      .slice(0, 9),
);

const CALL_MEMBERS: ReadonlySet<string> = new Set(['id', 'type', 'index', 'function']);
const FUNCTION_MEMBERS: ReadonlySet<string> = new Set(['name', 'arguments']);

const only = (object: JsonObject, names: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => names.has(name)));

const isPlain = (call: JsonObject): boolean =>
  Object.keys(call).every((name) => CALL_MEMBERS.has(name)) &&
  (!isObject(call['function']) || Object.keys(call['function']).every((name) => FUNCTION_MEMBERS.has(name)));

/** SDKs echo calls with fields of their own (`parsed_arguments`). */
const withPlainCalls: MessageRewrite = (message) => {
  const calls = message.tool_calls ?? [];
  if (calls.every(isPlain)) return message;
  return {
    ...message,
    tool_calls: calls.map((call) => ({
      ...only(call, CALL_MEMBERS),
      id: call.id,
      ...(isObject(call['function']) ? { function: only(call['function'], FUNCTION_MEMBERS) } : {}),
    })),
  };
};

/** Reasoning goes back as the chunk it came as, before the text. */
const withThinking: MessageRewrite = (message) => {
  const reasoning = message['reasoning_content'] ?? message['reasoning'];
  if (message.role !== 'assistant' || !isText(reasoning)) return message;
  const { content } = message;
  const text = typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : [];
  const thinking = { type: 'thinking', thinking: [{ type: 'text', text: reasoning }] };
  return { ...message, content: [thinking, ...(Array.isArray(content) ? content : text)] };
};

/** An answer that the caller has begun is refused without this mark. */
const markPrefill: MessageRewrite = (message, index, all) => {
  const isPrefill = index === all.length - 1 && message.role === 'assistant' && (message.tool_calls ?? []).length === 0;
  return isPrefill && message['prefix'] === undefined ? { ...message, prefix: true } : message;
};
