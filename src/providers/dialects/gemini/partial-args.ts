import { isObject, isText, type JsonObject } from '../openai-chat/json-value.js';

/**
 * Arguments of a call that come in pieces (`streamFunctionCallArguments` on Vertex): each piece names its place as a JSON path
 * of members and indices (`$.steps[0].name`) and has one scalar; texts go on over several pieces. The whole is known only at the
 * end, so it is put together here and told at once.
 */
export class PartialArgs {
  private readonly root: Record<string, unknown> = {};

  add(pieces: unknown): void {
    for (const piece of Array.isArray(pieces) ? pieces.filter(isObject) : []) {
      const path = isText(piece['jsonPath']) ? toPath(piece['jsonPath']) : [];
      if (path.length > 0) this.set(path, piece);
    }
  }

  get value(): JsonObject {
    return this.root;
  }

  private set(path: readonly (string | number)[], piece: JsonObject): void {
    let at: object = this.root;
    for (const [depth, key] of path.slice(0, -1).entries()) {
      const inner = ownValue(at, key);
      if (isContainer(inner)) {
        at = inner;
        continue;
      }
      const created: object = typeof path[depth + 1] === 'number' ? [] : {};
      define(at, key, created);
      at = created;
    }
    const last = path.at(-1) ?? '';
    const before = ownValue(at, last);
    const text = piece['stringValue'];
    if (typeof text === 'string') define(at, last, typeof before === 'string' ? before + text : text);
    else define(at, last, piece['numberValue'] ?? piece['boolValue'] ?? null);
  }
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Paths come from outside: `__proto__` is a name like any other. */
const ownValue = (at: object, key: string | number): unknown =>
  Object.hasOwn(at, key) ? Object.getOwnPropertyDescriptor(at, key)?.value : undefined;

const define = (at: object, key: string | number, value: unknown): void => {
  Object.defineProperty(at, key, { value, writable: true, enumerable: true, configurable: true });
};

/** An index beyond this is no list's: it would only make an empty one of that length. */
const MAX_INDEX = 100_000;

/** `$.a['b c'][0]` ─▶ `['a', 'b c', 0]`; empty when it is no such path. */
function toPath(text: string): (string | number)[] {
  const path: (string | number)[] = [];
  const step = /\.([^.[\]]+)|\[(\d+)\]|\[(['"])(.*?)\3\]/gy;
  if (!text.startsWith('$')) return [];
  step.lastIndex = 1;
  while (step.lastIndex < text.length) {
    const match = step.exec(text);
    if (match === null) return [];
    const [, member, index, , quoted] = match;
    if (index === undefined) path.push(member ?? quoted ?? '');
    else if (Number(index) <= MAX_INDEX) path.push(Number(index));
    else return [];
  }
  return path;
}
