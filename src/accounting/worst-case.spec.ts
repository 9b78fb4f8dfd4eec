import { describe, expect, it } from '@jest/globals';
import { toAttoUsd } from '../common/money.js';
import type { ProviderCall } from '../providers/provider-strategy.js';
import type { Price, Rates } from './price.js';
import { worstCaseOf } from './worst-case.js';

const MILLION = 1e-6;
const priceOf = (dollars: Partial<Record<keyof Rates, number>>): Price => {
  const rates = Object.fromEntries(Object.entries(dollars).map(([kind, value]) => [kind, toAttoUsd(value * MILLION)]));
  return { source: 'catalogue', version: 'v', tiers: [{ above: 0, rates }] };
};
const chat = (body: Record<string, unknown>): ProviderCall => {
  const request = { model: 'openai/m', messages: [{ role: 'user', content: 'x'.repeat(100) }], ...body };
  return { kind: 'chat', request, raw: Buffer.from(JSON.stringify(request)), headers: [] };
};
const nativeCall = {
  kind: 'native',
  method: 'POST',
  path: '/v1/messages',
  request: { model: 'm', stream: false },
  upload: null,
  headers: [],
  credentials: [],
} as const;
const nothingKnown = { contextWindow: null, maxOutputTokens: null };

describe('worstCaseOf', () => {
  const price = priceOf({ input: 1, output: 10 });
  const inputOf = (call: ProviderCall) => Math.ceil(call.raw.length / 2) * 1000;

  it.each([
    ['max_completion_tokens', { max_completion_tokens: 50, max_tokens: 9 }, nothingKnown, 50],
    ['max_tokens', { max_tokens: 40 }, nothingKnown, 40],
    ['a limit for each choice', { max_tokens: 40, n: 3 }, nothingKnown, 120],
    ["the model's own limit", {}, { contextWindow: 1000, maxOutputTokens: 700 }, 700],
    ["the context's size", {}, { contextWindow: 1000, maxOutputTokens: null }, 1000],
    ['a long answer, where nobody knows', {}, nothingKnown, 32_768],
  ])('takes %s as the most that can come', (_name, body, sizes, tokens) => {
    const call = chat(body);

    expect(worstCaseOf(call, price, sizes)).toBe(inputOf(call) + tokens * 10_000);
  });

  it('takes no more input than fits into the context', () => {
    const call = chat({ max_tokens: 1, user: 'y'.repeat(10_000) });

    expect(worstCaseOf(call, price, { contextWindow: 1000, maxOutputTokens: null })).toBe(1_000_000 + 10_000);
  });

  it('counts what stands behind an address', () => {
    const url = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    const call = chat({ max_tokens: 1, messages: [{ role: 'user', content: [url] }] });

    expect(worstCaseOf(call, price, nothingKnown)).toBe(inputOf(call) + 2_000_000 + 10_000);
  });

  it('takes the dearest rate that the body can lead to', () => {
    const dear = priceOf({ input: 1, cacheWrite: 2, cacheWrite1h: 4, inputAudio: 8, output: 10, outputAudio: 20 });
    const tokens = (call: ProviderCall) => Math.ceil(call.raw.length / 2);
    const plain = chat({ max_tokens: 1 });
    const lasting = chat({ max_tokens: 1, cache_control: { type: 'ephemeral', ttl: '1h' } });
    const sound = chat({
      max_tokens: 1,
      modalities: ['audio'],
      messages: [{ role: 'user', content: [{ type: 'input_audio' }] }],
    });

    expect(worstCaseOf(plain, dear, nothingKnown)).toBe(tokens(plain) * 2000 + 10_000);
    expect(worstCaseOf(lasting, dear, nothingKnown)).toBe(tokens(lasting) * 4000 + 10_000);
    expect(worstCaseOf(sound, dear, nothingKnown)).toBe(tokens(sound) * 8000 + 20_000);
  });

  it.each([
    ['{"max_tokens": 7}', 7],
    ['{"generationConfig":{"maxOutputTokens":30}}', 30],
    ['{"inferenceConfig":{"maxTokens":31}}', 31],
    ['{"max_output_tokens":32,"input":"say \\"max_tokens\\": 99"}', 32],
    ['{"input":"hi"}', 32_768],
  ])("reads a provider's own words: %s", (body, tokens) => {
    const raw = Buffer.from(body);
    const call: ProviderCall = { ...nativeCall, raw };

    expect(worstCaseOf(call, price, nothingKnown)).toBe(Math.ceil(raw.length / 2) * 1000 + tokens * 10_000);
  });

  it('knows that embeddings have no output', () => {
    const request = { model: 'openai/e', input: 'hello' };
    const call: ProviderCall = { kind: 'embeddings', request, raw: Buffer.from(JSON.stringify(request)), headers: [] };

    expect(worstCaseOf(call, price, nothingKnown)).toBe(inputOf(call));
  });
});
