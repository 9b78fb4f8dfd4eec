import { addDelta, isObject, itemAt, type JsonObject, objectsOf } from './json-object.js';

/** Chunks of a chat completion. */
export const isChatChunk = (event: JsonObject): boolean => Array.isArray(event['choices']);

/** The completion that they amount to. */
export function assembleChat(events: readonly JsonObject[]): JsonObject {
  const choices: JsonObject[] = [];
  const completion: JsonObject = {};
  for (const { choices: parts, ...rest } of events) {
    // The last chunk's usage is null in all others.
    for (const [name, value] of Object.entries(rest)) if (value !== null) completion[name] = value;
    for (const { index, delta, logprobs, finish_reason: reason } of objectsOf(parts)) {
      const choice = itemAt(choices, index, { message: { role: 'assistant', content: null }, finish_reason: null });
      const message = choice['message'];
      if (isObject(delta) && isObject(message)) addDelta(message, delta);
      if (isObject(logprobs)) addDelta(choice, { logprobs });
      if (reason !== null && reason !== undefined) choice['finish_reason'] = reason;
    }
  }
  for (const { message } of choices) {
    // Positions are for streams.
    if (isObject(message)) for (const call of objectsOf(message['tool_calls'])) delete call['index'];
  }
  return { ...completion, object: 'chat.completion', choices };
}
