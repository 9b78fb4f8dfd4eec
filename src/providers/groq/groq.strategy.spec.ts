import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { GroqStrategy } from './groq.strategy.js';

describe('GroqStrategy', () => {
  const strategy = new GroqStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  it.each([
    ['logprobs', true],
    ['top_logprobs', 2],
    ['logit_bias', { 1: 2 }],
    ['n', 2],
  ])('says that it does not take %s', (param, value) => {
    expect(() => sent(strategy, { [param]: value })).toThrow(
      expect.objectContaining({ key: 'unsupported_parameter', param }),
    );
  });

  it('leaves out what says nothing, and the names of messages', () => {
    const body = sent(strategy, { n: 1, logprobs: false, messages: [{ role: 'user', name: 'ann', content: 'Hi' }] });

    expect(body).toEqual({ model: 'some-model', messages: [{ role: 'user', content: 'Hi' }] });
  });

  it.each([
    ['qwen/qwen3-32b', {}, { reasoning_format: 'parsed' }],
    ['qwen/qwen3-32b', { reasoning_format: 'hidden' }, { reasoning_format: 'hidden' }],
    ['qwen/qwen3-32b', { include_reasoning: false }, { include_reasoning: false }],
    ['openai/gpt-oss-20b', {}, {}],
  ])('asks %s with %j to give reasoning apart', (model, given, expected) => {
    const { model: _model, messages: _messages, ...rest } = sent(strategy, given, model);

    expect(rest).toEqual(expected);
  });

  it('takes its own status 498 as an overload', () => {
    const error = strategy.readError(
      { status: 498, headers: {}, body: Buffer.from('{"error":{"message":"capacity exceeded"}}') },
      aTarget(strategy),
    );

    expect(error).toMatchObject({ status: 503, retryable: true });
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
