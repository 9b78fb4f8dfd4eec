import type { ProviderCredential } from '../../provider-strategy.js';

const HIDDEN = '[redacted]';

/**
 * Shapes of keys: vendors' prefixes, bearer values, JWTs, and what a provider itself has masked (`****-key`): even a fragment
 * says something. Quotes and backslashes are never part of a match, so JSON text stays JSON text.
 */
const KEY_SHAPES: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|csk|hf|fw|pplx|aig|key)[-_][A-Za-z0-9*._-]{6,}/g,
  /\bAIza[A-Za-z0-9*_-]{10,}/g,
  /\bya29\.[A-Za-z0-9*_.-]{6,}/g,
  /\bA[KS]IA[A-Z0-9*]{12,}/g,
  /\beyJ[A-Za-z0-9_-]{8,1024}\.[A-Za-z0-9._-]{1,4096}/g,
  /\b(bearer|api-key)\s+[A-Za-z0-9*._~+/=-]{6,}/gi,
  /[A-Za-z0-9._-]{0,64}\*{3,}[A-Za-z0-9*._-]*/g,
];

/** Fewer characters than this are found in any text by chance. */
const SHORTEST_FRAGMENT = 8;
/** Repetitions are bounded, here and below: a text made to be slow to search must not stop the process. */
const KEY_CHARACTERS = '[A-Za-z0-9*._-]{0,256}';

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** A provider's text without anything that looks like a key, and without the key of this call. */
export function redact(text: string, credential: ProviderCredential | null): string {
  let out = text;
  const secret = credential?.secret.reveal() ?? '';
  if (secret.length >= 4) out = out.replaceAll(secret, HIDDEN);
  if (secret.length >= 2 * SHORTEST_FRAGMENT) {
    // Also where the text was cut, or the provider shows the key's beginning or end only.
    const [head, tail] = [secret.slice(0, SHORTEST_FRAGMENT), secret.slice(-SHORTEST_FRAGMENT)].map(literally);
    out = out.replace(new RegExp(`${head}${KEY_CHARACTERS}|${KEY_CHARACTERS}${tail}`, 'g'), HIDDEN);
  }
  for (const shape of KEY_SHAPES) out = out.replace(shape, HIDDEN);
  return out;
}
