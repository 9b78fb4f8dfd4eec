import { ulidStart } from '../common/ids.js';
import { Prisma } from '../generated/prisma/client.js';
import {
  type LogCondition,
  type LogFilter,
  type LogFilterKey,
  type LogFilterValue,
  toConditions,
} from './log-filter.js';

type Type = 'text' | 'number' | 'boolean';

/** A key of the API in SQL. Money is in dollars there, and in nano-dollars here. */
const COLUMNS: Readonly<Record<Exclude<LogFilterKey, `metadata.${string}` | 'created_at'>, readonly [Type, string]>> = {
  id: ['text', 'id'],
  request_content_type: ['text', 'request_content_type'],
  response_content_type: ['text', 'response_content_type'],
  request_type: ['text', 'request_type'],
  success: ['boolean', 'success'],
  cached: ['boolean', 'cached'],
  provider: ['text', 'provider'],
  model: ['text', 'model'],
  model_type: ['text', 'model_type'],
  cost: ['number', '(cost_nano / 1e9)'],
  tokens: ['number', '(coalesce(tokens_in, 0) + coalesce(tokens_out, 0))'],
  tokens_in: ['number', 'tokens_in'],
  tokens_out: ['number', 'tokens_out'],
  duration: ['number', 'duration_ms'],
  feedback: ['number', 'feedback'],
  event_id: ['text', 'event_id'],
  authentication: ['boolean', '(token_id IS NOT NULL)'],
  wholesale: ['boolean', 'false'],
  compatibilityMode: ['boolean', `(surface = 'compat')`],
  dlp_action: ['text', 'NULL::text'],
  user_agent: ['text', 'user_agent'],
};

/** The last time that a ULID can say. */
const MAX_TIME = 2 ** 48 - 2;

const SQL_OF: Readonly<Record<Type, string>> = { text: 'text', number: 'double precision', boolean: 'boolean' };

/** A value that a filter's key cannot have. */
export class FilterValueError extends Error {
  override readonly name = 'FilterValueError';

  constructor(readonly filter: LogFilter) {
    super(`${filter.key} cannot be compared with ${JSON.stringify(filter.value)}`);
  }
}

/**
 * The rows of a gateway that all filters hold for. Throws a `FilterValueError`.
 * @param search A part of the metadata, names or values.
 */
export function whereOf(gatewayInternalId: string, filters: readonly LogFilter[], search: string | null): Prisma.Sql {
  const conditions = toConditions(filters).map(toSql);
  if (search !== null) conditions.push(Prisma.sql`metadata::text ILIKE ${likePattern(search)}`);
  return Prisma.join([Prisma.sql`gateway_internal_id = ${gatewayInternalId}::uuid`, ...conditions], ' AND ');
}

function toSql(condition: LogCondition): Prisma.Sql {
  if (condition.kind === 'metadata') return metadataSql(condition);
  const { filter } = condition;
  if (filter.key === 'created_at') return timeSql(filter);
  if (filter.key === 'metadata.key' || filter.key === 'metadata.value') throw new FilterValueError(filter);
  if (filter.value.length === 0) throw new FilterValueError(filter);
  const [type, column] = COLUMNS[filter.key];
  // Where the caller named no event, the event's id is the call's.
  if (filter.key === 'event_id' && (filter.operator === 'eq' || filter.operator === 'neq')) {
    const either = Prisma.sql`(${compared(filter, 'text', 'event_id', 'eq')} OR ${compared(filter, 'text', 'id', 'eq')})`;
    return filter.operator === 'eq' ? either : Prisma.sql`(${either}) IS NOT TRUE`;
  }
  return filter.operator === 'neq'
    ? Prisma.sql`(${compared(filter, type, column, 'eq')}) IS NOT TRUE`
    : compared(filter, type, column, filter.operator);
}

const OPERATORS = { lt: '<', gt: '>', lte: '<=', gte: '>=' } as const;

/** Holds for any of the values. */
function compared(filter: LogFilter, type: Type, column: string, operator: LogFilter['operator']): Prisma.Sql {
  const on = Prisma.raw(column);
  if (operator === 'contains') {
    const patterns = filter.value.map((value) => likePattern(String(value)));
    return Prisma.sql`${on}::text ILIKE ANY (${patterns}::text[])`;
  }
  const cast = Prisma.raw(SQL_OF[type]);
  const given = filter.value.filter((value) => value !== null).map((value) => typed(value, type, filter));
  if (operator === 'eq' || operator === 'neq') {
    const equal = equalTo(on, type, given, cast);
    if (given.length === filter.value.length) return equal;
    return given.length === 0 ? Prisma.sql`${on} IS NULL` : Prisma.sql`(${equal} OR ${on} IS NULL)`;
  }
  if (given.length === 0) throw new FilterValueError(filter);
  return Prisma.sql`${on} ${Prisma.raw(OPERATORS[operator])} ANY (${given}::${cast}[])`;
}

/** One value is compared as one: of a list of one Postgres knows neither the order of an index nor that it holds for the rows of a partial one. */
function equalTo(
  on: Prisma.Sql,
  type: Type,
  given: readonly (string | number | boolean)[],
  cast: Prisma.Sql,
): Prisma.Sql {
  const only = given.length === 1 ? given[0]! : null;
  if (only === null) return Prisma.sql`${on} = ANY (${given}::${cast}[])`;
  if (type !== 'boolean') return Prisma.sql`${on} = ${only}::${cast}`;
  return only === true ? on : Prisma.sql`NOT ${on}`;
}

function typed(value: Exclude<LogFilterValue, null>, type: Type, filter: LogFilter): string | number | boolean {
  if (type === 'text') return String(value);
  if (type === 'boolean') {
    if (value === true || value === 'true' || value === 1 || value === '1') return true;
    if (value === false || value === 'false' || value === 0 || value === '0') return false;
  } else if (typeof value === 'number') return value;
  else if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  throw new FilterValueError(filter);
}

/** A time is a range of ids, from the first of its millisecond to the first after: the index has them, and other days are not looked at. */
const TIMES: Readonly<Record<string, (from: string, after: string) => Prisma.Sql>> = {
  lt: (from) => Prisma.sql`id < ${from}`,
  lte: (_from, after) => Prisma.sql`id < ${after}`,
  gt: (_from, after) => Prisma.sql`id >= ${after}`,
  gte: (from) => Prisma.sql`id >= ${from}`,
  eq: (from, after) => Prisma.sql`(id >= ${from} AND id < ${after})`,
  neq: (from, after) => Prisma.sql`NOT (id >= ${from} AND id < ${after})`,
};

function timeSql(filter: LogFilter): Prisma.Sql {
  const compare = TIMES[filter.operator];
  if (compare === undefined || filter.value.length === 0) throw new FilterValueError(filter);
  const conditions = filter.value.map((given) => {
    const time = typeof given === 'number' ? given : typeof given === 'string' ? Date.parse(given) : Number.NaN;
    if (!(time >= 0 && time <= MAX_TIME)) throw new FilterValueError(filter);
    return compare(ulidStart(Math.floor(time)), ulidStart(Math.floor(time) + 1));
  });
  return Prisma.sql`(${Prisma.join(conditions, filter.operator === 'neq' ? ' AND ' : ' OR ')})`;
}

/** An entry of the metadata whose name and value are as asked: the index is asked where both are known. */
function metadataSql({ name, value }: Extract<LogCondition, { kind: 'metadata' }>): Prisma.Sql {
  if (name !== null && name.operator === 'eq' && value === null) {
    return Prisma.sql`metadata ?| ${name.value.map(String)}::text[]`;
  }
  if (name !== null && name.operator === 'eq' && value !== null && value.operator === 'eq') {
    const pairs = name.value.flatMap((key) => value.value.flatMap((one) => asEntries(String(key), one)));
    return Prisma.sql`(${Prisma.join(
      pairs.map((pair) => Prisma.sql`metadata @> ${pair}::jsonb`),
      ' OR ',
    )})`;
  }
  // No entry of that name: other than an entry of another name.
  if (name !== null && name.operator === 'neq' && value === null) {
    return Prisma.sql`(metadata ?| ${name.value.map(String)}::text[]) IS NOT TRUE`;
  }
  const parts: Prisma.Sql[] = [];
  if (name !== null) parts.push(entrySql(name, 'entry.key'));
  if (value !== null) parts.push(entrySql(value, 'entry.value'));
  return Prisma.sql`EXISTS (SELECT FROM jsonb_each_text(metadata) AS entry WHERE ${Prisma.join(parts, ' AND ')})`;
}

function entrySql(filter: LogFilter, column: string): Prisma.Sql {
  if (filter.value.length === 0) throw new FilterValueError(filter);
  const { operator } = filter;
  if (operator === 'eq') return compared(filter, 'text', column, 'eq');
  if (operator === 'neq') return Prisma.sql`(${compared(filter, 'text', column, 'eq')}) IS NOT TRUE`;
  if (operator === 'contains') return compared(filter, 'text', column, operator);
  const number = `CASE WHEN ${column} ~ '^-?[0-9]+([.][0-9]+)?$' THEN ${column}::double precision END`;
  return compared(filter, 'number', number, operator);
}

/** A filter's value is text in most encodings; the entry may be a number or a boolean. */
function asEntries(key: string, value: LogFilterValue): readonly string[] {
  const readings: unknown[] = [value];
  if (typeof value === 'string') {
    if (value === 'true' || value === 'false') readings.push(value === 'true');
    else if (value.trim() !== '' && Number.isFinite(Number(value))) readings.push(Number(value));
  } else readings.push(String(value));
  return readings.map((reading) => JSON.stringify({ [key]: reading }));
}

/** Someone's text is not a pattern. */
const likePattern = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
