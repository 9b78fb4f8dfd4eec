import { describe, expect, it } from '@jest/globals';

import { secretPreview } from './secret-preview.js';

describe('secretPreview', () => {
  it.each([
    ['sk-0123456789abcd', '…abcd'],
    ['0123456789ab', '…89ab'],
    ['0123456789a', '…'],
    ['abc', '…'],
    ['', '…'],
  ])('shows %j as %j', (value, preview) => {
    expect(secretPreview(value)).toBe(preview);
  });
});
