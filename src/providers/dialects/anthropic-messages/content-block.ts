import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';
import { FastDelta, type FastKind } from './fast-delta.js';

/** What a block of a stream is to us: what is said, thought or called; the answer in a tool's clothes; anything else. */
export type BlockKind = 'text' | 'thinking' | 'tool' | 'answer' | 'other';

const FAST_KINDS: Readonly<Record<BlockKind, FastKind | null>> = {
  text: 'text',
  thinking: 'thinking',
  tool: 'arguments',
  answer: 'arguments',
  other: null,
};

/** One content block of a stream from its start to its end. */
export class ContentBlock {
  readonly fast: FastDelta | null;
  /** Text, thinking or arguments so far, as escaped JSON; kept only where somebody asks for it at the end. */
  escaped = '';
  signature: string;
  readonly citations: unknown[] = [];

  /**
   * @param toolIndex Its number among the tool calls; -1 for what is none.
   * @param position Code points of text before it.
   */
  constructor(
    readonly kind: BlockKind,
    readonly index: number,
    readonly start: JsonObject,
    readonly toolIndex: number,
    readonly position: number,
  ) {
    const kindOfDelta = FAST_KINDS[kind];
    this.fast = kindOfDelta === null ? null : new FastDelta(kindOfDelta, index);
    this.signature = isText(start['signature']) ? start['signature'] : '';
    const given: unknown = start['citations'];
    if (Array.isArray(given)) this.citations.push(...given);
  }

  /** The block as it would stand in a whole Message. */
  whole(): JsonObject {
    const { start, escaped } = this;
    const text = unescaped(escaped);
    switch (start['type']) {
      case 'text':
        return { ...start, text, ...(this.citations.length === 0 ? {} : { citations: this.citations }) };
      case 'thinking':
        return { ...start, thinking: text, signature: this.signature };
      case 'tool_use':
      case 'server_tool_use':
      case 'mcp_tool_use':
        return { ...start, input: inputOf(text, start['input']) };
      default:
        return start;
    }
  }
}

/** The text that its JSON escapes stand for; empty for what is none, which the parser let through nowhere. */
function unescaped(escaped: string): string {
  const text: unknown = JSON.parse(`"${escaped}"`);
  return typeof text === 'string' ? text : '';
}

function inputOf(text: string, given: unknown): unknown {
  if (text === '') return isObject(given) ? given : {};
  try {
    const input: unknown = JSON.parse(text);
    return input;
  } catch {
    // Cut off by the limit of tokens.
    return {};
  }
}
