import { isObject, type JsonObject } from '../openai-chat/json-value.js';

/** One piece of text, escaped as JSON has it. */
export interface FastPiece {
  readonly escaped: string;
  /** The event's usage as JSON text; null where it has none. */
  readonly usage: string | null;
}

const TEXT_KEY = /"text":\s*"/;
const USAGE_KEY = /"usageMetadata":\s*(?={)/;
/** What may stand in a JSON string: copied as it is, it is right in our own JSON too. */
const PLAIN_STRING = /^(?:[\x20\x21\x23-\x5b\x5d-\uffff]|\\["\\/bfnrt])*$/;
/** Providers whose events never look alike are not studied for long. */
const MAX_LESSONS = 16;

/**
 * Reads the events of a stream that are one more piece of text without parsing them. Such events differ in their text and in their
 * counts only: what stands before, between and behind is learned from one that was parsed. What looks otherwise in any byte is left
 * to the parser, which is slow and never wrong.
 */
export class FastText {
  /** The delta's member that the text belongs to. */
  member: 'content' | 'reasoning_content' = 'content';
  index = 0;
  private head = '';
  private middle = '';
  /** Behind the usage; null where the events have none, and end with `middle`. */
  private tail: string | null = null;
  private lessons = 0;

  /** Takes an event that was parsed as the pattern, if it is a piece of text and nothing else. */
  learn(event: string, response: JsonObject): void {
    if (this.lessons === MAX_LESSONS) return;
    this.lessons++;
    const part = onlyTextPart(response);
    if (part === null) return;
    const key = TEXT_KEY.exec(event);
    if (key === null || !event.startsWith('data: {') || event.includes('\n')) return;
    const from = key.index + key[0].length;
    const to = from + JSON.stringify(part.text).length - 2;
    // Another way of escaping than ours hides where the text ends.
    if (event[to] !== '"' || event.slice(from - 1, to + 1) !== JSON.stringify(part.text)) return;
    const rest = event.slice(to);
    const usage = USAGE_KEY.exec(rest);
    const usageFrom = usage === null ? rest.length : usage.index + usage[0].length;
    this.middle = rest.slice(0, usageFrom);
    this.tail = usage === null ? null : rest.slice(endOfObject(rest, usageFrom));
    this.member = part.isThought ? 'reasoning_content' : 'content';
    this.index = part.index;
    this.head = event.slice(0, from);
  }

  /** Null when the event between `start` and `end` is not such a piece. */
  read(block: string, start: number, end: number): FastPiece | null {
    const { head, middle, tail } = this;
    if (head === '' || !block.startsWith(head, start)) return null;
    const from = start + head.length;
    let to = block.indexOf('"', from);
    while (to !== -1 && isEscaped(block, to)) to = block.indexOf('"', to + 1);
    if (to === -1 || to >= end || !block.startsWith(middle, to)) return null;
    const escaped = block.slice(from, to);
    const usageFrom = to + middle.length;
    if (escaped === '' || !PLAIN_STRING.test(escaped)) return null;
    if (tail === null) return usageFrom === end ? { escaped, usage: null } : null;
    const usageTo = end - tail.length;
    if (usageTo <= usageFrom || !block.startsWith(tail, usageTo) || endOfObject(block, usageFrom) !== usageTo)
      return null;
    this.lessons = 0;
    return { escaped, usage: block.slice(usageFrom, usageTo) };
  }
}

const only = (object: JsonObject, ...names: readonly string[]): boolean =>
  Object.keys(object).every((name) => names.includes(name));

/** The text of a response that holds one part, a text, and nothing else that is said once. */
function onlyTextPart(response: JsonObject): { text: string; isThought: boolean; index: number } | null {
  const { candidates } = response;
  if (!only(response, 'candidates', 'usageMetadata', 'modelVersion', 'responseId', 'createTime')) return null;
  const candidate: unknown = Array.isArray(candidates) && candidates.length === 1 ? candidates[0] : null;
  if (!isObject(candidate) || !only(candidate, 'content', 'index')) return null;
  const { content, index = 0 } = candidate;
  if (!isObject(content) || !only(content, 'parts', 'role') || typeof index !== 'number') return null;
  const { parts } = content;
  const part: unknown = Array.isArray(parts) && parts.length === 1 ? parts[0] : null;
  if (!isObject(part) || !only(part, 'text', 'thought')) return null;
  const { text, thought = false } = part;
  return typeof text === 'string' && text !== '' && typeof thought === 'boolean'
    ? { text, isThought: thought, index }
    : null;
}

/** Is the quote at this place part of the text? */
function isEscaped(text: string, quote: number): boolean {
  let slash = quote - 1;
  while (text[slash] === '\\') slash--;
  return (quote - slash) % 2 === 0;
}

/** Behind the object that begins at `from`; -1 where it does not end, or holds what a count of tokens does not. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  for (let position = from; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === OPEN_BRACE) depth++;
    else if (code === CLOSE_BRACE && --depth === 0) return position + 1;
    else if (code === BACKSLASH || code === LF) return -1;
  }
  return -1;
}

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BACKSLASH = 0x5c;
const LF = 0x0a;
