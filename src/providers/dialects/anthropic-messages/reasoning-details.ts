import type { ChatMessage } from '../../../contract/chat-completion-request.schema.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/** Says whose reasoning it is: what other vendors signed must not come here, and the other way round. */
export const ANTHROPIC_FORMAT = 'anthropic-claude-v1';

/** A thinking block and where it stood among the blocks of its message; null where nobody said. */
export interface PlacedBlock {
  readonly index: number | null;
  readonly block: JsonObject;
}

/**
 * A `thinking` or `redacted_thinking` block as an entry of `reasoning_details` in OpenRouter's form, which clients send back;
 * null for other blocks. `index` is the block's place in Anthropic's answer.
 */
export function toReasoningDetail(block: JsonObject, index: number): JsonObject | null {
  const origin = { format: ANTHROPIC_FORMAT, index };
  if (block['type'] === 'redacted_thinking') return { type: 'reasoning.encrypted', data: block['data'], ...origin };
  if (block['type'] !== 'thinking') return null;
  const { thinking, signature } = block;
  return {
    type: 'reasoning.text',
    text: isText(thinking) ? thinking : '',
    ...(isText(signature) ? { signature } : {}),
    ...origin,
  };
}

/** What a tool call carries for clients that keep nothing else of a message. */
export const toCallExtra = (details: readonly JsonObject[]): JsonObject => ({
  extra_content: { anthropic: { reasoning_details: details } },
});

/**
 * The thinking blocks that an assistant's message brings back, as Anthropic signed them: from the message, else from its first
 * tool calls, else in LiteLLM's `thinking_blocks`. Unsigned and foreign ones are left out: Anthropic refuses them.
 */
export function toThinkingBlocks(message: ChatMessage): PlacedBlock[] {
  const own = fromDetails(message['reasoning_details']);
  if (own.length > 0) return own;
  for (const call of message.tool_calls ?? []) {
    const extra = isObject(call['extra_content']) ? call['extra_content']['anthropic'] : undefined;
    const carried = isObject(extra) ? fromDetails(extra['reasoning_details']) : [];
    if (carried.length > 0) return carried;
  }
  const blocks: unknown = message['thinking_blocks'];
  return Array.isArray(blocks)
    ? blocks
        .filter(isObject)
        .flatMap((block) => toPlaced(block['type'], block['thinking'], block['signature'], block['data'], null))
    : [];
}

function fromDetails(details: unknown): PlacedBlock[] {
  if (!Array.isArray(details)) return [];
  const own = details.filter(isObject).filter(({ format }) => format === ANTHROPIC_FORMAT);
  return joinFragments(own).flatMap((detail) => {
    const index = typeof detail['index'] === 'number' ? detail['index'] : null;
    const type = detail['type'] === 'reasoning.encrypted' ? 'redacted_thinking' : 'thinking';
    return toPlaced(type, detail['text'], detail['signature'], detail['data'], index);
  });
}

function toPlaced(
  type: unknown,
  thinking: unknown,
  signature: unknown,
  data: unknown,
  index: number | null,
): PlacedBlock[] {
  if (type === 'redacted_thinking') return isText(data) ? [{ index, block: { type, data } }] : [];
  if (type !== 'thinking' || !isText(signature)) return [];
  return [{ index, block: { type, thinking: isText(thinking) ? thinking : '', signature } }];
}

/** Streams of some gateways give a text in pieces of the same index, the signature with the last. */
function joinFragments(details: readonly JsonObject[]): JsonObject[] {
  const joined: JsonObject[] = [];
  for (const detail of details) {
    const last = joined.at(-1);
    const isSame =
      last !== undefined &&
      detail['type'] === 'reasoning.text' &&
      last['type'] === 'reasoning.text' &&
      typeof detail['index'] === 'number' &&
      last['index'] === detail['index'] &&
      !isText(last['signature']);
    if (!isSame) {
      joined.push(detail);
      continue;
    }
    const text = [last['text'], detail['text']].filter(isText).join('');
    joined[joined.length - 1] = { ...last, ...detail, text };
  }
  return joined;
}

/** Thinking at the places it came from, the message's other blocks around it in their order; unplaced thinking comes first. */
export function placeThinking(thinking: readonly PlacedBlock[], others: readonly JsonObject[]): JsonObject[] {
  const placed = new Map(thinking.flatMap(({ index, block }) => (index === null ? [] : [[index, block] as const])));
  const out = thinking.filter(({ index }) => index === null).map(({ block }) => block);
  let next = 0;
  for (let position = 0; placed.size > 0; position++) {
    const block = placed.get(position);
    if (block !== undefined) {
      out.push(block);
      placed.delete(position);
    } else if (next < others.length) {
      out.push(others[next++]!);
    } else {
      out.push(...[...placed].toSorted(([a], [b]) => a - b).map(([, left]) => left));
      break;
    }
  }
  return [...out, ...others.slice(next)];
}
