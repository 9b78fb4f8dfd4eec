import { z } from 'zod';

import { inputError } from '../common/errors/platform-error.js';
import { isStorable } from '../common/storable.js';
import { toInputIssues } from '../contract/platform-error-body.js';
import { LOG_FILTER_KEYS, LOG_FILTER_OPERATORS, type LogFilter } from '../request-logs/log-filter.js';

const MAX_FILTERS = 50;
const MAX_VALUES = 100;

const wanted = z.string().max(1024).refine(isStorable, 'holds a character that cannot be looked for');

const scalar = z.union([wanted, z.number(), z.boolean(), z.null()]);

const filtersSchema = z
  .array(
    z.strictObject({
      key: z.enum(LOG_FILTER_KEYS),
      operator: z.enum(LOG_FILTER_OPERATORS),
      value: z.union([z.array(scalar).min(1).max(MAX_VALUES), scalar.transform((one) => [one])]),
    }),
  )
  .max(MAX_FILTERS);

/**
 * Reads `filters` of a URL's query, in any of the forms that clients send: one JSON array; `filters.key=…&filters.operator=…&filters.value=…`
 * again and again, which is what the SDKs make of an array and which only the order holds together; `filters[0][key]=…`. Throws 400/7001 for
 * what cannot be read: a filter that is passed over would show, or delete, everything.
 */
export function readLogFilters(url: string): readonly LogFilter[] {
  const query = url.indexOf('?');
  const members = [...new URLSearchParams(query === -1 ? '' : url.slice(query + 1))].filter(([name]) =>
    /^filters(?:$|[.[])/.test(name),
  );
  if (members.length === 0) return [];
  const parsed = filtersSchema.safeParse(readJson(members) ?? readIndexed(members) ?? readFlat(members));
  if (!parsed.success) throw inputError(...toInputIssues(parsed.error, ['query', 'filters']));
  return parsed.data;
}

type Member = readonly [name: string, value: string];
/** A filter's members while they are gathered: of any name, `__proto__` too, which is then refused as any other that is none. */
type Members = Map<string, unknown>;

const toObject = (members: Members): unknown => Object.fromEntries(members);

function readJson(members: readonly Member[]): unknown {
  if (members.length !== 1 || members[0]![0] !== 'filters') return undefined;
  const text = members[0]![1];
  if (text === '') return [];
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** `filters[0][key]`, `filters[0][value][]`, `filters[0][value][1]`, `filters[0].key`. */
const INDEXED = /^filters\[(\d{1,3})\](?:\[(\w+)\]|\.(\w+))(?:\[\d*\])?$/;

function readIndexed(members: readonly Member[]): unknown {
  const filters = new Map<string, Members>();
  for (const [name, text] of members) {
    const [, index, inBrackets, afterDot] = INDEXED.exec(name) ?? [];
    const member = inBrackets ?? afterDot;
    if (index === undefined || member === undefined) return undefined;
    const filter: Members = filters.get(index) ?? new Map<string, unknown>();
    filters.set(index, filter);
    add(filter, member, text);
  }
  return [...filters.values()].map(toObject);
}

/** A new filter begins when a member that it can have once comes again, or when values come again after something else. */
function readFlat(members: readonly Member[]): unknown {
  const filters: Members[] = [];
  let last = '';
  for (const [name, text] of members) {
    const member = /^filters(?:\[\])?(?:\.(\w+)|\[(\w+)\])(?:\[\])?$/
      .exec(name)
      ?.slice(1)
      .find((part) => part !== undefined);
    if (member === undefined) return null;
    const current = filters.at(-1);
    const isNew = current === undefined || (current.has(member) && !(member === 'value' && last === 'value'));
    if (isNew) filters.push(new Map());
    add(filters.at(-1)!, member, text);
    last = member;
  }
  return filters.map(toObject);
}

/** An empty value stands for null. */
function add(filter: Members, member: string, text: string): void {
  const before = filter.get('value');
  if (member !== 'value') filter.set(member, text);
  else if (Array.isArray(before)) before.push(text === '' ? null : text);
  else filter.set('value', [text === '' ? null : text]);
}
