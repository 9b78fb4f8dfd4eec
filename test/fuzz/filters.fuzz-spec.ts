import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readLogFilters } from '../../src/admin/log-filters.js';
import { logListQuery, toFlatFilters } from '../../src/admin/logs.schema.js';
import { PlatformError } from '../../src/common/errors/platform-error.js';
import { FilterValueError, whereOf } from '../../src/request-logs/log-conditions.repository.js';
import {
  LOG_FILTER_KEYS,
  LOG_FILTER_OPERATORS,
  type LogFilter,
  toConditions,
} from '../../src/request-logs/log-filter.js';
import { fuzzed, unlessRefused } from './fuzzing.js';
import { jsonNear, textNear } from './inputs.js';

const GATEWAY = '00000000-0000-4000-8000-000000000000';
const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.constantFrom("'; DROP TABLE x; --", '%', '\\', '1', 'true', '2026-01-01T00:00:00Z', '$1', 'a&b=c[0]', 'ü'),
);
const filter: fc.Arbitrary<LogFilter> = fc.record({
  key: fc.constantFrom(...LOG_FILTER_KEYS),
  operator: fc.constantFrom(...LOG_FILTER_OPERATORS),
  value: fc.array(text, { minLength: 1, maxLength: 3 }),
});
/** A lone surrogate cannot stand in a URL. */
const filters = fc.array(filter, { minLength: 1, maxLength: 5 });
const encoded = (part: unknown): string => encodeURIComponent(String(part));

/** The three ways in which clients write filters into a URL. */
const WRITTEN: readonly ((given: readonly LogFilter[]) => string)[] = [
  (given) => `filters=${encoded(JSON.stringify(given))}`,
  (given) =>
    given
      .flatMap(({ key, operator, value }) => [
        `filters.key=${key}`,
        `filters.operator=${operator}`,
        ...value.map((one) => `filters.value=${encoded(one)}`),
      ])
      .join('&'),
  (given) =>
    given
      .flatMap(({ key, operator, value }, index) => [
        `filters%5B${index}%5D%5Bkey%5D=${key}`,
        `filters[${index}][operator]=${operator}`,
        ...value.map((one) => `filters[${index}][value][]=${encoded(one)}`),
      ])
      .join('&'),
];

/** What a statement holds besides the values, which stand beside it. */
function conditionsOf(
  given: readonly LogFilter[],
  search: string | null,
): { readonly sql: string; readonly values: number } | null {
  return unlessRefused(() => {
    const { sql, values } = whereOf(GATEWAY, given, search);
    return { sql, values: values.length };
  }, FilterValueError);
}

describe('filters of logs', () => {
  it(
    'come out as they were written, in each of the ways to write them',
    fuzzed([filters, fc.constantFrom(...WRITTEN)], (given, write) => {
      expect(readLogFilters(`/logs?page=1&${write(given)}`)).toEqual(given);
    }),
  );

  it(
    'are read of any URL, or refused with the place',
    fuzzed(
      [
        textNear(
          WRITTEN.map(
            (write) =>
              `/logs?${write([
                { key: 'model', operator: 'eq', value: ['a', 'b'] },
                { key: 'cost', operator: 'gt', value: ['1'] },
              ])}`,
          ),
        ),
      ],
      (url) => {
        const refusals: unknown[] = [];
        const given = unlessRefused(() => {
          try {
            return readLogFilters(url);
          } catch (error) {
            refusals.push(error);
            throw error;
          }
        }, PlatformError);

        for (const error of refusals) {
          const { status, errors } = error as PlatformError;
          expect([status, ...errors.map(({ path }) => path?.slice(0, 2).join('.'))]).toEqual([
            400,
            ...errors.map(() => 'query.filters'),
          ]);
        }
        expect(given === null).toBe(refusals.length > 0);
        expect((given ?? []).every(({ key, value }) => LOG_FILTER_KEYS.includes(key) && value.length > 0)).toBe(true);
      },
    ),
  );

  it(
    'of JSON are read, or refused',
    fuzzed(
      [
        jsonNear([
          [
            { key: 'model', operator: 'eq', value: ['a'] },
            { key: 'metadata.key', operator: 'eq', value: 'x' },
          ],
        ]),
      ],
      (json) => {
        const url = `/logs?filters=${encoded(Buffer.from(JSON.stringify(json) ?? '').toString())}`;
        const given = unlessRefused(() => readLogFilters(url), PlatformError);

        expect(toConditions(given ?? []).length).toBeLessThanOrEqual(given?.length ?? 0);
      },
    ),
  );

  it(
    'become conditions whose text is the same whatever the values',
    fuzzed([filters, fc.option(text)], (given, search) => {
      const real = conditionsOf(given, search);
      if (real === null) return;
      const dull = given.map(({ key, operator, value }) => ({
        key,
        operator,
        value: value.map((one) => (one === '' ? '' : one)),
      }));

      expect(conditionsOf(dull, search)?.sql).toBe(real.sql);
      for (const word of ['DROP TABLE', '--', "'; ", '$1']) {
        if ([search, ...given.flatMap(({ value }) => value)].some((one) => String(one).includes(word)))
          expect(real.sql).not.toContain("'; DROP");
      }
      expect(real.sql).not.toContain('DROP TABLE');
      expect(real.values).toBeGreaterThan(0);
    }),
  );

  it(
    'of older clients are read, or refused',
    fuzzed(
      [
        fc.dictionary(
          fc.constantFrom(
            'start_date',
            'min_cost',
            'success',
            'model',
            'page',
            'per_page',
            'order_by',
            'search',
            '__proto__',
            'feedback',
          ),
          text,
        ),
      ],
      (query) => {
        const parsed = logListQuery.safeParse(query);
        const conditions = parsed.success ? conditionsOf(toFlatFilters(parsed.data), parsed.data.search ?? null) : null;
        expect(conditions?.sql ?? '').not.toContain('DROP TABLE');
      },
    ),
  );
});
