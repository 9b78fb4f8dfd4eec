import { ownMember } from '../../../common/own-member.js';
import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/**
 * A caller's JSON Schema as Gemini takes it. What it does not take moves into the description, where the model still reads it:
 * both forms refuse or ignore other keywords (ai.google.dev/gemini-api/docs/structured-output, November 2026).
 */

/** Keywords of `parametersJsonSchema` and `responseJsonSchema` that hold no schema. */
const PLAIN_JSON: ReadonlySet<string> = new Set([
  '$id',
  '$ref',
  '$anchor',
  'type',
  'format',
  'title',
  'description',
  'enum',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'required',
  'propertyOrdering',
]);

/** Keywords of the OpenAPI subset that hold no schema. */
const PLAIN_OPENAPI: ReadonlySet<string> = new Set([
  'title',
  'description',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'required',
  'example',
  'default',
  'nullable',
  'propertyOrdering',
]);

/** Say nothing that a model needs. */
const SILENT: ReadonlySet<string> = new Set(['$schema', '$comment', '$defs', 'definitions', 'strict']);

/** More is refused by Google anyway. References are written out, and a few lines of them can stand for millions. */
const MAX_SCHEMAS = 5000;
/** References that lead to one another, each written out inside the one before. */
const MAX_CHAIN = 100;

/** The subset of JSON Schema that Gemini 2.5 and later take. */
export function toJsonSchema(schema: JsonObject): JsonObject {
  const out: Record<string, unknown> = {};
  const notes: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'property_ordering') out['propertyOrdering'] = value;
    else if (key === '$defs' || key === 'definitions') out['$defs'] = mapSchemas(value, toJsonSchema);
    else if (key === '$ref') out['$ref'] = isText(value) ? value.replace('#/definitions/', '#/$defs/') : value;
    else if (key === 'properties') out[key] = mapSchemas(value, toJsonSchema);
    else if (key === 'items' || key === 'additionalProperties')
      out[key] = isObject(value) ? toJsonSchema(value) : value;
    else if (key === 'prefixItems' || key === 'anyOf' || key === 'oneOf') out[key] = listOf(value).map(toJsonSchema);
    else if (key === 'const') out['enum'] = [value];
    else if (key === 'allOf') Object.assign(out, toJsonSchema(merged(listOf(value))));
    else if (PLAIN_JSON.has(key)) out[key] = value;
    else if (!SILENT.has(key)) notes.push(note(key, value));
  }
  return withNotes(out, notes);
}

/** The OpenAPI subset of the older fields: references are written out, alternatives of null become `nullable`. */
export function toOpenApiSchema(schema: JsonObject): JsonObject {
  const definitions = { ...objectOf(schema['definitions']), ...objectOf(schema['$defs']) };
  return convert(schema, { definitions, open: new Set(), count: { schemas: 0 } });
}

interface Expansion {
  readonly definitions: JsonObject;
  /** The references that are being written out: one of them again would never end. */
  readonly open: ReadonlySet<string>;
  readonly count: { schemas: number };
}

function convert(given: JsonObject, expansion: Expansion): JsonObject {
  const { definitions, open, count } = expansion;
  const reference = isText(given['$ref']) ? given['$ref'] : null;
  const isEndless = reference !== null && (open.has(reference) || open.size >= MAX_CHAIN);
  if (++count.schemas > MAX_SCHEMAS || isEndless) return { type: 'object' };
  const within = reference === null ? expansion : { ...expansion, open: new Set([...open, reference]) };
  const schema = resolved(given, definitions);
  const inner = (value: unknown): JsonObject => (isObject(value) ? convert(value, within) : {});
  const out: Record<string, unknown> = {};
  const notes: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'property_ordering') out['propertyOrdering'] = value;
    else if (key === 'type') Object.assign(out, typeOf(value));
    else if (key === 'properties') out[key] = mapSchemas(value, inner);
    else if (key === 'items') out[key] = inner(value);
    else if (key === 'anyOf' || key === 'oneOf') Object.assign(out, alternatives(listOf(value), inner));
    else if (key === 'allOf')
      Object.assign(out, inner(merged(listOf(value).map((part) => resolved(part, definitions)))));
    else if (key === 'enum' || key === 'const') {
      const values = key === 'enum' && Array.isArray(value) ? value : [value];
      // Only texts can be enumerated; a text enumeration of numbers would change the type of the argument.
      if (values.every((entry) => typeof entry === 'string')) out['enum'] = values;
      else notes.push(note(key, value));
    } else if (key === 'format') {
      if (value === 'date-time' || value === 'enum' || isNumberFormat(value)) out[key] = value;
      else notes.push(note(key, value));
    } else if (PLAIN_OPENAPI.has(key)) out[key] = value;
    // Nothing beside the properties named is the subset's own rule.
    else if (!SILENT.has(key) && key !== 'additionalProperties') notes.push(note(key, value));
  }
  if (out['enum'] !== undefined && out['type'] === undefined) out['type'] = 'string';
  if (out['properties'] !== undefined && out['type'] === undefined) out['type'] = 'object';
  return withNotes(out, notes);
}

const isNumberFormat = (value: unknown): boolean =>
  typeof value === 'string' && ['int32', 'int64', 'float', 'double'].includes(value);

function resolved(schema: JsonObject, definitions: JsonObject): JsonObject {
  const reference = schema['$ref'];
  if (!isText(reference)) return schema;
  const found = ownMember(definitions, reference.replace(/^#\/(?:\$defs|definitions)\//, ''));
  const { $ref: _reference, ...rest } = schema;
  return isObject(found) ? { ...found, ...rest } : { type: 'object', ...rest };
}

function typeOf(value: unknown): JsonObject {
  if (!Array.isArray(value)) return { type: value };
  const types = value.filter((name) => name !== 'null');
  const nullable = types.length < value.length ? { nullable: true } : {};
  return types.length === 1
    ? { type: types[0] as unknown, ...nullable }
    : { anyOf: types.map((type: unknown) => ({ type })), ...nullable };
}

function alternatives(list: readonly JsonObject[], inner: (value: unknown) => JsonObject): JsonObject {
  const real = list.filter((entry) => entry['type'] !== 'null');
  const nullable = real.length < list.length ? { nullable: true } : {};
  return real.length === 1 ? { ...inner(real[0]), ...nullable } : { anyOf: real.map(inner), ...nullable };
}

/** Parts that must all hold, as one: properties and required names together, of other keywords the last. */
function merged(parts: readonly JsonObject[]): JsonObject {
  const required = parts.flatMap((part) => (Array.isArray(part['required']) ? part['required'] : []));
  const properties = all(parts.map((part) => objectOf(part['properties'])));
  return {
    ...all(parts),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(required.length === 0 ? {} : { required }),
  };
}

const all = (parts: readonly JsonObject[]): JsonObject =>
  Object.fromEntries(parts.flatMap((part) => Object.entries(part)));

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});
const listOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const mapSchemas = (value: unknown, map: (schema: JsonObject) => JsonObject): JsonObject =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isObject(inner) ? map(inner) : inner]))
    : {};

const note = (key: string, value: unknown): string => `${key}: ${JSON.stringify(value)}`;

function withNotes(schema: Record<string, unknown>, notes: readonly string[]): JsonObject {
  if (notes.length === 0) return schema;
  const text = `(${notes.join('; ')})`;
  const { description } = schema;
  return { ...schema, description: isText(description) ? `${description} ${text}` : text };
}
