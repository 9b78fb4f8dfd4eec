import type { UpstreamAnswer, UpstreamHeaders } from '../../../transport/upstream.types.js';
import type { ProviderTarget } from '../../provider-strategy.js';
import { isObject, parseJson } from '../openai-chat/json-value.js';
import { redact } from '../openai-chat/redaction.js';

/** Fewer characters than this are found in any text by chance. */
const SHORTEST = 8;

/**
 * A provider's error as it was, unless it repeats what it was shown: then without it. A caller must never read a key that somebody
 * else has stored.
 */
export function redactedAnswer(answer: UpstreamAnswer, target: ProviderTarget): UpstreamAnswer {
  const secrets = secretsOf(target);
  const tells = (text: string): boolean => secrets.some((secret) => text.includes(secret));
  const headers: UpstreamHeaders = Object.fromEntries(
    Object.entries(answer.headers).filter(([, value]) => value !== undefined && ![value].flat().some(tells)),
  );
  const body = redactedBytes(answer.body, target);
  if (body === answer.body) return { ...answer, headers };
  const { 'content-length': _length, ...rest } = headers;
  return { status: answer.status, headers: rest, body };
}

/** The same bytes where they tell nothing. */
export function redactedBytes(bytes: Buffer, target: ProviderTarget): Buffer {
  const told = secretsOf(target).filter((secret) => bytes.includes(secret));
  if (told.length === 0) return bytes;
  const text = told.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), bytes.toString());
  return Buffer.from(redact(text, target.credential));
}

/** The key, the token that stands for it, and what a key is made of that is a text of JSON. */
function secretsOf({ credential, accessToken }: ProviderTarget): readonly string[] {
  const secret = credential?.secret.reveal() ?? '';
  const parts: unknown = secret.startsWith('{') ? parseJson(secret) : null;
  return [secret, accessToken, ...(isObject(parts) ? Object.values(parts) : [])].filter(isSecret);
}

const isSecret = (value: unknown): value is string => typeof value === 'string' && value.length >= SHORTEST;
