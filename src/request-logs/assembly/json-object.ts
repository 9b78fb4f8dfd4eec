/** An object out of JSON. What it holds is looked at before it is used. */
export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objectsOf = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** The item of an array in which each names its index; made when it is not there. */
export function itemAt(items: JsonObject[], index: unknown, otherwise: JsonObject): JsonObject {
  const known = items.find((item) => item['index'] === index);
  if (known !== undefined) return known;
  const made = { index, ...otherwise };
  items.push(made);
  return made;
}

/** Members that come in pieces; of any other the last one counts. */
const PIECES = new Set([
  'content',
  'refusal',
  'reasoning',
  'reasoning_content',
  'arguments',
  'text',
  'thinking',
  'signature',
  'partial_json',
]);

/** Adds a delta to what has come before. Arrays whose items name an index are merged by it, others are continued. */
export function addDelta(whole: JsonObject, delta: JsonObject): void {
  for (const [name, value] of Object.entries(delta)) {
    const before = whole[name];
    if (typeof value === 'string' && typeof before === 'string' && PIECES.has(name)) whole[name] = before + value;
    else if (isObject(value) && isObject(before)) addDelta(before, value);
    else if (Array.isArray(value)) whole[name] = addItems(Array.isArray(before) ? before : [], value);
    else if (value !== null || before === undefined) whole[name] = value;
  }
}

function addItems(before: readonly unknown[], more: readonly unknown[]): unknown[] {
  const all = [...before];
  for (const item of more) {
    const known = isObject(item)
      ? all.find((one) => isObject(one) && 'index' in item && one['index'] === item['index'])
      : undefined;
    if (isObject(known) && isObject(item)) addDelta(known, item);
    else all.push(isObject(item) ? structuredClone(item) : item);
  }
  return all;
}
