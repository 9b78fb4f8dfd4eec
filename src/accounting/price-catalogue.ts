import { calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import { toAttoUsd } from '../common/money.js';
import type { Price, PriceTier, RateKind, Rates } from './price.js';

/** The version of `@pydantic/genai-prices` whose list is built in. */
export const CATALOGUE_VERSION = '0.1.8';

/** Our providers in the list's words. Whoever is not here has no price there. */
const PROVIDERS: Readonly<Record<string, string>> = {
  anthropic: 'anthropic',
  'aws-bedrock': 'aws',
  'azure-openai': 'azure',
  baseten: 'baseten',
  cerebras: 'cerebras',
  cohere: 'cohere',
  deepseek: 'deepseek',
  fireworks: 'fireworks',
  'google-ai-studio': 'google',
  'google-vertex-ai': 'google',
  grok: 'x-ai',
  groq: 'groq',
  mistral: 'mistral',
  openai: 'openai',
  openrouter: 'openrouter',
  'perplexity-ai': 'perplexity',
  'workers-ai': 'cloudflare',
};

/** The list's names of our kinds, and of how many units it gives the price. */
const KINDS: readonly (readonly [key: string, kind: RateKind, units: bigint])[] = [
  ['input_mtok', 'input', 1_000_000n],
  ['cache_read_mtok', 'cacheRead', 1_000_000n],
  ['cache_audio_read_mtok', 'cacheReadAudio', 1_000_000n],
  ['cache_write_mtok', 'cacheWrite', 1_000_000n],
  ['cache_write_1h_mtok', 'cacheWrite1h', 1_000_000n],
  ['input_audio_mtok', 'inputAudio', 1_000_000n],
  ['input_image_mtok', 'inputImage', 1_000_000n],
  ['input_video_mtok', 'inputVideo', 1_000_000n],
  ['output_mtok', 'output', 1_000_000n],
  ['output_reasoning_mtok', 'reasoning', 1_000_000n],
  ['output_audio_mtok', 'outputAudio', 1_000_000n],
  ['output_image_mtok', 'outputImage', 1_000_000n],
  ['web_searches_kcount', 'webSearch', 1_000n],
  ['requests_kcount', 'request', 1_000n],
];

/** Callers choose the names of models, so what is remembered of them has an end. */
const MAX_REMEMBERED = 10_000;
const MINUTE_MS = 60_000;

interface Remembered {
  readonly price: Price | null;
  /** The window of the context, for estimates; null where nobody said. */
  readonly contextWindow: number | null;
  /** Prices that depend on the date or the hour are looked up again every minute. */
  readonly until: number;
}

/** The prices of `@pydantic/genai-prices`, as they came with the package: nothing is fetched. */
export class PriceCatalogue {
  private readonly remembered = new Map<string, Remembered>();

  /**
   * Null where the list has no price: that is not 0.
   * @param at Milliseconds since 1970: prices change.
   */
  find(provider: string, model: string, at: number): Price | null {
    return this.look(provider, model, at).price;
  }

  contextWindow(provider: string, model: string, at: number): number | null {
    return this.look(provider, model, at).contextWindow;
  }

  private look(provider: string, model: string, at: number): Remembered {
    const key = `${provider}/${model}`;
    const known = this.remembered.get(key);
    if (known !== undefined && (known.until === Infinity || isWithin(known.until, at))) return known;
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    const found = lookUp(provider, model, at);
    this.remembered.set(key, found);
    return found;
  }
}

const isWithin = (until: number, at: number): boolean => at < until && at >= until - MINUTE_MS;

function lookUp(provider: string, model: string, at: number): Remembered {
  // Made here, out of nothing.
  if (provider === 'sandbox') return { price: free('sandbox'), contextWindow: null, until: Infinity };
  const place = placeOf(provider, model);
  const found =
    place === null ? null : calcPrice({}, place.model, { providerId: place.provider, timestamp: new Date(at) });
  if (found === null) return { price: null, contextWindow: null, until: Infinity };
  return {
    price: toPrice(found.model_price, `genai-prices@${CATALOGUE_VERSION}:${found.provider.id}/${found.model.id}`),
    contextWindow: found.model.context_window ?? null,
    until: Array.isArray(found.model.prices) ? (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS : Infinity,
  };
}

/** Where the list keeps a model of ours. */
function placeOf(provider: string, model: string): { readonly provider: string; readonly model: string } | null {
  if (provider === 'huggingface') {
    // `author/model:host`: the host makes the price, and without one nobody knows which it will be.
    const colon = model.lastIndexOf(':');
    return colon === -1 ? null : { provider: `huggingface_${model.slice(colon + 1)}`, model: model.slice(0, colon) };
  }
  const listed = PROVIDERS[provider];
  if (listed === undefined) return null;
  // `publisher/model` at Vertex.
  return { provider: listed, model: provider === 'google-vertex-ai' ? model.slice(model.indexOf('/') + 1) : model };
}

/** An entry without any price is one that nobody has filled in, unless its name says that the model is free. */
function toPrice(prices: ModelPrice, version: string): Price | null {
  if (Object.keys(prices).length === 0) return version.endsWith(':free') ? free(version) : null;
  const starts = new Set<number>();
  for (const price of Object.values(prices))
    if (typeof price === 'object') for (const { start } of price.tiers) starts.add(start);
  const tier = (above: number): PriceTier => ({ above, rates: ratesAt(prices, above) });
  return { source: 'catalogue', version, tiers: [tier(0), ...[...starts].toSorted((a, b) => a - b).map(tier)] };
}

const free = (version: string): Price => ({
  source: 'catalogue',
  version,
  tiers: [{ above: 0, rates: { input: 0n, output: 0n } }],
});

function ratesAt(prices: ModelPrice, above: number): Rates {
  const rates: Partial<Record<RateKind, bigint>> = {};
  for (const [key, kind, units] of KINDS) {
    const price = prices[key];
    if (price === undefined) continue;
    const dollars =
      typeof price === 'number' ? price : (price.tiers.findLast(({ start }) => start <= above)?.price ?? price.base);
    rates[kind] = toAttoUsd(dollars) / units;
  }
  return rates;
}
