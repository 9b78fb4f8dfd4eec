import { describe, expect, it } from '@jest/globals';

import { type LogFilter, toConditions } from './log-filter.js';

const name = (text: string): LogFilter => ({ key: 'metadata.key', operator: 'eq', value: [text] });
const value = (text: string): LogFilter => ({ key: 'metadata.value', operator: 'eq', value: [text] });
const provider: LogFilter = { key: 'provider', operator: 'eq', value: ['openai'] };

describe('toConditions', () => {
  it.each([
    ['a name and its value', [name('a'), value('1')], [[name('a'), value('1')]]],
    ['a value and its name', [value('1'), name('a')], [[name('a'), value('1')]]],
    ['a name alone', [name('a')], [[name('a'), null]]],
    ['a value alone', [value('1')], [[null, value('1')]]],
    ['two names', [name('a'), name('b')], [[name('a'), null], [name('b'), null]]], // prettier-ignore
    [
      'two pairs, with something else between',
      [name('a'), provider, value('1'), name('b'), value('2')],
      [
        [name('a'), value('1')],
        [name('b'), value('2')],
      ],
    ],
    ['a pair and a value', [name('a'), value('1'), value('2')], [[name('a'), value('1')], [null, value('2')]]], // prettier-ignore
  ])('takes %s', (_what, filters, expected) => {
    const conditions = toConditions(filters);

    expect(
      conditions.flatMap((condition) => (condition.kind === 'metadata' ? [[condition.name, condition.value]] : [])),
    ).toEqual(expected);
    expect(conditions.filter(({ kind }) => kind === 'column')).toHaveLength(filters.includes(provider) ? 1 : 0);
  });
});
