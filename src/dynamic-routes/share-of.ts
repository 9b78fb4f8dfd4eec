const FNV_OFFSET = 0x811c9dc5;

/** FNV-1a of a text, the same everywhere and for ever; `from` goes on where another text ended. */
export function hashOf(text: string, from = FNV_OFFSET): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/**
 * The place between 0 and 1 (neither) of two hashes together. MurmurHash3's finalizer spreads what FNV makes of texts that differ in their
 * last character only.
 */
export function shareOf(one: number, other: number): number {
  let hash = one ^ Math.imul(other, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32;
}
