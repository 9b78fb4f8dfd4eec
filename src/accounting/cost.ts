import { type NanoUsd, toNanoUsd } from '../common/money.js';
import type { Usage } from '../contract/chat-completion.js';
import { type Price, ratesFor, type Rates } from './price.js';

/**
 * Usage × price, summed in full and rounded once. Null where a rate is not known for something that was used: that is not 0.
 * Cached and written tokens lie inside `prompt_tokens`, as reasoning does in `completion_tokens`, so each is taken out of its whole
 * where it has a rate of its own, and never counted twice.
 */
export function costOf(usage: Usage, price: Price, webSearches = 0): NanoUsd | null {
  const rates = ratesFor(price, usage.prompt_tokens);
  const input = inputCost(usage, rates);
  const output = outputCost(usage, rates);
  if (input === null || output === null) return null;
  // Whoever wrote a price of their own meant it to be all; the catalogue may merely not know.
  if (webSearches > 0 && rates.webSearch === undefined && price.source === 'catalogue') return null;
  return toNanoUsd(input + output + BigInt(webSearches) * (rates.webSearch ?? 0n) + (rates.request ?? 0n));
}

function inputCost({ prompt_tokens: prompt, prompt_tokens_details: details }: Usage, rates: Rates): bigint | null {
  if (prompt === 0) return 0n;
  const { input } = rates;
  if (input === undefined) return null;
  const parts = new Parts(prompt);
  if (details !== undefined) {
    const { cacheRead = input, cacheWrite = input } = rates;
    const cached = details.cached_tokens ?? 0;
    const cachedAudio = Math.min(details.cached_audio_tokens ?? 0, cached);
    parts.take(cachedAudio, rates.cacheReadAudio ?? cacheRead);
    parts.take(cached - cachedAudio, cacheRead);
    const written = details.cache_write_tokens;
    const lasting = Math.min(details.cache_write_1h_tokens ?? 0, written ?? 0);
    parts.take(lasting, rates.cacheWrite1h ?? cacheWrite);
    parts.take(written === undefined ? undefined : written - lasting, cacheWrite);
    // What is cached is taken first: which of it was pictures nobody says.
    parts.take((details.audio_tokens ?? 0) - cachedAudio, rates.inputAudio);
    parts.take(details.image_tokens, rates.inputImage);
    parts.take(details.video_tokens, rates.inputVideo);
  }
  return parts.total(input);
}

function outputCost(
  { completion_tokens: tokens, completion_tokens_details: details }: Usage,
  rates: Rates,
): bigint | null {
  if (tokens === 0) return 0n;
  const { output } = rates;
  if (output === undefined) return null;
  const parts = new Parts(tokens);
  if (details !== undefined) {
    parts.take(details.reasoning_tokens, rates.reasoning);
    parts.take(details.audio_tokens, rates.outputAudio);
    parts.take(details.image_tokens, rates.outputImage);
  }
  return parts.total(output);
}

/** A number of tokens, parts of which have rates of their own. */
class Parts {
  private sum = 0n;

  constructor(private rest: number) {}

  /** Without a rate of its own a part stays with the rest. */
  take(tokens: number | undefined, rate: bigint | undefined): void {
    if (tokens === undefined || tokens <= 0 || rate === undefined) return;
    const taken = Math.min(tokens, this.rest);
    this.rest -= taken;
    this.sum += BigInt(taken) * rate;
  }

  total(rate: bigint): bigint {
    return this.sum + BigInt(this.rest) * rate;
  }
}
