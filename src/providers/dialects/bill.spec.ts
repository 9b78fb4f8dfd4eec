import { describe, expect, it } from '@jest/globals';
import { toBill } from './bill.js';

describe('toBill', () => {
  it.each([
    ['OpenRouter', { cost: 0.00256995 }, { reported: 2_569_950 }],
    [
      "OpenRouter with one's own key",
      { cost: 0.0001, is_byok: true, cost_details: { upstream_inference_cost: 0.00417 } },
      { reported: 4_270_000 },
    ],
    [
      'OpenRouter with searches',
      { cost: 0, server_tool_use_details: { web_search_requests: 3 } },
      { reported: 0, webSearches: 3 },
    ],
    ['Perplexity', { cost: { input_cost: 0.1, total_cost: 0.00515 } }, { reported: 5_150_000 }],
    ['xAI', { cost_in_usd_ticks: 731_000 }, { reported: 73_100 }],
    ['Anthropic with searches', { server_tool_use: { web_search_requests: 2 } }, { webSearches: 2 }],
    [
      'Cohere, which bills less than it counts',
      { billed_units: { input_tokens: 377, output_tokens: 90 }, tokens: { input_tokens: 577 } },
      { billed: { prompt_tokens: 377, completion_tokens: 90, total_tokens: 467 } },
    ],
    ['a longer answer of xAI', { cost_in_usd_ticks: 64_718_500 }, { reported: 6_471_850 }],
  ])('reads %s', (_name, usage, bill) => {
    expect(toBill(usage)).toEqual(bill);
  });

  it.each([
    [undefined],
    [{}],
    [{ cost: 'free' }],
    [{ cost: -1 }],
    [{ cost: {} }],
    [{ cost_in_usd_ticks: null }],
    [{ cost_in_usd_ticks: 0 }],
  ])('finds nothing in %p', (usage) => {
    expect(toBill(usage)).toBeUndefined();
  });
});
