import { describe, expect, it } from '@jest/globals';

import { parseMetadata } from './call-metadata.js';

const parse = (value: unknown, maxEntries?: number) =>
  parseMetadata({ 'cf-aig-metadata': typeof value === 'string' ? value : JSON.stringify(value) }, maxEntries);

describe('parseMetadata', () => {
  it('keeps strings, numbers and booleans', () => {
    expect(parse({ user: 'ann', seats: 3, trial: false })).toEqual({
      entries: { user: 'ann', seats: 3, trial: false },
      dropped: [],
    });
  });

  it('keeps the first five entries and names the others', () => {
    expect(parse({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 })).toEqual({
      entries: { a: 1, b: 2, c: 3, d: 4, e: 5 },
      dropped: ['f', 'g'],
    });
  });

  it.each([[null], [{ nested: 1 }], [[1]]])('discards all of them for one value like %j', (value) => {
    expect(parse({ user: 'ann', wrong: value })).toEqual({ entries: {}, dropped: ['user', 'wrong'] });
  });

  it('keeps names for the gateway that are its own', () => {
    expect(parse({ 'cf.user_id': 'forged', user: 'ann' })).toEqual({
      entries: { user: 'ann' },
      dropped: ['cf.user_id'],
    });
  });

  it.each([['{'], ['[1]'], ['"text"'], ['null']])('makes nothing of %s', (text) => {
    expect(parse(text)).toEqual({ entries: {}, dropped: ['*'] });
  });

  it('keeps more where the gateway allows it, and loses only what is wrong', () => {
    const many = Object.fromEntries(Array.from({ length: 18 }, (_, i) => [`k${i}`, i]));

    expect(Object.keys(parse(many, 16).entries)).toHaveLength(16);
    expect(parse(many, 16).dropped).toEqual(['k16', 'k17']);
    expect(parse({ a: null, b: 1 }, 16)).toEqual({ entries: { b: 1 }, dropped: ['a'] });
  });

  it('finds none where there is no header', () => {
    expect(parseMetadata({})).toEqual({ entries: {}, dropped: [] });
  });
});
