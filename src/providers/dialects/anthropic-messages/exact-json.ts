import { parseJson } from '../openai-chat/json-value.js';

/** More digits than a double holds: order numbers and ids of other systems, which models write as numbers. */
const LONG_NUMBER = /-?\d[\d.eE+-]{15,}/;
const LONG_NUMBERS = new RegExp(LONG_NUMBER, 'g');
/** A long number on its way, as a text that nobody writes: it begins with a NUL. */
const MARK = '\u0000number:';
const MARKED = /"\\u0000number:([\d.eE+-]+)"/g;

/** As `JSON.parse`, but long numbers become marks that `stringifyExact` writes as they were. Undefined for what is no JSON. */
export function parseExact(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return parseJson(text);
  // Checked unmarked first: a mark must not make JSON of what is none.
  return parseJson(text) === undefined ? undefined : parseJson(withMarks(text));
}

/** As `JSON.stringify`, with the numbers that `parseExact` marked. */
export function stringifyExact(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes('"\\u0000number:') ? text.replace(MARKED, '$1') : text;
}

/** Marks the numbers outside of strings. */
function withMarks(text: string): string {
  const out: string[] = [];
  let position = 0;
  while (position < text.length) {
    const quote = text.indexOf('"', position);
    const end = quote === -1 ? text.length : quote;
    out.push(text.slice(position, end).replace(LONG_NUMBERS, (number) => JSON.stringify(MARK + number)));
    if (quote === -1) break;
    position = endOfString(text, quote);
    out.push(text.slice(quote, position));
  }
  return out.join('');
}

function endOfString(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}
