/**
 * What a unit costs, in atto-dollars; units are tokens where the name says nothing else. A kind that is absent costs what the
 * kind costs that it is a part of: a cached token what an input token does.
 */
export interface Rates {
  readonly input?: bigint;
  readonly cacheRead?: bigint;
  readonly cacheReadAudio?: bigint;
  readonly cacheWrite?: bigint;
  /** Written to stay for an hour. */
  readonly cacheWrite1h?: bigint;
  readonly inputAudio?: bigint;
  readonly inputImage?: bigint;
  readonly inputVideo?: bigint;
  readonly output?: bigint;
  readonly reasoning?: bigint;
  readonly outputAudio?: bigint;
  readonly outputImage?: bigint;
  readonly webSearch?: bigint;
  readonly request?: bigint;
}

export type RateKind = keyof Rates;

/** The rates of calls with more input tokens than `above`; they hold for the whole call. */
export interface PriceTier {
  readonly above: number;
  readonly rates: Rates;
}

/** What a model costs. */
export interface Price {
  /** `custom`: the caller said so. `override`: an admin did. `catalogue`: the list that is built in. */
  readonly source: 'custom' | 'override' | 'catalogue';
  /** Names what the figures came from, for the record of a call. */
  readonly version: string;
  /** The least `above` first; there is at least one. */
  readonly tiers: readonly [PriceTier, ...PriceTier[]];
}

/** The rates for a call of this many input tokens. */
export function ratesFor({ tiers }: Price, inputTokens: number): Rates {
  let rates = tiers[0].rates;
  for (const tier of tiers) if (inputTokens > tier.above) rates = tier.rates;
  return rates;
}
