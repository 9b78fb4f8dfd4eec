import { describe, expect, it } from '@jest/globals';

import { type Standing, standing, type TokenEntry } from './gateway-token.directory.js';

const entry = (fields: Partial<TokenEntry>): TokenEntry => ({
  caller: { tokenId: 't', tokenName: 't', accountId: 'a', grants: new Map() },
  status: 'active',
  notBefore: null,
  expiresAt: null,
  ...fields,
});

describe('standing', () => {
  it.each<[string, Partial<TokenEntry>, Standing]>([
    ['without dates', {}, 'active'],
    ['in its last millisecond', { expiresAt: 1_001 }, 'active'],
    ['at its end', { expiresAt: 1_000 }, 'expired'],
    ['before its time', { notBefore: 1_001 }, 'not_yet'],
    ['at its beginning', { notBefore: 1_000 }, 'active'],
    ['disabled and expired', { status: 'disabled', expiresAt: 1 }, 'disabled'],
  ])('of a token %s', (_name, fields, expected) => {
    expect(standing(entry(fields), 1_000)).toBe(expected);
  });
});
