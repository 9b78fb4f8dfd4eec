import { describe, expect, it } from '@jest/globals';

import { PlatformError } from '../common/errors/platform-error.js';
import { readLogFilters } from './log-filters.js';

const at = (query: string): string => `/client/v4/accounts/a/ai-gateway/gateways/g/logs?per_page=5&${query}`;

const two = [
  { key: 'metadata.key', operator: 'eq', value: ['rid'] },
  { key: 'provider', operator: 'neq', value: ['openai', 'groq'] },
];

describe('readLogFilters', () => {
  it.each([
    ['one JSON array', `filters=${encodeURIComponent(JSON.stringify(two))}`],
    [
      'what the SDKs send',
      'filters.key=metadata.key&filters.operator=eq&filters.value=rid&filters.key=provider&filters.operator=neq&filters.value=openai&filters.value=groq',
    ],
    [
      'what the SDKs send, in another order',
      'filters.value=rid&filters.key=metadata.key&filters.operator=eq&filters.value=openai&filters.value=groq&filters.key=provider&filters.operator=neq',
    ],
    [
      'brackets',
      'filters[0][key]=metadata.key&filters[0][operator]=eq&filters[0][value]=rid&filters[1][key]=provider&filters[1][operator]=neq&filters[1][value][]=openai&filters[1][value][]=groq',
    ],
    [
      'brackets with positions, encoded',
      'filters%5B0%5D%5Bkey%5D=metadata.key&filters%5B0%5D%5Boperator%5D=eq&filters%5B0%5D%5Bvalue%5D%5B0%5D=rid&filters%5B1%5D.key=provider&filters%5B1%5D.operator=neq&filters%5B1%5D.value%5B0%5D=openai&filters%5B1%5D.value%5B1%5D=groq',
    ],
  ])('reads %s', (_name, query) => {
    expect(readLogFilters(at(query))).toEqual(two);
  });

  it('keeps numbers, booleans and null of JSON, and takes one value for a list of it', () => {
    const filters = [
      { key: 'success', operator: 'eq', value: false },
      { key: 'cost', operator: 'gt', value: [0.5] },
      { key: 'feedback', operator: 'eq', value: [null] },
    ];

    expect(readLogFilters(at(`filters=${encodeURIComponent(JSON.stringify(filters))}`)).map(({ value }) => value)).toEqual([[false], [0.5], [null]]); // prettier-ignore
  });

  it('takes an empty value for null', () => {
    expect(readLogFilters(at('filters.key=feedback&filters.operator=eq&filters.value='))).toEqual([
      { key: 'feedback', operator: 'eq', value: [null] },
    ]);
  });

  it.each(['', 'filters=', 'filters=[]', 'filtersomething=1'])('finds none in %s', (query) => {
    expect(readLogFilters(at(query))).toEqual([]);
  });

  it.each([
    'filters=provider',
    'filters=null',
    'filters={"key":"provider"}',
    'filters=[{"key":"provider","operator":"eq"}]',
    'filters=[{"key":"provider","operator":"eq","value":[]}]',
    'filters=[{"key":"secret","operator":"eq","value":["x"]}]',
    'filters=[{"key":"provider","operator":"like","value":["x"]}]',
    'filters.key=provider&filters.value=x',
    'filters.key=provider&filters.operator=eq&filters.value=x&filters.key=model',
    'filters[key]=provider&filters[0][operator]=eq',
    'filters[provider]=openai',
    'filters=[]&filters=[]',
    'filters.key.of=x',
    'filters.key=provider&filters.operator=eq&filters.value=a%00b',
    'filters[0][__proto__]=x&filters[0][key]=provider&filters[0][operator]=eq&filters[0][value]=x',
    'filters.__proto__=x&filters.key=provider&filters.operator=eq&filters.value=x',
  ])('refuses %s', (query) => {
    expect(() => readLogFilters(at(query))).toThrow(PlatformError);
  });
});
