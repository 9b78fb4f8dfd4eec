import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { Secret } from '../common/secret.js';
import { newTokenValue, tokenDigest, tokenHash, tokenPreview } from './token-value.js';

describe('token values', () => {
  it('are aig_ and 43 characters, never the same', () => {
    const values = Array.from({ length: 100 }, () => newTokenValue().reveal());

    expect(values.every((value) => /^aig_[A-Za-z0-9_-]{43}$/.test(value))).toBe(true);
    expect(new Set(values).size).toBe(100);
  });

  it('are found by the same SHA-256 that the database holds', () => {
    const value = new Secret('aig_x');

    expect(Buffer.from(tokenHash(value)).toString('base64')).toBe(tokenDigest('aig_x'));
    expect(tokenDigest('aig_x')).toBe(createHash('sha256').update('aig_x').digest('base64'));
  });

  it('show their last four characters', () => {
    expect(tokenPreview(new Secret('aig_0123456789'))).toBe('…6789');
  });
});
