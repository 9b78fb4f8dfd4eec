import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { CerebrasStrategy } from './cerebras.strategy.js';

describe('CerebrasStrategy', () => {
  const strategy = new CerebrasStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Yes', reasoning_content: 'Hm.', reasoning_details: [] },
    { role: 'user', content: 'And?' },
  ];

  it.each([
    ['gpt-oss-120b', { role: 'assistant', content: 'Yes', reasoning: 'Hm.' }],
    ['zai-glm-4.7', { role: 'assistant', content: '<think>Hm.</think>Yes' }],
  ])('gives %s its reasoning back in its own form', (model, expected) => {
    expect(sent(strategy, { messages }, model)['messages']).toEqual([messages[0], expected, messages[2]]);
  });

  it('says that it makes one choice', () => {
    expect(() => sent(strategy, { n: 2 })).toThrow(
      expect.objectContaining({ key: 'unsupported_parameter', param: 'n' }),
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
