import { type NanoUsd, toAttoUsd, toNanoUsd } from '../common/money.js';
import type { CustomCost } from '../contract/custom-cost.js';
import type { Price } from './price.js';

/** All that the call costs, where the caller said so. */
export const totalOf = ({ total_cost: total }: CustomCost): NanoUsd | null =>
  total === undefined ? null : toNanoUsd(toAttoUsd(total));

/**
 * What a caller's `cf-aig-custom-cost` says of tokens. One rate of the cache brings the other along, at the rate of input; without
 * either, cached tokens are input like all. What is not named costs nothing.
 */
export function customPrice(cost: CustomCost): Price {
  const {
    per_token_in: input = 0,
    per_token_out: output = 0,
    per_cache_read_token: read,
    per_cache_write_token: write,
  } = cost;
  const rates = {
    input: toAttoUsd(input),
    output: toAttoUsd(output),
    cacheRead: toAttoUsd(read ?? input),
    cacheWrite: toAttoUsd(write ?? input),
  };
  return { source: 'custom', version: 'cf-aig-custom-cost', tiers: [{ above: 0, rates }] };
}
