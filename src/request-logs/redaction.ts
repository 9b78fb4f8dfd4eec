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

/**
 * Overwrites keys with stars. It looks at every 20th byte only, and further where that one could be within a key: a tenth of what a
 * regular expression takes (docs/observability.md).
 */
export function redact(bytes: Buffer): void {
  const { length } = bytes;
  let from = 0;
  for (let at = SHORTEST - 1; at < length; at += SHORTEST) {
    if (isKeyByte[bytes[at]!] === 0) continue;
    let start = at;
    while (start > from && isKeyByte[bytes[start - 1]!] === 1) start--;
    let end = at + 1;
    while (end < length && isKeyByte[bytes[end]!] === 1) end++;
    // The letter of an escape (`\n`) belongs to no key.
    if (start > 0 && bytes[start - 1] === BACKSLASH) start++;
    if (end - start >= SHORTEST && isKey(bytes, start)) bytes.fill(STAR, start + SHOWN, end);
    from = end;
    at = end;
  }
}

function isKey(bytes: Buffer, start: number): boolean {
  if (!initials.has(bytes[start]!)) return false;
  const text = bytes.toString('latin1', start, start + LONGEST_PREFIX);
  return PREFIXES.some((prefix) => text.startsWith(prefix));
}
