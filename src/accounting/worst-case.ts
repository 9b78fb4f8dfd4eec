import type { NanoUsd } from '../common/money.js';
import type { ProviderCall } from '../providers/provider-strategy.js';
import { type Price, ratesFor, type Rates } from './price.js';

/** What is known of a model's sizes, in tokens; null where nobody said. */
export interface ModelSizes {
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
}

/** JSON of texts holds fewer tokens than half its bytes, in every language that was tried. */
const BYTES_PER_TOKEN = 2;
/** A picture, a page or a sound that is named by its address. */
const TOKENS_PER_ADDRESS = 2_000;
const ATTO_PER_NANO = 1e9;
/** Nano-dollars that a sum of fractions may be off by: so much more is not rounded up. */
const ROUNDING = 1e-6;
/** An answer's length where neither the caller nor the model's sizes set a limit. */
const UNKNOWN_OUTPUT_TOKENS = 32_768;

/**
 * What a call may cost at the most, before it is made: for reserving it from a budget. Each kind of token that the body can make
 * the provider count is taken at the dearest rate there is for it.
 */
export function worstCaseOf(call: ProviderCall, price: Price, sizes: ModelSizes): NanoUsd {
  const { raw } = call;
  const inputTokens = Math.min(inputEstimate(raw), sizes.contextWindow ?? Infinity);
  const outputTokens = maxOutputTokens(call, sizes);
  const rates = worstRatesOf(ratesFor(price, inputTokens));
  let inputRate = rates.input;
  if (rates.cacheWrite1h > inputRate && raw.includes('"1h"')) inputRate = rates.cacheWrite1h;
  if (rates.inputAudio > inputRate && raw.includes('input_audio')) inputRate = rates.inputAudio;
  if (rates.inputImage > inputRate && raw.includes('image_url')) inputRate = rates.inputImage;
  const hasModalities = rates.outputMedia > rates.output && raw.includes('"modalities"');
  const outputRate = hasModalities ? rates.outputMedia : rates.output;
  return Math.max(0, Math.ceil(inputTokens * inputRate + outputTokens * outputRate + rates.request - ROUNDING));
}

function inputEstimate(raw: Buffer): number {
  let tokens = Math.ceil(raw.length / BYTES_PER_TOKEN);
  for (let at = raw.indexOf('"http'); at !== -1; at = raw.indexOf('"http', at + 1)) tokens += TOKENS_PER_ADDRESS;
  return tokens;
}

function maxOutputTokens(call: ProviderCall, sizes: ModelSizes): number {
  if (call.kind === 'embeddings') return 0;
  const unlimited = sizes.maxOutputTokens ?? sizes.contextWindow ?? UNKNOWN_OUTPUT_TOKENS;
  if (call.kind === 'native') return nativeLimit(call.raw) ?? unlimited;
  const { max_completion_tokens: wanted, max_tokens: older, n } = call.request;
  return (wanted ?? older ?? unlimited) * (n ?? 1);
}

/** Inside a text of the body the quotes would be escaped. */
const NATIVE_LIMITS = /"(?:max_tokens|max_completion_tokens|max_output_tokens|maxOutputTokens|maxTokens)"\s*:\s*(\d+)/g;

/** The greatest limit that a body in a provider's own words names; null where it names none. */
function nativeLimit(raw: Buffer): number | null {
  const limits = Array.from(raw.toString('latin1').matchAll(NATIVE_LIMITS), ([, digits]) => Number(digits));
  return limits.length === 0 ? null : Math.max(...limits);
}

/** The dearest rates there may be, in nano-dollars: fractions do, since the sum is rounded up. Those that have to be asked for stand apart. */
interface WorstRates {
  readonly input: number;
  readonly cacheWrite1h: number;
  readonly inputAudio: number;
  readonly inputImage: number;
  readonly output: number;
  /** Where the caller asks for more than text. */
  readonly outputMedia: number;
  readonly request: number;
}

/** By the rates they were made from: those never change in place. */
const made = new WeakMap<Rates, WorstRates>();

function worstRatesOf(rates: Rates): WorstRates {
  let worst = made.get(rates);
  if (worst === undefined) {
    const output = dearest(rates.output, rates.reasoning);
    worst = {
      input: dearest(rates.input, rates.cacheWrite),
      cacheWrite1h: dearest(rates.cacheWrite1h),
      inputAudio: dearest(rates.inputAudio),
      inputImage: dearest(rates.inputImage),
      output,
      outputMedia: Math.max(output, dearest(rates.outputAudio, rates.outputImage)),
      request: dearest(rates.request),
    };
    made.set(rates, worst);
  }
  return worst;
}

const dearest = (...rates: readonly (bigint | undefined)[]): number =>
  Math.max(...rates.map((rate) => Number(rate ?? 0n) / ATTO_PER_NANO));
