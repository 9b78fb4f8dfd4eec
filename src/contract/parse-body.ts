import type { z } from 'zod';
import { GatewayError } from '../common/errors/gateway-error.js';
import { isShallow } from '../common/is-shallow.js';

/**
 * Parses a request's body against its schema. Throws `invalid_request` naming the field that is wrong.
 * @param isPlain Says quickly of common bodies that they are right; what it doubts the schema judges.
 */
export function parseBody<Schema extends z.ZodType>(
  raw: Buffer,
  schema: Schema,
  isPlain?: (json: unknown) => json is z.output<Schema>,
): z.output<Schema> {
  if (raw.length === 0) throw new GatewayError('invalid_request', 'The request body is empty; send JSON.');
  let json: unknown;
  try {
    json = JSON.parse(raw.toString('utf8'));
  } catch (cause) {
    throw new GatewayError('invalid_request', `The request body is not valid JSON: ${reasonOf(cause)}`, { cause });
  }
  if (isPlain?.(json) === true) return json;
  if (typeof json === 'object' && json !== null && Object.keys(json).length > MAX_MEMBERS)
    throw new GatewayError('invalid_request', `The request body has more than ${MAX_MEMBERS} members.`);
  if (!isShallow(json, MAX_DEPTH))
    throw new GatewayError('invalid_request', `The request body is nested too deeply: more than ${MAX_DEPTH} levels.`);
  return parseValue(json, schema);
}

/** No API has as many parameters; rules for each of 200,000 would keep everybody waiting for seconds. */
const MAX_MEMBERS = 1_000;

/** Beyond any schema of a tool. Translators recurse, and so does whoever writes JSON. */
const MAX_DEPTH = 200;

/** Checks a parsed value against its schema. Throws `invalid_request` naming the field that is wrong. */
export function parseValue<Schema extends z.ZodType>(json: unknown, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const param = fieldOf(issue.path);
  throw new GatewayError(
    'invalid_request',
    param === ''
      ? `The request body makes no sense: ${issue.message}`
      : `Invalid value for '${param}': ${issue.message}`,
    param === '' ? {} : { param },
  );
}

/** `['messages', 0, 'role']` as OpenAI writes it: `messages[0].role`. */
const fieldOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (field, key) =>
      typeof key === 'number' ? `${field}[${key}]` : field === '' ? String(key) : `${field}.${String(key)}`,
    '',
  );

/** V8's message may quote the body; its position is enough. */
const reasonOf = (cause: unknown): string =>
  cause instanceof Error
    ? (/at position \d+(?: \(line \d+ column \d+\))?|Unexpected end/.exec(cause.message)?.[0] ?? 'syntax error')
    : 'syntax error';
