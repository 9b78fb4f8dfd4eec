import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { DeepSeekStrategy } from './deepseek.strategy.js';

describe('DeepSeekStrategy', () => {
  const strategy = new DeepSeekStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  it.each([
    [{ max_completion_tokens: 5 }, { max_tokens: 5 }],
    [{ seed: 1 }, {}],
    [{ reasoning_effort: 'medium' }, { reasoning_effort: 'high' }],
    [{ reasoning_effort: 'max' }, { reasoning_effort: 'max' }],
    [{ reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
    [{ response_format: { type: 'json_object' } }, { response_format: { type: 'json_object' } }],
  ])('translates %j to %j', (given, expected) => {
    const { model: _model, messages: _messages, ...rest } = sent(strategy, given);

    expect(rest).toEqual(expected);
  });

  it('puts a schema into the prompt, since it knows JSON mode only', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } };

    const body = sent(strategy, {
      response_format: format,
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
      ],
    });

    expect(body['response_format']).toEqual({ type: 'json_object' });
    expect(body['messages']).toEqual([
      { role: 'system', content: expect.stringContaining(JSON.stringify(schema)) },
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]);
  });

  it('refuses a schema that is to be enforced', () => {
    const format = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: {} } };

    expect(() => sent(strategy, { response_format: format })).toThrow(
      expect.objectContaining({ param: 'response_format' }),
    );
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
