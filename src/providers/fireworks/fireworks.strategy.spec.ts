import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { FireworksStrategy } from './fireworks.strategy.js';

describe('FireworksStrategy', () => {
  const strategy = new FireworksStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  it('does not ask for usage, which comes anyway, and knows one name of the limit', () => {
    const body = sent(strategy, { stream: true, stream_options: { include_usage: true }, max_completion_tokens: 5 });

    expect(body).toMatchObject({ stream: true, max_tokens: 5 });
    expect(body).not.toHaveProperty('stream_options');
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
