import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogHistogram } from './log-histogram.js';

const histogramOf = (values: readonly number[]): LogHistogram => {
  const histogram = new LogHistogram();
  for (const value of values) histogram.add(value);
  return histogram;
};

/** By the same definition, of the values themselves. */
const trueQuantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)]!;

const durations = fc.array(fc.integer({ min: 0, max: 3 * 60 * 60 * 1000 }), { minLength: 1, maxLength: 200 });
const shares = fc.constantFrom(0.5, 0.95, 0.99);

describe('LogHistogram', () => {
  it('says quantiles to within a fifth, whatever was counted', () => {
    fc.assert(
      fc.property(durations, shares, (values, share) => {
        const estimate = histogramOf(values).quantile(share) ?? Number.NaN;
        const truth = Math.max(1, trueQuantile(values, share));

        expect(estimate / truth).toBeGreaterThan(1 / 1.2);
        expect(estimate / truth).toBeLessThan(1.2);
      }),
    );
  });

  it('is the same, merged of parts or counted whole', () => {
    fc.assert(
      fc.property(durations, durations, (first, second) => {
        const merged = histogramOf(first);
        merged.merge(histogramOf(second).buckets());

        expect(merged.buckets()).toEqual(histogramOf([...first, ...second]).buckets());
      }),
    );
  });

  it('says nothing of nothing', () => {
    expect(new LogHistogram().quantile(0.5)).toBeNull();
  });
});
