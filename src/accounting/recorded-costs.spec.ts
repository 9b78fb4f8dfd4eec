import { describe, expect, it } from '@jest/globals';
import { calcPrice, extractUsage, findProvider, type Usage as LibraryUsage } from '@pydantic/genai-prices';
import { framesOf } from '../../test/support/bedrock-frames.js';
import { hasFixtures, type RecordedExchange } from '../../test/support/fixtures.js';
import { readRecordedAnswers, type RecordedAnswer } from '../../test/support/provider-survey.js';
import { isObject, type JsonObject, parseJson } from '../providers/dialects/openai-chat/json-value.js';
import { type CallCost, toCallCost } from './call-cost.js';
import { PriceCatalogue } from './price-catalogue.js';

const AT = Date.parse('2026-11-23T12:00:00Z');
const catalogue = new PriceCatalogue();

const priceOf = ({ strategy, model, facts }: RecordedAnswer) =>
  (facts.model === undefined ? null : catalogue.find(strategy.id, facts.model, AT)) ??
  catalogue.find(strategy.id, model, AT);

const costOf = (answer: RecordedAnswer): CallCost =>
  toCallCost(answer.facts.usage ?? null, priceOf(answer), answer.facts.bill, null);

const object = (value: unknown): JsonObject => (isObject(value) ? value : {});
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The JSON documents of an answer, in order: the test's own reading of it, not the code's. */
function documentsOf({ body, sse, frames }: RecordedExchange): JsonObject[] {
  const whole = typeof body === 'string' ? parseJson(body) : body;
  const events = (sse ?? '')
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => parseJson(line.slice(5)));
  const payloads = frames === null ? [] : framesOf(frames).map(({ payload }) => payload);
  return [...(Array.isArray(whole) ? whole : [whole]), ...events, ...payloads].filter(isObject);
}

/** Everything the vendor said of usage, later over earlier. */
function vendorUsage(exchange: RecordedExchange): JsonObject | null {
  const places = documentsOf(exchange).flatMap((doc) => [
    doc['usage'],
    doc['usageMetadata'],
    object(doc['message'])['usage'],
    object(doc['response'])['usage'],
    object(doc['delta'])['usage'],
    object(doc['x_groq'])['usage'],
  ]);
  const said = places.filter(isObject).map((usage) => Object.entries(usage).filter(([, value]) => value !== null));
  return said.length === 0 ? null : Object.fromEntries(said.flat());
}

/** Tokens in and out, by the mapping of docs/providers.md. */
function mapped(usage: JsonObject, provider: string): readonly [input: number, output: number] {
  const of = (...names: readonly string[]) => names.reduce((sum, name) => sum + number(usage[name]), 0);
  if ('promptTokenCount' in usage || 'totalTokenCount' in usage)
    return [of('promptTokenCount', 'toolUsePromptTokenCount'), of('candidatesTokenCount', 'thoughtsTokenCount')];
  if ('inputTokens' in usage)
    return [of('inputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'), of('outputTokens')];
  if (isObject(usage['tokens']))
    return [number(usage['tokens']['input_tokens']), number(usage['tokens']['output_tokens'])];
  if (provider === 'anthropic' || 'cache_creation_input_tokens' in usage)
    return [of('input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'), of('output_tokens')];
  if ('input_tokens' in usage) return [of('input_tokens'), of('output_tokens')];
  const reasoning = number(object(usage['completion_tokens_details'])['reasoning_tokens']);
  const isOutside =
    reasoning > 0 && of('prompt_tokens', 'completion_tokens') + reasoning === number(usage['total_tokens']);
  return [of('prompt_tokens'), of('completion_tokens') + (isOutside ? reasoning : 0)];
}

/** What each provider is called in the library. */
const LIBRARY: Readonly<Record<string, string>> = {
  anthropic: 'anthropic',
  'aws-bedrock': 'aws',
  'azure-openai': 'azure',
  cerebras: 'cerebras',
  cohere: 'cohere',
  deepseek: 'deepseek',
  'google-ai-studio': 'google',
  'google-vertex-ai': 'google',
  grok: 'x-ai',
  groq: 'groq',
  mistral: 'mistral',
  openai: 'openai',
  openrouter: 'openrouter',
};

/** The library's own reading of a whole answer, by the flavour of API that finds most in it, at Cohere what is billed; null where it has none. */
function libraryUsage({ strategy, exchange: { body } }: RecordedAnswer): LibraryUsage | null {
  const provider = findProvider({ providerId: LIBRARY[strategy.id] ?? 'nobody' });
  if (provider === undefined || !isObject(body)) return null;
  const flavours = strategy.id === 'cohere' ? ['default'] : (provider.extractors ?? []).map((one) => one.api_flavor);
  const readings = flavours.flatMap((flavour) => {
    try {
      return [extractUsage(provider, { model: 'm', modelVersion: 'm', ...body }, flavour).usage];
    } catch {
      return []; // Not of this flavour.
    }
  });
  return readings.toSorted((a, b) => Object.keys(b).length - Object.keys(a).length)[0] ?? null;
}

(hasFixtures ? describe : describe.skip)('recorded answers of every provider', () => {
  const answers = hasFixtures ? readRecordedAnswers() : [];
  const byId = new Map(answers.map((answer) => [answer.exchange.id, answer]));

  it('have the usage that the vendor says, by the mapping', () => {
    const compared: Record<string, number> = {};
    for (const { strategy, exchange, facts } of answers) {
      const usage = vendorUsage(exchange);
      if (usage === null || exchange.api === 'embeddings') continue;
      const { prompt_tokens: input, completion_tokens: output } = facts.usage ?? {};
      expect([exchange.id, input ?? 0, output ?? 0]).toEqual([exchange.id, ...mapped(usage, strategy.id)]);
      compared[strategy.id] = (compared[strategy.id] ?? 0) + 1;
    }

    // Workers AI has none in what was recorded.
    expect(Object.keys(compared).toSorted()).toEqual(
      [...Object.keys(LIBRARY), 'huggingface', 'perplexity-ai'].toSorted(),
    );
    expect(Object.values(compared).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(550);
  });

  // Worked out by hand: dollars a million times tokens, in nano-dollars.
  it.each([
    [
      'anthropic-chat-web-search-tool-stream-claude-sonnet-4-0-5842b0f',
      '17 × 3 + 16,242 × 0.30 + 23,258 × 3.75 + 515 × 15, and 2 searches at 10 a thousand',
      119_866_100,
    ],
    [
      'bedrock-chat-cache-messages-with-image-as-last-content-1aca112',
      '3 × 3.30 + 2,074 × 4.125 + 288 × 16.50',
      13_317_150,
    ],
    ['azure-openai-chat-azurethinking-azure-gpt-5-mini-thinking-1fb9afe', '176 × 0.25 + 645 × 2', 1_334_000],
    ['cerebras-chat-cererebras-structured-output-tools-1-b5db6c2', '322 × 2.25 + 104 × 2.75', 1_010_500],
    [
      'cohere-chat-chat-string-tool-results-command-a-03-2025-preserves-459754c',
      '50 × 2.50 + 4 × 10: what is billed of 1,537 and 18',
      165_000,
    ],
    ['deepseek-chat-deferred-capability-with-thinking-3f4bfef', '80 × 0.22 + 896 × 0.007 + 61 × 0.66', 64_132],
    [
      'google-ai-studio-chat-gemini-use-cache-with-text-2-c2c57e2',
      '16 × 0.075 + 88,759 × 0.01875 + 116 × 0.30, rounded',
      1_700_231,
    ],
    ['vertex-chat-generate-content-with-files-44c7c20', '521 × 1.25 + 429 × 10', 4_941_250],
    [
      'xai-chat-openaicompatiblecommon-grok-code-fast-multi-tool-955befa',
      '101 × 0.20 + 640 × 0.02 + (15 + 110) × 1.50, which is what xAI says itself: 2,205,000 ticks',
      220_500,
    ],
    ['groq-chat-reasoning-f40efad', '17 × 0.29 + 649 × 0.59', 387_840],
    [
      'mistral-chat-multimodal-tool-return-matrix-direct-url-force-download-docu-76b7ca8',
      '21 × 1.50 + 976 × 0.15 + 155 × 7.50',
      1_340_400,
    ],
    ['openai-chat-chat-prompt-cache-e2e-6471354', '8 × 4 + 4,012 × 5 + 4 × 20', 20_172_000],
    [
      'openai-responses-responses-model-web-search-tool-stream-8c8a771',
      '1,143 × 1.25 + 8,320 × 0.125 + 582 × 10',
      8_288_750,
    ],
    ['openrouter-chat-chat-web-search-with-openai-gpt-5-2-searches-tran-29dbdd1', 'what OpenRouter says', 66_407_000],
    ['perplexity-responses-agent-web-search-be51bf0', 'what Perplexity says', 1_190_000],
  ])('%s: %s', (id, _sum, nano) => {
    const answer = byId.get(id);
    if (answer === undefined) throw new Error('It is not there.');

    expect(costOf(answer).charged).toBe(nano);
  });

  it("cost what the price library's own reading of the answer comes to", () => {
    const compared: Record<string, number> = {};
    for (const answer of answers) {
      const { strategy, exchange, model, facts } = answer;
      const usage = libraryUsage(answer);
      const price = priceOf(answer);
      if (usage === null || price === null || facts.usage === undefined) continue;
      // It does not read what these say of their caches, and Azure's Grok says of its own what cannot be.
      const cached = facts.usage.prompt_tokens_details?.cached_tokens ?? 0;
      if (cached !== (usage['cache_read_tokens'] ?? 0) || cached > facts.usage.prompt_tokens) continue;
      const name =
        facts.model !== undefined && catalogue.find(strategy.id, facts.model, AT) !== null ? facts.model : model;
      const theirs = calcPrice(usage, name.replace(/^(?:google|anthropic)\//, ''), {
        providerId: LIBRARY[strategy.id] ?? '',
        timestamp: new Date(AT),
      });
      if (theirs === null) continue;
      const { computed } = toCallCost(facts.usage, price, facts.bill, null);
      // A catalogue without a price for the searches that were made is a price that is not known; the library says 0.
      if (computed === null && (facts.bill?.webSearches ?? 0) > 0) continue;

      // Theirs is in floating dollars.
      expect([exchange.id, Math.abs((computed ?? NaN) - theirs.total_price * 1e9) < 0.6]).toEqual([exchange.id, true]);
      compared[strategy.id] = (compared[strategy.id] ?? 0) + 1;
    }

    expect(Object.keys(compared).toSorted()).toEqual(Object.keys(LIBRARY).toSorted());
    expect(Object.values(compared).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(350);
  });

  it('cost what xAI and OpenRouter say themselves, where they charge for tokens alone and as the catalogue has it', () => {
    const told = answers.map(costOf).filter(({ reported, computed }) => reported !== null && computed !== null);
    const equal = told.filter(({ reported, computed }) => Math.abs((reported ?? 0) - (computed ?? 0)) <= 1);

    expect(told.length).toBeGreaterThan(50);
    // The others are prices of another day, and searches.
    expect(equal.length / told.length).toBeGreaterThan(0.9);
    expect(told.every(({ charged, reported, basis }) => basis === 'reported' && charged === reported)).toBe(true);
  });

  it('are not known to cost anything where there is no price, or no count', () => {
    const known = new Set(['reported', 'catalogue']);
    const others = answers.map(costOf).filter(({ basis }) => !known.has(basis));

    expect(others.length).toBeGreaterThan(0);
    expect(others.every(({ charged, basis }) => charged === null && ['unpriced', 'uncounted'].includes(basis))).toBe(
      true,
    );
  });
});
