import type { ChatCompletionRequest, ChatMessage } from '../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { argumentsText } from '../dialects/openai-chat/message-repair.js';
import {
  developerToSystem,
  rewriteMessages,
  withOnlyMembers,
  type MessageRewrite,
} from '../dialects/openai-chat/message-rewrite.js';
import { WITHOUT_THINKING } from './cohere.catalog.js';

/** The messages as Cohere takes them; the same array when they already are. */
export function toCohereMessages({ messages }: ChatCompletionRequest, model: string): readonly ChatMessage[] {
  const thinks = !WITHOUT_THINKING.test(model);
  return rewriteMessages(messages, [
    developerToSystem,
    thinks ? withThinking : withPlan,
    withOwnMembers,
    withPlainCalls,
    withOwnParts,
  ]);
}

const PLAIN: ReadonlySet<string> = new Set(['role', 'content']);
const OF_ASSISTANT: ReadonlySet<string> = new Set(['role', 'content', 'tool_calls', 'tool_plan', 'citations']);
const OF_TOOL: ReadonlySet<string> = new Set(['role', 'content', 'tool_call_id']);

/** Clients echo what they got, with members of other vendors; names of speakers have no place. */
const withOwnMembers: MessageRewrite = (message, index, all) => {
  const own = message.role === 'assistant' ? OF_ASSISTANT : message.role === 'tool' ? OF_TOOL : PLAIN;
  const rewritten = withOnlyMembers(own)(message, index, all);
  if (rewritten.role !== 'assistant' || !isForeign(rewritten['citations'])) return rewritten;
  return withOnlyMembers(new Set(['role', 'content', 'tool_calls', 'tool_plan']))(rewritten, index, all);
};

/** What was given out with ranges of the whole text, or by another vendor, is not what Cohere would take back. */
const isForeign = (citations: unknown): boolean =>
  Array.isArray(citations) && citations.some((citation) => isObject(citation) && !isOwnCitation(citation));

const isOwnCitation = (citation: JsonObject): boolean =>
  Array.isArray(citation['sources']) && citation['start_index'] === undefined;

/** The caller's own words for what the model thought, unless another vendor signed them. */
function reasoningOf(message: ChatMessage): string | null {
  if (message.role !== 'assistant') return null;
  const details: unknown = message['reasoning_details'];
  if (Array.isArray(details) && details.length > 0) return null;
  const reasoning = message['reasoning_content'] ?? message['reasoning'];
  return isText(reasoning) ? reasoning : null;
}

/** A model that thinks gets its thinking back as the part it came as, before the text. */
const withThinking: MessageRewrite = (message) => {
  const thinking = reasoningOf(message);
  const { content } = message;
  if (thinking === null) return message;
  const text = isText(content) ? [{ type: 'text', text: content }] : [];
  return { ...message, content: [{ type: 'thinking', thinking }, ...(Array.isArray(content) ? content : text)] };
};

/** Others plan their calls in words. Without calls there was no plan. */
const withPlan: MessageRewrite = (message) => {
  const plan = reasoningOf(message);
  const hasCalls = (message.tool_calls ?? []).length > 0;
  return plan === null || !hasCalls || isText(message['tool_plan']) ? message : { ...message, tool_plan: plan };
};

const isPlain = (call: JsonObject): boolean =>
  Object.keys(call).every((name) => name === 'id' || name === 'type' || name === 'function') &&
  isObject(call['function']) &&
  typeof call['function']['arguments'] === 'string' &&
  Object.keys(call['function']).length === 2;

/** Calls with nothing but id, name and arguments, these as text. */
const withPlainCalls: MessageRewrite = (message) => {
  const { tool_calls: calls } = message;
  if (calls == null || calls.every(isPlain)) return message;
  return {
    ...message,
    tool_calls: calls.map((call) => {
      const { name, arguments: given } = isObject(call['function']) ? call['function'] : {};
      const text = argumentsText(given);
      return { id: call.id, type: 'function', function: { name, arguments: text === '' ? '{}' : text } };
    }),
  };
};

const PART_MEMBERS: ReadonlySet<string> = new Set(['type', 'text', 'image_url', 'thinking', 'document']);

/** Files are documents elsewhere in the body; marks for caches and the like go. A message of files alone says their names. */
const withOwnParts: MessageRewrite = (message) => {
  const { content } = message;
  if (!Array.isArray(content)) return message;
  const isOwn = (part: JsonObject): boolean => Object.keys(part).every((name) => PART_MEMBERS.has(name));
  if (content.every((part) => part.type !== undefined && isOwn(part))) return message;
  const parts = content.flatMap((part) => (part.type === 'file' ? [] : [toOwnPart(part)]));
  const names = content.flatMap(({ file }) => (isObject(file) && isText(file['filename']) ? [file['filename']] : []));
  return { ...message, content: parts.length > 0 ? parts : names.join(', ') || 'See the documents.' };
};

function toOwnPart(part: JsonObject): JsonObject & { readonly type: string } {
  const { type = 'text' } = part;
  if (type === 'refusal') return { type: 'text', text: part['refusal'] };
  const own = Object.entries(part).filter(([name]) => PART_MEMBERS.has(name));
  return { ...Object.fromEntries(own), type: String(type) };
}
