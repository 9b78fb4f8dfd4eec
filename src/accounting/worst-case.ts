import { type NanoUsd, toNanoUsd } from '../common/money.js';
import type { ProviderCall } from '../providers/provider-strategy.js';
import { type Price, ratesFor } from './price.js';

/** What is known of a model's sizes, in tokens; null where nobody said. */
export interface ModelSizes {
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
}

/** JSON of texts holds fewer tokens than half its bytes, in every language that was tried. */
const BYTES_PER_TOKEN = 2;
/** A picture, a page or a sound that is named by its address. */
const TOKENS_PER_ADDRESS = 2_000;
/** An answer's length where neither the caller nor the model's sizes set a limit. */
const UNKNOWN_OUTPUT_TOKENS = 32_768;

/**
 * What a call may cost at the most, before it is made: for reserving it from a budget. Each kind of token that the body can make
 * the provider count is taken at the dearest rate there is for it.
 */
export function worstCaseOf(call: ProviderCall, price: Price, sizes: ModelSizes): NanoUsd {
  const { raw } = call;
  const inputTokens = Math.min(inputEstimate(raw), sizes.contextWindow ?? Infinity);
  const rates = ratesFor(price, inputTokens);
  const { input = 0n, output = 0n } = rates;
  const inputRate = dearest(
    input,
    rates.cacheWrite,
    raw.includes('"1h"') ? rates.cacheWrite1h : undefined,
    raw.includes('input_audio') ? rates.inputAudio : undefined,
    raw.includes('image_url') ? rates.inputImage : undefined,
  );
  const outputRate = dearest(
    output,
    rates.reasoning,
    raw.includes('"modalities"') ? dearest(output, rates.outputAudio, rates.outputImage) : undefined,
  );
  const outputTokens = maxOutputTokens(call, sizes);
  return toNanoUsd(BigInt(inputTokens) * inputRate + BigInt(outputTokens) * outputRate + (rates.request ?? 0n));
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

const dearest = (first: bigint, ...others: readonly (bigint | undefined)[]): bigint =>
  others.reduce<bigint>((most, rate) => (rate !== undefined && rate > most ? rate : most), first);
