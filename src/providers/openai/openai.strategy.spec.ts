import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { OpenAiStrategy } from './openai.strategy.js';

describe('OpenAiStrategy', () => {
  const strategy = new OpenAiStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  it.each([
    ['gpt-4o', { max_tokens: 5, temperature: 0.2, stop: 'x' }, { max_tokens: 5, temperature: 0.2, stop: 'x' }],
    ['gpt-5-chat-latest', { max_tokens: 5, temperature: 0.2 }, { max_tokens: 5, temperature: 0.2 }],
    ['o3', { max_tokens: 5 }, { max_completion_tokens: 5 }],
    ['gpt-5-mini', { max_tokens: 5, max_completion_tokens: 7 }, { max_completion_tokens: 7 }],
    ['o4-mini', { temperature: 1, top_p: 1, presence_penalty: 0, logprobs: false, stop: [], logit_bias: {} }, {}],
    ['o1', { parallel_tool_calls: true }, {}],
    [
      'gpt-5.2',
      { reasoning_effort: 'none', temperature: 0.2, logprobs: true },
      { reasoning_effort: 'none', temperature: 0.2, logprobs: true },
    ],
    ['gpt-5.2', { temperature: 1 }, {}],
    ['gpt-7', { max_tokens: 5, stop: 'x' }, { max_tokens: 5, stop: 'x' }],
  ])('sends %s what it takes of %j', (model, given, expected) => {
    const { model: _model, messages: _messages, ...rest } = sent(strategy, given, model);

    expect(rest).toEqual(expected);
  });

  it.each([
    ['o3', 'temperature', 0.2],
    ['gpt-5', 'top_p', 0.5],
    ['gpt-5', 'logprobs', true],
    ['gpt-5.2', 'presence_penalty', 1],
    ['o4-mini', 'stop', ['x']],
    ['o1', 'parallel_tool_calls', false],
    ['o3-mini', 'logit_bias', { 50256: -100 }],
  ])('says that %s does not take %s', (model, param, value) => {
    expect(() => sent(strategy, { [param]: value }, model)).toThrow(
      expect.objectContaining({
        key: 'unsupported_parameter',
        status: 400,
        param,
        message: expect.stringContaining(model),
      }),
    );
  });

  it('shortens ids of tool calls that other providers made, in the call and its result', () => {
    const long = `toolu_${'x'.repeat(60)}`;
    const messages = [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: long, type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: long, content: '4' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
    ];

    const text = JSON.stringify(sent(strategy, { messages })['messages']);

    const ids = [...text.matchAll(/"(?:id|tool_call_id)":"([^"]+)"/g)].map((match) => match[1]);
    expect(ids[0]).toMatch(/^call_[0-9a-f]{32}$/);
    expect(ids).toEqual([ids[0], ids[0], 'call_1']);
  });

  it('does not try again where the money has run out', () => {
    const body = {
      error: { message: 'You exceeded your current quota.', type: 'insufficient_quota', code: 'insufficient_quota' },
    };

    const error = strategy.readError(
      { status: 429, headers: {}, body: Buffer.from(JSON.stringify(body)) },
      aTarget(strategy),
    );

    expect(error).toMatchObject({ status: 429, code: 'insufficient_quota', retryable: false });
  });
});

/** The body as the provider gets it. */
function sent(
  strategy: ProviderStrategy,
  body: Record<string, unknown>,
  model = 'some-model',
): Record<string, unknown> {
  const { body: bytes } = strategy.buildChatRequest(aCall(body), aTarget(strategy, { model }));
  return z.record(z.string(), z.unknown()).parse(JSON.parse(bytes?.toString() ?? ''));
}
