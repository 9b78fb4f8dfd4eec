import { describe, expect, it } from '@jest/globals';
import { repairUsage, toUsage } from './usage.js';

describe('toUsage', () => {
  it.each([
    [
      'plain counts',
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ],
    [
      'no total',
      { prompt_tokens: 1, completion_tokens: 2 },
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ],
    [
      'floats',
      { prompt_tokens: 1.0, completion_tokens: 2.4, total_tokens: 3 },
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ],
    ['only a prompt', { prompt_tokens: 5 }, { prompt_tokens: 5, completion_tokens: 0, total_tokens: 5 }],
    [
      'a total that holds more (audio)',
      { prompt_tokens: 4, completion_tokens: 5, total_tokens: 400 },
      { prompt_tokens: 4, completion_tokens: 5, total_tokens: 400 },
    ],
    [
      "reasoning outside, told by the total (xAI's)",
      {
        prompt_tokens: 9,
        completion_tokens: 30,
        total_tokens: 59,
        completion_tokens_details: { reasoning_tokens: 20 },
      },
      {
        prompt_tokens: 9,
        completion_tokens: 50,
        total_tokens: 59,
        completion_tokens_details: { reasoning_tokens: 20 },
      },
    ],
    [
      'reasoning outside, told by its size',
      { prompt_tokens: 9, completion_tokens: 1, completion_tokens_details: { reasoning_tokens: 20 } },
      {
        prompt_tokens: 9,
        completion_tokens: 21,
        total_tokens: 30,
        completion_tokens_details: { reasoning_tokens: 20 },
      },
    ],
    [
      'reasoning inside',
      {
        prompt_tokens: 9,
        completion_tokens: 30,
        total_tokens: 39,
        completion_tokens_details: { reasoning_tokens: 20 },
      },
      {
        prompt_tokens: 9,
        completion_tokens: 30,
        total_tokens: 39,
        completion_tokens_details: { reasoning_tokens: 20 },
      },
    ],
    [
      "DeepSeek's cache",
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10, prompt_cache_hit_tokens: 4 },
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10, prompt_tokens_details: { cached_tokens: 4 } },
    ],
    [
      "Mistral's cache, which is none",
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10, num_cached_tokens: 0 },
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10, prompt_tokens_details: { cached_tokens: 0 } },
    ],
    [
      'details that are null',
      {
        prompt_tokens: 9,
        completion_tokens: 1,
        total_tokens: 10,
        prompt_tokens_details: null,
        completion_tokens_details: { reasoning_tokens: null },
      },
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
    ],
  ])('reads %s', (_name, raw, expected) => {
    expect(toUsage(raw)).toEqual(expected);
  });

  it.each([[undefined], [null], ['9'], [[]], [{}], [{ prompt_tokens: null }], [{ prompt_tokens: -1 }]])(
    'is absent for %j',
    (raw) => {
      expect(toUsage(raw)).toBeUndefined();
    },
  );
});

describe('repairUsage', () => {
  it('gives back the same object when its counts mean what they say', () => {
    const raw = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, cost: 0.1 };

    expect(repairUsage(raw)).toBe(raw);
  });

  it("keeps a provider's own members", () => {
    const raw = { prompt_tokens: 1, completion_tokens: 2, cost: 0.1 };

    expect(repairUsage(raw)).toEqual({ ...raw, total_tokens: 3 });
  });
});
