import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { encodeLines } from '../support/bedrock-frames.js';

const PROVIDERS = new URL('../../src/providers/', import.meta.url);

/** Words that mean something to some parser, or to the language. */
const WORDS = [
  '__proto__',
  'constructor',
  'toString',
  'data:',
  'data: [DONE]',
  'event: error',
  '\n\n',
  '\r\n\r\n',
  '\r',
  ':',
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\0',
  '\u{1f600}',
  '\u2028',
  '\ufeff',
  'null',
  'true',
  '-0',
  '1e999',
  '99999999999999999999',
  '0.1',
  'NaN',
  '$ref',
  '$regex',
  '%',
  '..',
  '://',
  'aig_0123456789012345678901234567890123456789012',
  'sk-0123456789abcdefghij',
] as const;

const hostileText = fc.oneof(
  fc.constantFrom<string>(...WORDS),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc
    .constantFrom(' ', 'a', '\\', '.a?', '<', '{', '-', '0')
    .chain((unit) => fc.nat(2_000).map((count) => unit.repeat(count))),
);

/** Values that a schema may not have thought of. */
const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    0.5,
    1e308,
    -1e308,
    Number.MAX_SAFE_INTEGER,
    '',
    [],
    {},
    [[]],
    [{}],
    [null],
  ),
  hostileText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.nat(150).map((depth) => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 'x')),
  fc
    .nat(150)
    .map((depth) =>
      Array.from({ length: depth }).reduce<unknown>((inner) => ({ type: 'object', properties: { a: inner } }), {}),
    ),
);

type Edit = Readonly<{
  at: number;
  what: 'drop' | 'replace' | 'insert' | 'repeat' | 'flip' | 'swap';
  text: string;
  length: number;
}>;

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  what: fc.constantFrom('drop', 'replace', 'insert', 'repeat', 'flip', 'swap'),
  text: hostileText,
  length: fc.nat(64),
});

/** Bytes of the corpus with some of them changed, moved, doubled, or taken away; now and then bytes of no corpus. */
export const bytesNear = (corpus: readonly Buffer[], maxEdits = 6): fc.Arbitrary<Buffer> =>
  fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.constantFrom(...corpus), fc.array(edit, { maxLength: maxEdits }))
        .map(([bytes, edits]) => edits.reduce(edited, bytes)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)) },
  );

function edited(bytes: Buffer, { at, what, text, length }: Edit): Buffer {
  const from = Math.floor(at * bytes.length);
  const [before, piece, after] = [
    bytes.subarray(0, from),
    bytes.subarray(from, from + length),
    bytes.subarray(from + length),
  ];
  const word = Buffer.from(text);
  const made: Readonly<Record<Edit['what'], readonly Uint8Array[]>> = {
    drop: [before, after],
    replace: [before, word, after],
    insert: [before, word, piece, after],
    repeat: [before, piece, piece, piece, after],
    swap: [before, after, piece],
    flip: [before, piece.map((byte, index) => (index === 0 ? byte ^ (1 << (length & 7)) : byte)), after],
  };
  return Buffer.concat(made[what]);
}

export const textNear = (corpus: readonly string[], maxEdits = 6): fc.Arbitrary<string> =>
  bytesNear(
    corpus.map((text) => Buffer.from(text)),
    maxEdits,
  ).map(String);

type Change = Readonly<{ pick: number; value: unknown; name: string; what: 'replace' | 'add' | 'drop' | 'wrap' }>;

const change: fc.Arbitrary<Change> = fc.record({
  pick: fc.double({ min: 0, max: 1, noNaN: true }),
  value: hostileValue,
  name: fc.oneof(fc.constantFrom('__proto__', 'constructor', '', 'id', 'type'), fc.string({ maxLength: 8 })),
  what: fc.constantFrom('replace', 'replace', 'add', 'drop', 'wrap'),
});

/** JSON values of the corpus with some places changed. */
export const jsonNear = (corpus: readonly unknown[], maxChanges = 4): fc.Arbitrary<unknown> =>
  fc
    .tuple(fc.constantFrom(...corpus), fc.array(change, { maxLength: maxChanges }))
    .map(([value, changes]) => changes.reduce<unknown>(changed, value));

function changed(value: unknown, wanted: Change): unknown {
  const places = countOf(value);
  let left = Math.floor(wanted.pick * places);
  return walk(value);

  function walk(at: unknown): unknown {
    if (left-- === 0) return altered(at, wanted);
    if (Array.isArray(at)) return at.map((item) => (left < 0 ? (item as unknown) : walk(item)));
    if (typeof at !== 'object' || at === null) return at;
    return Object.fromEntries(
      Object.entries(at).map(([name, item]) => [name, left < 0 ? (item as unknown) : walk(item)]),
    );
  }
}

const countOf = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? 1 + Object.values(value).reduce<number>((sum, item) => sum + countOf(item), 0)
    : 1;

function altered(value: unknown, { value: other, name, what }: Change): unknown {
  if (what === 'wrap') return [value];
  if (what === 'replace' || typeof value !== 'object' || value === null) return other;
  if (Array.isArray(value)) return what === 'drop' ? value.slice(1) : [...(value as unknown[]), other];
  const entries: [string, unknown][] = Object.entries(value);
  return Object.fromEntries(what === 'drop' ? entries.slice(1) : [...entries, [name, other]]);
}

/** The pieces that a network might make of bytes. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

export function cutInto(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [0, ...places.map((place) => Math.floor(place * bytes.length)).toSorted((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

/** The streams and answers that a provider's tests go by: the corpus of what providers say. */
export function recordedOf(provider: string, ending: '.stream' | '.json'): readonly Buffer[] {
  const folder = new URL(`${provider}/__fixtures__/`, PROVIDERS);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => (ending === '.json' ? /(?<!expected)\.json$/.test(name) : /\.stream\.(?:sse|jsonl)$/.test(name)))
    .map((name) => {
      const bytes = readFileSync(new URL(name, folder));
      return name.endsWith('.jsonl') ? encodeLines(bytes.toString()) : bytes;
    });
}
