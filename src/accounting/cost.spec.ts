import { describe, expect, it } from '@jest/globals';
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import type { Usage } from '../contract/chat-completion.js';
import { costOf } from './cost.js';
import { PriceCatalogue } from './price-catalogue.js';

/** An ordinary noon. */
const NOON = Date.parse('2026-11-23T12:00:00Z');
const catalogue = new PriceCatalogue();

function invoice(provider: string, model: string, usage: Usage, webSearches = 0, at = NOON): number | null {
  const price = catalogue.find(provider, model, at);
  return price === null ? null : costOf(usage, price, webSearches);
}

const tokens = (
  prompt: number,
  completion: number,
  input?: Usage['prompt_tokens_details'],
  output?: Usage['completion_tokens_details'],
): Usage => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...(input === undefined ? {} : { prompt_tokens_details: input }),
  ...(output === undefined ? {} : { completion_tokens_details: output }),
});

describe('golden invoices', () => {
  // Each was worked out by hand from the vendor's list: the sum in nano-dollars stands beside its parts.
  it.each<[name: string, provider: string, model: string, usage: Usage, nano: number]>([
    ['plain: 1,000 × 2.50 + 500 × 10 a million', 'openai', 'gpt-4o', tokens(1000, 500), 7_500_000],
    [
      'cached: 86 × 2.50 + 1,920 × 1.25 + 300 × 10',
      'openai',
      'gpt-4o-2024-08-06',
      tokens(2006, 300, { cached_tokens: 1920 }),
      5_615_000,
    ],
    [
      'cached, without a rate of its own: all 700 × 0.59',
      'groq',
      'llama-3.3-70b-versatile',
      tokens(700, 0, { cached_tokens: 512 }),
      413_000,
    ],
    [
      'cache write: 5 × 3 + 4,735 × 3.75 + 255 × 15',
      'anthropic',
      'claude-sonnet-4-5',
      tokens(4740, 255, { cached_tokens: 0, cache_write_tokens: 4735 }),
      21_596_250,
    ],
    [
      'cache write for an hour: 50 × 3 + 100 × 0.30 + 500 × 3.75 + 1,000 × 6 + 10 × 15',
      'anthropic',
      'claude-sonnet-4-5-20250929',
      tokens(1650, 10, { cached_tokens: 100, cache_write_tokens: 1500, cache_write_1h_tokens: 1000 }),
      8_205_000,
    ],
    [
      'reasoning lies inside the completion: 75 × 1.10 + 1,186 × 4.40',
      'openai',
      'o4-mini',
      tokens(75, 1186, undefined, { reasoning_tokens: 1024 }),
      5_300_900,
    ],
    [
      'reasoning at its own rate: 100 × 2 + 600 × 3 + 400 × 8',
      'perplexity-ai',
      'sonar-deep-research',
      tokens(100, 1000, undefined, { reasoning_tokens: 600 }),
      5_200_000,
    ],
    [
      'sound in: 40 × 0.30 + 320 × 1 + 12 × 2.50',
      'google-ai-studio',
      'gemini-2.5-flash',
      tokens(360, 12, { audio_tokens: 320 }),
      362_000,
    ],
    [
      'a picture out: 10 × 0.30 + 1,290 × 30 + 5 × 2.50',
      'google-ai-studio',
      'gemini-2.5-flash-image',
      tokens(10, 1295, undefined, { image_tokens: 1290 }),
      38_715_500,
    ],
    [
      'up to the tier: 200,000 × 1.25 + 10 × 10',
      'google-ai-studio',
      'gemini-2.5-pro',
      tokens(200_000, 10),
      250_100_000,
    ],
    [
      'beyond it, all of it: 200,001 × 2.50 + 10 × 15',
      'google-ai-studio',
      'gemini-2.5-pro',
      tokens(200_001, 10),
      500_152_500,
    ],
    ['a charge for the request: 12 in a thousand + 8 × 1 + 5 × 1', 'perplexity-ai', 'sonar', tokens(8, 5), 12_013_000],
    ['embeddings: 7 × 0.02', 'openai', 'text-embedding-3-small', tokens(7, 0), 140],
    [
      'half a nano-dollar goes up: 2 × 0.01875',
      'google-ai-studio',
      'gemini-1.5-flash',
      tokens(2, 0, { cached_tokens: 2 }),
      38,
    ],
    [
      'a region: 100 × 1.10 + 10 × 5.50',
      'aws-bedrock',
      'us.anthropic.claude-haiku-4-5-20251001-v1:0',
      tokens(100, 10),
      165_000,
    ],
    [
      "Vertex's publisher before the name: 4 × 1.25 + 1 × 10",
      'google-vertex-ai',
      'google/gemini-2.5-pro',
      tokens(4, 1),
      15_000,
    ],
    [
      'a model at a host: 1,000 × 0.59',
      'huggingface',
      'meta-llama/Llama-3.3-70B-Instruct:groq',
      tokens(1000, 0),
      590_000,
    ],
    ['free by its name', 'openrouter', 'qwen/qwq-32b:free', tokens(1000, 1000), 0],
    ['the sandbox', 'sandbox', 'echo', tokens(1000, 1000), 0],
  ])('%s', (_name, provider, model, usage, nano) => {
    expect(invoice(provider, model, usage)).toBe(nano);
  });

  it('counts searches apart: 2 × 10 in a thousand', () => {
    expect(invoice('anthropic', 'claude-haiku-4-5', tokens(1000, 100), 2)).toBe(21_500_000);
  });

  it('knows the hour', () => {
    const atNight = Date.parse('2026-11-23T20:00:00Z');

    expect(invoice('deepseek', 'deepseek-chat', tokens(1_000_000, 0))).toBe(270_000_000);
    expect(invoice('deepseek', 'deepseek-chat', tokens(1_000_000, 0), 0, atNight)).toBe(135_000_000);
  });

  it('knows the day', () => {
    const before = Date.parse('2026-03-12T12:00:00Z');

    expect(invoice('anthropic', 'claude-sonnet-4-6', tokens(300_000, 0), 0, before)).toBe(1_800_000_000);
    expect(invoice('anthropic', 'claude-sonnet-4-6', tokens(300_000, 0))).toBe(900_000_000);
  });

  it.each([
    ['a model that is not in the list', 'openai', 'nothing-like-it'],
    ['a provider that is not in the list', 'parallel', 'speed'],
    ['an entry that nobody filled in', 'google-ai-studio', 'gemma-3-27b-it'],
    ['a model whose host is not known', 'huggingface', 'meta-llama/Llama-3.3-70B-Instruct'],
  ])('does not know %s', (_name, provider, model) => {
    expect(invoice(provider, model, tokens(10, 10))).toBeNull();
  });

  it('does not know what an answer costs where only input has a price', () => {
    expect(invoice('openai', 'text-embedding-3-small', tokens(10, 10))).toBeNull();
  });
});

describe('costOf', () => {
  it("agrees with the library's own sum on every model of every provider that is known", async () => {
    const listed = new Map((await waitForUpdate())?.map(({ id, models }) => [id, models]));
    let compared = 0;
    for (const [provider, id] of Object.entries(SOME_PROVIDERS)) {
      for (const model of listed.get(id) ?? []) {
        const theirs = calcPrice(
          { input_tokens: 250_000, cache_read_tokens: 4321, cache_write_tokens: 1234, output_tokens: 777 },
          model.id,
          { providerId: id, timestamp: new Date(NOON) },
        );
        if (theirs === null || Object.keys(theirs.model_price).length === 0) continue;
        const ours = invoice(
          provider,
          model.id,
          tokens(250_000, 777, { cached_tokens: 4321, cache_write_tokens: 1234 }),
        );
        if (theirs.model_price['output_mtok'] === undefined || theirs.model_price['input_mtok'] === undefined) {
          expect(ours).toBeNull();
          continue;
        }
        // Their sum is in floating dollars.
        expect([model.id, Math.abs((ours ?? NaN) - theirs.total_price * 1e9) <= 0.6]).toEqual([model.id, true]);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(500);
  });
});

const SOME_PROVIDERS = {
  openai: 'openai',
  anthropic: 'anthropic',
  'google-ai-studio': 'google',
  'aws-bedrock': 'aws',
  'azure-openai': 'azure',
  grok: 'x-ai',
  groq: 'groq',
  mistral: 'mistral',
  openrouter: 'openrouter',
} as const;
