import { describe, expect, it } from '@jest/globals';
import { editMembers, readMembers, replaceFirstMember, type MemberEdit } from './json-members.js';

const edit = (text: string, edits: Record<string, MemberEdit>): string =>
  editMembers(Buffer.from(text), new Map(Object.entries(edits))).toString();
const set = (value: unknown): MemberEdit => ({ kind: 'set', value: JSON.stringify(value) });
const remove: MemberEdit = { kind: 'remove' };
const rename = (to: string): MemberEdit => ({ kind: 'rename', to });

describe('editMembers', () => {
  it.each([
    [
      'replaces a value and leaves the rest',
      '{ "model" : "a/b" ,"x":[1, {"model":"no"}]}',
      { model: set('b') },
      '{ "model" : "b" ,"x":[1, {"model":"no"}]}',
    ],
    [
      'edits each of two members of one name',
      '{"model":"a","x":1,"model":"b"}',
      { model: set('c') },
      '{"model":"c","x":1,"model":"c"}',
    ],
    ['reads escaped names', '{"mod\\u0065l":"a"}', { model: set('c') }, '{"mod\\u0065l":"c"}'],
    ['adds to an object', '{"a":1\n}', { b: set(2) }, '{"a":1\n,"b":2}'],
    ['adds to an empty object', ' { } ', { b: set(2) }, ' { "b":2} '],
    ['removes the first', '{"a":1,"b":2}', { a: remove }, '{"b":2}'],
    ['removes the last', '{"a":1, "b":2 }', { b: remove }, '{"a":1}'],
    ['removes one in the middle', '{"a":1, "b":2, "c":3}', { b: remove }, '{"a":1, "c":3}'],
    ['removes neighbours and all', '{"a":1,"b":2}', { a: remove, b: remove }, '{}'],
    ['removes all and adds', '{"a":1,"b":2}', { a: remove, b: remove, c: set(3) }, '{"c":3}'],
    ['renames', '{"a" :1,"b":2}', { a: rename('z') }, '{"z" :1,"b":2}'],
    ['lets the renamed member take the place of its namesake', '{"z":0,"a":1}', { a: rename('z') }, '{"z":1}'],
    [
      'is not misled by braces and quotes in strings',
      '{"a":"}\\\\\\"{,[","m":1}',
      { m: set(2) },
      '{"a":"}\\\\\\"{,[","m":2}',
    ],
    ['keeps a byte order mark', '\ufeff{"m":1}', { m: set(2) }, '\ufeff{"m":2}'],
  ])('%s', (_name, text, edits: Record<string, MemberEdit>, expected) => {
    expect(edit(text, edits)).toBe(expected);
  });

  it('gives back the same bytes when nothing applies', () => {
    const bytes = Buffer.from('{"a":1}');

    expect(editMembers(bytes, new Map([['b', remove]]))).toBe(bytes);
  });

  it('survives nesting that would overflow a stack', () => {
    const depth = 1_000_000;
    const text = `{"x":${'['.repeat(depth)}${']'.repeat(depth)},"m":1}`;

    expect(edit(text, { m: set(2) }).endsWith(',"m":2}')).toBe(true);
  });

  it.each([
    '',
    'null',
    '[1]',
    '{',
    '{"a"',
    '{"a":',
    '{"a":}',
    '{"a":1',
    '{"a":1,}',
    '{"a":"x',
    '{"a":1}x',
    '{a:1}',
    '{"a":[1}',
  ])('refuses %j', (text) => {
    expect(() => readMembers(Buffer.from(text))).toThrow(SyntaxError);
  });

  it('does for random objects what an object edit does, and leaves untouched members as written', () => {
    const random = randomOf(20_261_123);
    for (let round = 0; round < 2000; round++) {
      const members = randomMembers(random);
      const text = `${space(random)}{${members.map(([key, value]) => `${space(random)}${key}${space(random)}:${space(random)}${value}${space(random)}`).join(',')}${members.length === 0 ? space(random) : ''}}${space(random)}`;
      const before = new Map(Object.entries<unknown>(JSON.parse(text)));
      const edits = randomEdits(random);

      const bytes = editMembers(Buffer.from(text), edits);

      const after: unknown = JSON.parse(bytes.toString());
      expect(after).toEqual(Object.fromEntries(edited(before, edits)));
      const gone = new Set(
        [...edits].flatMap(([name, change]) => (change.kind === 'rename' ? [name, change.to] : [name])),
      );
      const left = readMembers(bytes).filter((member) => !gone.has(member.name));
      const original = readMembers(Buffer.from(text)).filter((member) => !gone.has(member.name));
      expect(left.map((member) => bytes.toString('utf8', member.keyStart, member.valueEnd))).toEqual(
        original.map((member) => Buffer.from(text).toString('utf8', member.keyStart, member.valueEnd)),
      );
    }
  });
});

/** What the edits mean, on a plain map. */
function edited(before: ReadonlyMap<string, unknown>, edits: ReadonlyMap<string, MemberEdit>): Map<string, unknown> {
  const after = new Map(before);
  for (const [name, change] of edits) if (change.kind !== 'set') after.delete(name);
  for (const [name, change] of edits) {
    if (change.kind === 'rename' && before.has(name)) after.set(change.to, before.get(name));
  }
  for (const [name, change] of edits) if (change.kind === 'set') after.set(name, JSON.parse(change.value));
  return after;
}

type Random = (below: number) => number;

/** A linear congruential generator: the same rounds in every run. */
function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const NAMES = ['model', 'a', 'b', 'c', 'd', 'ü'];
const VALUES = [
  '1',
  '-2.5e3',
  'true',
  'null',
  '""',
  '"x\\"}{,:"',
  '"\\\\"',
  '"ü😀"',
  '[]',
  '{}',
  '[1, {"a":"]"}]',
  '{"model" : {"b":[" \\\\\\" "]}}',
];

const space = (random: Random): string => ['', '', ' ', '\n\t', '\r\n'][random(5)] ?? '';

function randomMembers(random: Random): [string, string][] {
  return Array.from({ length: random(7) }, () => {
    const name = NAMES[random(NAMES.length)] ?? 'a';
    const key =
      random(4) === 0
        ? `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}"`
        : JSON.stringify(name);
    return [key, VALUES[random(VALUES.length)] ?? '1'];
  });
}

function randomEdits(random: Random): Map<string, MemberEdit> {
  const edits = new Map<string, MemberEdit>();
  for (const name of ['model', 'a', 'b', 'new']) {
    const throwOf = random(5);
    if (throwOf === 0) edits.set(name, set({ n: random(100) }));
    if (throwOf === 1) edits.set(name, remove);
    // Two renames to one name, or a rename onto an edited one, would have no single meaning.
    if (throwOf === 2) edits.set(name, rename(name === 'b' ? 'd' : `${name}-renamed`));
  }
  return edits;
}

describe('replaceFirstMember', () => {
  const replaced = (text: string): string | undefined =>
    replaceFirstMember(Buffer.from(text), 'model', 'a/b', '"b"')?.toString();

  it.each([
    ['{"model":"a/b","x":1}', '{"model":"b","x":1}'],
    [' {\n "model" : "a/b" }', ' {\n "model" : "b" }'],
    ['\ufeff{"model":"a/b","x":"é"}', '\ufeff{"model":"b","x":"é"}'],
  ])('does what editMembers does: %s', (text, expected) => {
    expect(replaced(text)).toBe(expected);
    expect(edit(text, { model: set('b') })).toBe(expected);
  });

  it.each([
    ['another member comes first', '{"x":1,"model":"a/b"}'],
    ['the name stands there again', '{"model":"a/b","x":{"model":"a/b"}}'],
    ['the value is written otherwise', '{"model":"a\\/b"}'],
    ['the value is another', '{"model":"a/bc"}'],
    ['it is no object', '["model","a/b"]'],
    ['there is nothing', ''],
  ])('leaves it to editMembers where %s', (_when, text) => expect(replaced(text)).toBeUndefined());
});
