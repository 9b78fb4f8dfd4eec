import { toAttoUsd } from '../common/money.js';
import type { Price, PriceTier, RateKind, Rates } from './price.js';
import type { PriceOverride } from './price-override.js';
import type { Prices, Pricing } from './price-override.schema.js';

const LIST: readonly (readonly [name: keyof Prices, kind: RateKind, units: bigint])[] = [
  ['input', 'input', 1_000_000n],
  ['cached_input', 'cacheRead', 1_000_000n],
  ['cache_write', 'cacheWrite', 1_000_000n],
  ['cache_write_1h', 'cacheWrite1h', 1_000_000n],
  ['audio_input', 'inputAudio', 1_000_000n],
  ['image_input', 'inputImage', 1_000_000n],
  ['video_input', 'inputVideo', 1_000_000n],
  ['output', 'output', 1_000_000n],
  ['reasoning_output', 'reasoning', 1_000_000n],
  ['audio_output', 'outputAudio', 1_000_000n],
  ['image_output', 'outputImage', 1_000_000n],
  ['web_search', 'webSearch', 1_000n],
  ['request', 'request', 1_000n],
];

/** What an admin wrote, as a price. */
export const overridePrice = ({ id, modifiedAt, pricing }: PriceOverride): Price => ({
  source: 'override',
  version: `override:${id}@${modifiedAt.toISOString()}`,
  tiers: pricing.kind === 'list' ? listTiers(pricing) : [{ above: 0, rates: costRates(pricing) }],
});

/** A tier needs to name only what differs. */
function listTiers({ prices, tiers }: Extract<Pricing, { kind: 'list' }>): [PriceTier, ...PriceTier[]] {
  const others = tiers
    .toSorted((a, b) => a.above_input_tokens - b.above_input_tokens)
    .map((tier) => ({ above: tier.above_input_tokens, rates: listRates({ ...prices, ...tier.prices }) }));
  return [{ above: 0, rates: listRates(prices) }, ...others];
}

function listRates(prices: Prices): Rates {
  const rates: Partial<Record<RateKind, bigint>> = {};
  for (const [name, kind, units] of LIST) {
    const dollars = prices[name];
    if (dollars !== undefined) rates[kind] = toAttoUsd(dollars) / units;
  }
  return rates;
}

/** `total_tokens` stands for either side that is not named. */
function costRates({ cost_type, cost_in, cost_out, token_pricing: own }: Extract<Pricing, { kind: 'costs' }>): Rates {
  const [all, perTokenIn, perTokenOut] =
    cost_type === 'tokens' ? [own.total_tokens, cost_in, cost_out] : [own.total_tokens, null, null];
  const dollars: Partial<Record<RateKind, number | null | undefined>> = {
    input: own.input_tokens ?? own.input_text_tokens ?? perTokenIn ?? all,
    cacheRead: own.input_cached_tokens,
    cacheWrite: own.input_cache_creation_tokens,
    inputAudio: own.input_audio_tokens,
    inputImage: own.input_image_tokens,
    inputVideo: own.input_video_tokens,
    output: own.output_tokens ?? perTokenOut ?? all,
    reasoning: own.output_reasoning_tokens,
  };
  const named = Object.entries(dollars).flatMap(([kind, value]) => (value == null ? [] : [[kind, toAttoUsd(value)]]));
  return Object.fromEntries(named);
}
