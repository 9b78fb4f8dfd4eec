import { addDelta, isObject, itemAt, type JsonObject } from './json-object.js';

export const isMessagesEvent = (event: JsonObject): boolean => event['type'] === 'message_start';

/** The message that the events of Anthropic's Messages API amount to. */
export function assembleMessage(events: readonly JsonObject[]): JsonObject {
  const message: JsonObject = {};
  const blocks: JsonObject[] = [];
  for (const event of events) {
    const { type, index, delta, usage, error } = event;
    if (type === 'message_start' && isObject(event['message'])) Object.assign(message, event['message']);
    else if (type === 'content_block_start' && isObject(event['content_block'])) {
      itemAt(blocks, index, structuredClone(event['content_block']));
    } else if (type === 'content_block_delta' && isObject(delta)) {
      const { type: kind, citation, ...piece } = delta;
      const block = itemAt(blocks, index, {});
      addDelta(block, kind === 'citations_delta' ? { citations: [citation] } : piece);
    } else if (type === 'message_delta') {
      if (isObject(delta)) Object.assign(message, delta);
      if (isObject(usage)) addDelta(message, { usage });
    } else if (type === 'error') message['error'] = error;
  }
  message['content'] = blocks.map(({ index: _index, partial_json: json, ...block }) =>
    typeof json === 'string' ? { ...block, input: parsed(json) } : block,
  );
  return message;
}

/** A tool's input that broke off stays text. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
