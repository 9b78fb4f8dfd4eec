/**
 * Edits of a JSON object's top-level members on its own bytes: what is not edited stays as it was written, and a body is never
 * re-encoded because one name in it changed. A 200 KB body costs microseconds: strings are skipped natively, nothing recurses.
 */

/** Where one member lies in the bytes. `start` to `end` is all between its separators, white space included. */
export interface JsonMember {
  readonly name: string;
  readonly start: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly end: number;
}

/** `set` replaces a member's value or adds the member; `value` is JSON text. A renamed member takes the place of its namesake. */
export type MemberEdit =
  | { readonly kind: 'set'; readonly value: string }
  | { readonly kind: 'rename'; readonly to: string }
  | { readonly kind: 'remove' };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * The top-level members of the object in `bytes`, in order, duplicates included.
 * Throws `SyntaxError` when the bytes are not one object; nested values are only balanced, not checked.
 */
export function readMembers(bytes: Buffer): JsonMember[] {
  const members: JsonMember[] = [];
  let position = skipSpace(bytes, startOfText(bytes));
  if (bytes[position] !== OPEN_BRACE) throw new SyntaxError('The JSON text is not an object.');
  let start = position + 1;
  position = skipSpace(bytes, start);
  if (bytes[position] === CLOSE_BRACE) return assertEnds(bytes, position + 1, members);
  for (;;) {
    if (bytes[position] !== QUOTE) throw new SyntaxError(`A member's name is missing at byte ${position}.`);
    const keyStart = position;
    const keyEnd = skipString(bytes, position);
    position = skipSpace(bytes, keyEnd);
    if (bytes[position] !== COLON) throw new SyntaxError(`A colon is missing at byte ${position}.`);
    const valueStart = skipSpace(bytes, position + 1);
    const valueEnd = skipValue(bytes, valueStart);
    position = skipSpace(bytes, valueEnd);
    members.push({
      name: nameAt(bytes, keyStart, keyEnd),
      start,
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
      end: position,
    });
    if (bytes[position] === CLOSE_BRACE) return assertEnds(bytes, position + 1, members);
    if (bytes[position] !== COMMA) throw new SyntaxError(`A comma is missing at byte ${position}.`);
    start = position + 1;
    position = skipSpace(bytes, start);
  }
}

/**
 * New bytes with the edits made; the same Buffer when none applies. Names may occur twice (JSON.parse then takes the last), so
 * each occurrence is edited.
 */
export function editMembers(bytes: Buffer, edits: ReadonlyMap<string, MemberEdit>): Buffer {
  const members = readMembers(bytes);
  const names = new Set(members.map((member) => member.name));
  const replaced = new Set<string>();
  for (const [name, edit] of edits)
    if (edit.kind === 'rename' && edit.to !== name && names.has(name)) replaced.add(edit.to);

  const out: Buffer[] = [];
  // Runs of untouched members are copied as one piece: `from` is where the run that is still to be copied begins.
  let from = 0;
  let kept = 0;
  let changed = false;
  for (const member of members) {
    const edit = edits.get(member.name);
    const gone = edit?.kind === 'remove' || (edit?.kind !== 'rename' && replaced.has(member.name));
    if (gone) {
      // The separator before the member goes with it; before the first kept one it is the brace, which stays.
      if (member.start > from) out.push(bytes.subarray(from, kept === 0 ? member.start : member.start - 1));
      from = kept === 0 ? skipComma(bytes, member.end) : member.end;
      changed = true;
      continue;
    }
    kept++;
    if (edit === undefined) continue;
    const isRename = edit.kind === 'rename';
    const text = isRename ? JSON.stringify(edit.to) : edit.value;
    out.push(bytes.subarray(from, isRename ? member.keyStart : member.valueStart), Buffer.from(text));
    from = isRename ? member.keyEnd : member.valueEnd;
    changed = true;
  }

  const additions: string[] = [];
  for (const [name, edit] of edits) {
    if (edit.kind === 'set' && (!names.has(name) || replaced.has(name)))
      additions.push(`${JSON.stringify(name)}:${edit.value}`);
  }
  if (!changed && additions.length === 0) return bytes;
  const close = bytes.lastIndexOf(CLOSE_BRACE);
  if (additions.length > 0) {
    out.push(
      bytes.subarray(from, close),
      Buffer.from((kept > 0 ? ',' : '') + additions.join(',')),
      bytes.subarray(close),
    );
  } else {
    out.push(bytes.subarray(from));
  }
  return Buffer.concat(out);
}

/**
 * New bytes with the value of the first member replaced, if that is a string member of this name and value, and there is no other
 * of the name anywhere; else null: then `editMembers` finds out. Looks at the beginning only, where clients put the model.
 */
export function replaceFirstMember(bytes: Buffer, name: string, value: string, replacement: string): Buffer | null {
  const key = `"${name}"`;
  const brace = skipSpace(bytes, startOfText(bytes));
  const keyStart = skipSpace(bytes, brace + 1);
  const keyEnd = keyStart + key.length;
  if (bytes[brace] !== OPEN_BRACE || bytes.toString('latin1', keyStart, keyEnd) !== key) return null;
  const colon = skipSpace(bytes, keyEnd);
  const from = skipSpace(bytes, colon + 1);
  const to = from + value.length + 2;
  if (bytes[colon] !== COLON || bytes.toString('latin1', from, to) !== `"${value}"`) return null;
  if (bytes.indexOf(key, to, 'latin1') !== -1) return null;
  const out = Buffer.allocUnsafe(from + replacement.length + bytes.length - to);
  bytes.copy(out, 0, 0, from);
  out.write(replacement, from, 'latin1');
  bytes.copy(out, from + replacement.length, to);
  return out;
}

function assertEnds(bytes: Buffer, position: number, members: JsonMember[]): JsonMember[] {
  if (skipSpace(bytes, position) !== bytes.length)
    throw new SyntaxError(`Text follows the object at byte ${position}.`);
  return members;
}

const startOfText = (bytes: Buffer): number => (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);

function skipSpace(bytes: Buffer, from: number): number {
  let position = from;
  while (isSpace(bytes[position])) position++;
  return position;
}

const skipComma = (bytes: Buffer, from: number): number => (bytes[from] === COMMA ? from + 1 : from);

/** From an opening quote to behind the closing one. */
function skipString(bytes: Buffer, from: number): number {
  let quote = from;
  for (;;) {
    quote = bytes.indexOf(QUOTE, quote + 1);
    if (quote === -1) throw new SyntaxError(`The string at byte ${from} does not end.`);
    let slash = quote - 1;
    while (bytes[slash] === BACKSLASH) slash--;
    // An even number of backslashes escape each other, and the quote ends the string.
    if ((quote - slash) % 2 === 1) return quote + 1;
  }
}

function skipValue(bytes: Buffer, from: number): number {
  const first = bytes[from];
  if (first === QUOTE) return skipString(bytes, from);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipScalar(bytes, from);
  let depth = 0;
  let position = from;
  while (position < bytes.length) {
    const byte = bytes[position];
    if (byte === QUOTE) {
      position = skipString(bytes, position);
      continue;
    }
    position++;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return position;
  }
  throw new SyntaxError(`The value at byte ${from} does not end.`);
}

function skipScalar(bytes: Buffer, from: number): number {
  let position = from;
  while (position < bytes.length) {
    const byte = bytes[position];
    if (byte === COMMA || byte === CLOSE_BRACE || isSpace(byte)) break;
    position++;
  }
  if (position === from) throw new SyntaxError(`A value is missing at byte ${from}.`);
  return position;
}

/** Most names have no escapes and are compared as they stand. */
function nameAt(bytes: Buffer, keyStart: number, keyEnd: number): string {
  const text = bytes.toString('utf8', keyStart + 1, keyEnd - 1);
  if (!text.includes('\\')) return text;
  const name: unknown = JSON.parse(`"${text}"`);
  return typeof name === 'string' ? name : text;
}
