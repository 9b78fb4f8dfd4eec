import { isObject } from '../dialects/openai-chat/json-value.js';

/** A schema may refer to itself; deeper than this nobody looks at a sample. */
const MAX_DEPTH = 8;
/** … and in so many parts of one: a few references to each other can stand for billions. */
const MAX_PARTS = 1_000;

/** The smallest value that fits a JSON Schema (of the keywords that tools and response formats use), always the same. */
export const sampleOf = (schema: unknown): unknown => sample(schema, { schema, parts: 0 }, 0);

/** The whole schema, and how many parts of its sample there are yet. */
interface Root {
  readonly schema: unknown;
  parts: number;
}

function sample(schema: unknown, root: Root, depth: number): unknown {
  if (!isObject(schema) || depth > MAX_DEPTH || ++root.parts > MAX_PARTS) return null;
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum']) && schema['enum'].length > 0) return schema['enum'][0];
  if (typeof schema['$ref'] === 'string') return sample(resolve(schema['$ref'], root.schema), root, depth + 1);
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const options: unknown = schema[keyword];
    if (Array.isArray(options) && options.length > 0) return sample(options[0], root, depth + 1);
  }
  const { type } = schema;
  const kind: unknown = Array.isArray(type) ? type[0] : type;
  if (kind === 'object' || isObject(schema['properties'])) return sampleObject(schema, root, depth);
  if (kind === 'array') {
    const length = Math.min(typeof schema['minItems'] === 'number' ? schema['minItems'] : 0, 10);
    return Array.from({ length }, () => sample(schema['items'], root, depth + 1));
  }
  if (kind === 'string')
    return 'text'.padEnd(Math.min(typeof schema['minLength'] === 'number' ? schema['minLength'] : 0, 1000), '.');
  if (kind === 'number' || kind === 'integer') return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1;
  return kind === 'boolean' ? true : null;
}

/** What is required, or everything when nothing is said to be. */
function sampleObject(schema: Readonly<Record<string, unknown>>, root: Root, depth: number): unknown {
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const required: unknown = schema['required'];
  const asked = Array.isArray(required) ? new Set<unknown>(required) : null;
  const names = Object.keys(properties).filter((name) => asked === null || asked.has(name));
  return Object.fromEntries(names.map((name) => [name, sample(properties[name], root, depth + 1)]));
}

/** `#/$defs/Step`; anything else is nowhere. */
function resolve(reference: string, root: unknown): unknown {
  let found: unknown = root;
  for (const part of reference.split('/').slice(1)) found = isObject(found) ? found[part] : undefined;
  return found;
}
