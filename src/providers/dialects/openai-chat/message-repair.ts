import type { JsonObject } from './json-value.js';
import { isObject, isText } from './json-value.js';

/** Groq's, Cerebras' and OpenRouter's `reasoning` also as `reasoning_content`, the name most clients read. */
export function mirrorReasoning(message: JsonObject): JsonObject {
  const { reasoning } = message;
  if (!isText(reasoning) || isText(message['reasoning_content'])) return message;
  return { ...message, reasoning_content: reasoning };
}

/** Mistral's list of thinking and text parts as `reasoning_content` and `content`. Other parts (citations) have no text to give. */
export function flattenContentParts(message: JsonObject): JsonObject {
  const parts: unknown = message['content'];
  if (!Array.isArray(parts)) return message;
  const objects = parts.filter(isObject);
  const content = objects.map((part) => (part['type'] === 'text' && isText(part['text']) ? part['text'] : '')).join('');
  const reasoning = objects.map((part) => (part['type'] === 'thinking' ? thinkingText(part['thinking']) : '')).join('');
  const { content: _parts, ...rest } = message;
  return {
    ...rest,
    ...(content === '' && reasoning !== '' ? {} : { content }),
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
  };
}

function thinkingText(thinking: unknown): string {
  if (isText(thinking)) return thinking;
  if (!Array.isArray(thinking)) return '';
  return thinking
    .filter(isObject)
    .map((part) => (isText(part['text']) ? part['text'] : ''))
    .join('');
}

/** Arguments are a JSON text in OpenAI's contract; some hosts give the object. */
export function argumentsText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/**
 * The tool calls of a whole message: an id, `type` and arguments as text, each only where it is missing. Ids are made of the
 * completion's id, so that the same answer read twice has the same ids.
 */
export function repairToolCalls(message: JsonObject, completionId: string): JsonObject {
  const calls: unknown = message['tool_calls'];
  if (!Array.isArray(calls) || calls.length === 0) return message;
  const seen = new Set<string>();
  let isRepaired = false;
  const repaired = calls.map((call: unknown, index) => {
    if (!isObject(call)) return call;
    const id = isText(call['id']) && !seen.has(call['id']) ? call['id'] : toolCallId(completionId, index);
    seen.add(id);
    const type = isText(call['type']) && call['type'] !== 'null' ? call['type'] : 'function';
    const body = isObject(call['function']) ? call['function'] : undefined;
    const isArgumentsText = body === undefined || typeof body['arguments'] === 'string';
    if (id === call['id'] && type === call['type'] && isArgumentsText) return call;
    isRepaired = true;
    return {
      ...call,
      id,
      type,
      ...(body === undefined ? {} : { function: { ...body, arguments: argumentsText(body['arguments']) || '{}' } }),
    };
  });
  return isRepaired ? { ...message, tool_calls: repaired } : message;
}

/** At most 40 characters, as OpenAI demands of ids that are sent back. */
export const toolCallId = (completionId: string, index: number): string =>
  `call_${completionId.replace(/[^A-Za-z0-9]/g, '').slice(-26)}_${index}`;
