import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/** What constrained decoding at Anthropic keeps to. platform.claude.com, structured outputs, November 2026. */
const FORMATS: ReadonlySet<string> = new Set([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

/** Refused by Anthropic; said in the description instead, where the model reads it. */
const TOLD: ReadonlySet<string> = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
]);

/** Change which values fit in a way no description makes good. */
const INEXPRESSIBLE: ReadonlySet<string> = new Set([
  'patternProperties',
  'propertyNames',
  'if',
  'then',
  'else',
  'not',
  'contains',
  'prefixItems',
  'dependentSchemas',
  'dependentRequired',
  'unevaluatedProperties',
  '$dynamicRef',
]);

const SCHEMAS_BY_NAME: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
const LISTS_OF_SCHEMAS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf']);

class InexpressibleError extends Error {
  override readonly name = 'InexpressibleError';
}

/**
 * A JSON Schema in the subset that Anthropic's structured outputs and strict tools take: objects closed, bounds moved into
 * descriptions, `oneOf` as `anyOf`. Null where the subset cannot say it: recursion, references to elsewhere, open objects.
 */
export function toAnthropicSchema(schema: JsonObject): JsonObject | null {
  try {
    assertFinite(schema, schema, new Map(), 0);
    return convert(schema);
  } catch (cause) {
    if (cause instanceof InexpressibleError) return null;
    throw cause;
  }
}

function convert(schema: JsonObject): JsonObject {
  const out: Record<string, unknown> = {};
  const told: string[] = [];
  for (const [name, value] of Object.entries(schema)) {
    if (INEXPRESSIBLE.has(name)) throw new InexpressibleError(name);
    const isTold =
      TOLD.has(name) ||
      (name === 'minItems' && value !== 0 && value !== 1) ||
      (name === 'format' && !(isText(value) && FORMATS.has(value)));
    if (isTold) told.push(`${name}: ${JSON.stringify(value)}`);
    else if (SCHEMAS_BY_NAME.has(name)) out[name] = convertEach(value);
    else if (LISTS_OF_SCHEMAS.has(name)) out[name === 'oneOf' ? 'anyOf' : name] = convertList(value);
    else if (name === 'items') out[name] = convertSub(value);
    else out[name] = value;
  }
  if (told.length > 0) {
    const text = isText(schema['description']) ? `${schema['description']} ` : '';
    out['description'] = `${text}(${told.join(', ')})`;
  }
  if (isObjectSchema(schema)) {
    const isOpen =
      isObject(schema['additionalProperties']) ||
      schema['additionalProperties'] === true ||
      (schema['additionalProperties'] === undefined && !isObject(schema['properties']));
    if (isOpen) throw new InexpressibleError('additionalProperties');
    out['additionalProperties'] = false;
  }
  return out;
}

function convertSub(value: unknown): JsonObject {
  if (!isObject(value)) throw new InexpressibleError('a schema that is no object');
  return convert(value);
}

const convertEach = (value: unknown): JsonObject =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, convertSub(each)])) : {};

const convertList = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.map(convertSub) : []);

const isObjectSchema = ({ type, properties }: JsonObject): boolean =>
  type === 'object' || (Array.isArray(type) && type.includes('object')) || (type === undefined && isObject(properties));

/** References that lead to one another, one inside the other. */
const MAX_CHAIN = 100;

/** Follows each reference once: to elsewhere, to nowhere and to themselves they cannot be expressed. `chain`: how many lead here. */
function assertFinite(value: unknown, root: JsonObject, refs: Map<string, 'open' | 'done'>, chain: number): void {
  if (Array.isArray(value)) {
    for (const item of value) assertFinite(item, root, refs, chain);
    return;
  }
  if (!isObject(value)) return;
  const ref = value['$ref'];
  if (isText(ref) && refs.get(ref) !== 'done') {
    const target = refs.get(ref) === 'open' || chain >= MAX_CHAIN ? undefined : resolve(ref, root);
    if (target === undefined) throw new InexpressibleError(`$ref ${ref}`);
    refs.set(ref, 'open');
    assertFinite(target, root, refs, chain + 1);
    refs.set(ref, 'done');
  }
  for (const [name, inner] of Object.entries(value)) {
    // Definitions are looked at where they are used; values of these keywords are data, not schemas.
    if (name !== '$defs' && name !== 'definitions' && name !== 'enum' && name !== 'const' && name !== 'default') {
      assertFinite(inner, root, refs, chain);
    }
  }
}

function resolve(ref: string, root: JsonObject): unknown {
  if (ref === '#' || !ref.startsWith('#/')) return undefined;
  return ref
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => (isObject(at) ? at[part] : undefined), root);
}
