import { describe, expect, it } from '@jest/globals';
import { toAttoUsd, toNanoUsd } from './money.js';

describe('money', () => {
  it.each([
    [0, 0n],
    [1, 10n ** 18n],
    [0.1, 10n ** 17n],
    [0.000_000_8, 800_000_000_000n],
    [1e-18, 1n],
    [1e-19, 0n],
    [123_456.789, 123_456_789n * 10n ** 15n],
  ])('takes %p dollars digit for digit', (dollars, atto) => {
    expect(toAttoUsd(dollars)).toBe(atto);
  });

  it('rounds half up, once', () => {
    expect(toNanoUsd(1_499_999_999n)).toBe(1);
    expect(toNanoUsd(1_500_000_000n)).toBe(2);
  });
});
