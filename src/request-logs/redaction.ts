// Secrets that look like what they are, wherever they stand in what was asked, answered or told: a key in a prompt, one that a provider
// quotes in its error. They are overwritten in place, so that lengths stay.

/** The shortest run of characters that is taken for a key. */
const SHORTEST = 20;
/** How much of one stays readable: which kind it was. */
const SHOWN = 4;

/** How the keys of gateways and vendors begin. */
const PREFIXES = [
  'aig_',
  'sk-',
  'sk_',
  'csk-',
  'gsk_',
  'xai-',
  'pplx-',
  'hf_',
  'fw_',
  'r8_',
  'nvapi-',
  'AIza',
  'AKIA',
  'ASIA',
  'ya29',
  'ghp_',
] as const;

const initials = new Set(PREFIXES.map((prefix) => prefix.charCodeAt(0)));
const LONGEST_PREFIX = Math.max(...PREFIXES.map(({ length }) => length));

/** Can the byte stand in a key? Letters, digits, `_` and `-`. */
const isKeyByte = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[\w-]/.test(String.fromCharCode(byte))));

const BACKSLASH = 0x5c;
const STAR = 0x2a;

/** Bytes, and the same memory in words of four: whole words are looked at together. */
export interface Memory {
  readonly bytes: Buffer;
  readonly words: Int32Array;
}

export function newMemory(size: number): Memory {
  // One word more: that behind the last is looked at too.
  const words = new Int32Array(Math.ceil(size / WORD) + 1);
  return { bytes: Buffer.from(words.buffer), words };
}

const WORD = 4;
/** A run of `SHORTEST` bytes holds four words at least, wherever it begins: one of every four, and one beside that. */
const STRIDE = 4;
/** The least byte of a key is `-`: a byte below it ends one. */
const LEAST = 0x2d2d2d2d;
const HIGH_BITS = 0x80808080 | 0;

/** Is a byte of the word none of a key? */
const isBroken = (word: number): boolean => ((word - LEAST) & ~word & HIGH_BITS) !== 0;

/**
 * Overwrites keys with stars between two places. Words of a language end after a few letters, with a space: one look in sixteen bytes
 * tells that no key is there, mostly. It takes a twentieth of what a regular expression does (docs/observability.md).
 */
export function redactWithin({ bytes, words }: Memory, from: number, to: number): void {
  const last = (to / WORD) | 0;
  for (let at = Math.ceil(from / WORD) + 1; at < last; at += STRIDE) {
    if (isBroken(words[at]!) || (isBroken(words[at - 1]!) && isBroken(words[at + 1]!))) continue;
    const end = redactAround(bytes, at * WORD, from, to);
    while ((at + STRIDE) * WORD < end) at += STRIDE;
  }
}

/** The same for bytes of whatever origin. */
export function redact({ buffer, byteOffset, length }: Buffer): void {
  const start = byteOffset - (byteOffset % WORD);
  const words = new Int32Array(buffer, start, Math.floor((buffer.byteLength - start) / WORD));
  redactWithin({ bytes: Buffer.from(buffer, start), words }, byteOffset - start, byteOffset - start + length);
}

/** A text without keys. */
export function withoutKeys(text: string): string {
  if (text.length < SHORTEST) return text;
  const bytes = Buffer.from(text);
  redact(bytes);
  return bytes.toString();
}

/** Returns where the run ends that the byte is in. */
function redactAround(bytes: Buffer, at: number, from: number, to: number): number {
  let start = at;
  while (start > from && isKeyByte[bytes[start - 1]!] === 1) start--;
  let end = at;
  while (end < to && isKeyByte[bytes[end]!] === 1) end++;
  // The letter of an escape (`\n`) belongs to no key.
  if (start > from && bytes[start - 1] === BACKSLASH) start++;
  if (end - start >= SHORTEST && isKey(bytes, start)) bytes.fill(STAR, start + SHOWN, end);
  return end;
}

function isKey(bytes: Buffer, start: number): boolean {
  if (!initials.has(bytes[start]!)) return false;
  const text = bytes.toString('latin1', start, start + LONGEST_PREFIX);
  return PREFIXES.some((prefix) => text.startsWith(prefix));
}
