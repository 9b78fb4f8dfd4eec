import { isDeepStrictEqual } from 'node:util';
import { RE2JS } from 're2js';
import { Several } from './subject-path.js';

/** Says of a value whether it is what a condition asks for. */
export type Predicate = (value: unknown) => boolean;

const MAX_LIST = 1000;
/** Bounds on what one `$regex` costs: its text, the program it becomes, and how much of a value it looks at. */
const MAX_PATTERN = 256;
const MAX_PROGRAM = 300;
const MAX_TEXT = 4096;

const FLAGS: ReadonlyMap<string, number> = new Map([
  ['i', RE2JS.CASE_INSENSITIVE],
  ['m', RE2JS.MULTILINE],
  ['s', RE2JS.DOTALL],
]);

/** Each operator takes its operand and returns the predicate, or why the operand makes no sense. */
export const OPERATORS: Readonly<Record<string, (operand: unknown) => Predicate | string>> = {
  $eq: equalTo,
  $ne: (operand) => negated(equalTo(operand)),
  $gt: (operand) => compared(operand, (value, other) => value > other),
  $gte: (operand) => compared(operand, (value, other) => value >= other),
  $lt: (operand) => compared(operand, (value, other) => value < other),
  $lte: (operand) => compared(operand, (value, other) => value <= other),
  $in: amongst,
  $nin: (operand) => negated(amongst(operand)),
  $exists: (operand) => (typeof operand === 'boolean' ? (value) => isThere(value) === operand : 'takes true or false'),
};

/** As in MongoDB a list is what is asked for when it, or one of its members, is; and null is what is not there, too. */
export const isAnyOf =
  (predicate: Predicate): Predicate =>
  (value) => {
    if (value instanceof Several) return value.values.some((item) => predicate(item));
    return predicate(value) || (Array.isArray(value) && value.some((item) => predicate(item)));
  };

/** Patterns run in time that grows with the text, whatever they are (RE2): no pattern and no prompt can hold up the gateway. */
export function matching(pattern: unknown, options: unknown): Predicate | string {
  if (typeof pattern !== 'string') return 'takes a pattern, as text';
  if (pattern.length > MAX_PATTERN) return `has a pattern of more than ${MAX_PATTERN} characters`;
  const flags = typeof options === 'string' ? options.split('').map((letter) => FLAGS.get(letter)) : [undefined];
  if (flags.includes(undefined)) return `takes as $options some of ${[...FLAGS.keys()].join(', ')}`;
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(
      pattern,
      flags.reduce<number>((all, flag) => all | (flag ?? 0), 0),
    );
  } catch (error) {
    return `has a pattern that cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (compiled.programSize() > MAX_PROGRAM) return 'has a pattern that repeats too much';
  const test = (flags.length === 0 ? plainTest(pattern) : null) ?? ((text: string): boolean => compiled.test(text));
  return isAnyOf(
    (value) => typeof value === 'string' && test(value.length > MAX_TEXT ? value.slice(0, MAX_TEXT) : value),
  );
}

/** Most patterns are a text, perhaps at the beginning or the end of the value, which needs no engine. Null: this one is not. */
function plainTest(pattern: string): ((text: string) => boolean) | null {
  const [, begins, plain, ends] = /^(\^?)([\w /:@%,;=#"'!<>~&-]*)(\$?)$/.exec(pattern) ?? [];
  if (plain === undefined) return null;
  if (begins !== '' && ends !== '') return (text) => text === plain;
  if (begins !== '') return (text) => text.startsWith(plain);
  return ends === '' ? (text) => text.includes(plain) : (text) => text.endsWith(plain);
}

export const negated = (predicate: Predicate | string): Predicate | string =>
  typeof predicate === 'string' ? predicate : (value) => !predicate(value);

function equalTo(operand: unknown): Predicate {
  if (operand === null) return isAnyOf((value) => value === undefined || value === null);
  if (typeof operand === 'object') return isAnyOf((value) => isDeepStrictEqual(value, operand));
  return isAnyOf((value) => value === operand);
}

function amongst(operand: unknown): Predicate | string {
  if (!Array.isArray(operand)) return 'takes a list';
  if (operand.length > MAX_LIST) return `takes at most ${MAX_LIST} values`;
  if (operand.every((item) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean')) {
    const values = new Set<unknown>(operand);
    return isAnyOf((value) => values.has(value));
  }
  const each = operand.map((item: unknown) => equalTo(item));
  return (value) => each.some((isEqual) => isEqual(value));
}

/** Numbers with numbers and texts with texts; anything else is not comparable, and never asked for. */
function compared(
  operand: unknown,
  holds: (value: number | string, other: number | string) => boolean,
): Predicate | string {
  if (typeof operand !== 'number' && typeof operand !== 'string') return 'takes a number or a text';
  return isAnyOf(
    (value) =>
      (typeof value === 'number' || typeof value === 'string') &&
      typeof value === typeof operand &&
      holds(value, operand),
  );
}

const isThere = (value: unknown): boolean => (value instanceof Several ? value.values.length > 0 : value !== undefined);
