import { z } from 'zod';
import type { Secret } from '../../../common/secret.js';
import { parseJson } from '../openai-chat/json-value.js';

/** The key file of a service account, as Google's console gives it out; `region` is the gateway's own addition. */
const serviceAccountSchema = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  project_id: z.string().optional(),
  token_uri: z.string().optional(),
  region: z.string().optional(),
});

export type ServiceAccount = z.infer<typeof serviceAccountSchema>;

/** What a stored or inline key of Google's cloud is. */
export type GoogleCredential =
  | { readonly kind: 'service-account'; readonly account: ServiceAccount }
  /** An OAuth access token: good for an hour, passed on as it is. */
  | { readonly kind: 'token'; readonly token: string }
  /** A key of the express mode. */
  | { readonly kind: 'api-key'; readonly key: string }
  /** JSON that is no service account. */
  | { readonly kind: 'unreadable'; readonly reason: string };

const API_KEY = /^(?:AIza[A-Za-z0-9_-]{30,}|AQ\.[A-Za-z0-9_-]{20,})$/;

/** A secret never changes, so what is read of it is kept as long as it is. */
const known = new WeakMap<Secret, GoogleCredential>();

/** Reads a key: the JSON text of a service account, the same in base64, an API key, or else an access token. */
export function readGoogleCredential(secret: Secret): GoogleCredential {
  let credential = known.get(secret);
  if (credential === undefined) {
    credential = read(secret.reveal().trim());
    known.set(secret, credential);
  }
  return credential;
}

function read(text: string): GoogleCredential {
  if (API_KEY.test(text)) return { kind: 'api-key', key: text };
  // `eyJ` is how `{"` begins in base64; a JWT's parts are divided by dots.
  const json = /^eyJ[A-Za-z0-9+/_=-]+$/.test(text) || /^ew[A-Za-z0-9+/_=-]+$/.test(text) ? fromBase64(text) : text;
  if (!json.startsWith('{')) return { kind: 'token', token: text };
  const parsed = serviceAccountSchema.safeParse(parseJson(json));
  if (parsed.success) return { kind: 'service-account', account: parsed.data };
  const missing = parsed.error.issues.map(({ path }) => path.join('.')).filter((path) => path !== '');
  return {
    kind: 'unreadable',
    reason: missing.length === 0 ? 'it is not JSON' : `these members are missing or wrong: ${missing.join(', ')}`,
  };
}

function fromBase64(text: string): string {
  const decoded = Buffer.from(text, 'base64').toString().trim();
  return decoded.startsWith('{') ? decoded : text;
}
