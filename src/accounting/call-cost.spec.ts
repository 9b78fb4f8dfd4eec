import { describe, expect, it } from '@jest/globals';
import { toAttoUsd } from '../common/money.js';
import { toCallCost } from './call-cost.js';
import type { Price } from './price.js';

const usage = {
  prompt_tokens: 100,
  completion_tokens: 10,
  total_tokens: 110,
  prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 20 },
};
const priceOf = (source: Price['source']): Price => ({
  source,
  version: `${source} 1`,
  tiers: [{ above: 0, rates: { input: toAttoUsd(1e-6), output: toAttoUsd(2e-6) } }],
});
const catalogue = priceOf('catalogue');

describe('toCallCost', () => {
  it('charges the computed amount where nobody says otherwise', () => {
    expect(toCallCost(usage, catalogue, undefined, null)).toEqual({
      computed: 120_000,
      reported: null,
      charged: 120_000,
      basis: 'catalogue',
      priceVersion: 'catalogue 1',
    });
  });

  it.each([
    ["the provider's own figure before the catalogue", catalogue, { reported: 7 }, null, 7, 'reported'],
    ["an admin's price before the provider's figure", priceOf('override'), { reported: 7 }, null, 120_000, 'override'],
    [
      'what the caller says before all',
      priceOf('override'),
      { reported: 7 },
      { total_cost: 0.5 },
      500_000_000,
      'custom',
    ],
    ['a figure without a price', null, { reported: 7 }, null, 7, 'reported'],
  ] as const)('takes %s, and keeps the others apart', (_name, price, bill, custom, charged, basis) => {
    const cost = toCallCost(usage, price, bill, custom);

    expect(cost).toMatchObject({ charged, basis, reported: 7, computed: price === null ? null : 120_000 });
  });

  it.each([
    ['no price', usage, null, null, 'unpriced'],
    ['no counts', null, catalogue, null, 'uncounted'],
    ['no counts for what the caller says a token costs', null, catalogue, { per_token_in: 1 }, 'uncounted'],
  ] as const)('does not know what a call costs with %s', (_name, counted, price, custom, basis) => {
    expect(toCallCost(counted, price, undefined, custom)).toMatchObject({ charged: null, basis });
  });

  it.each([
    ['input and output', { per_token_in: 1e-6, per_token_out: 3e-6 }, 130_000],
    [
      'a read rate, which makes writing cost what input does',
      { per_token_in: 1e-6, per_cache_read_token: 1e-7 },
      64_000,
    ],
    [
      'a write rate, which makes reading cost what input does',
      { per_token_in: 1e-6, per_cache_write_token: 2e-6 },
      120_000,
    ],
    ['a total', { per_token_in: 1, total_cost: 0.000_000_001 }, 1],
    ['nothing', { per_token_in: 0, per_token_out: 0 }, 0],
  ])('reads a caller who names %s', (_name, custom, charged) => {
    expect(toCallCost(usage, null, undefined, custom)).toMatchObject({ charged, basis: 'custom' });
  });
});
