import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { GrokStrategy } from './grok.strategy.js';

describe('GrokStrategy', () => {
  const strategy = new GrokStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  it.each([
    ['grok-3', 'presence_penalty', 0.5],
    ['grok-4.5', 'frequency_penalty', 1],
    ['grok-4.5', 'stop', 'x'],
    ['grok-4.20-fast', 'reasoning_effort', 'low'],
    ['grok-3', 'deferred', true],
  ])('says that %s does not take %s', (model, param, value) => {
    expect(() => sent(strategy, { [param]: value }, model)).toThrow(
      expect.objectContaining({ key: 'unsupported_parameter', param }),
    );
  });

  it('leaves out what says nothing, and lets stop pass where the model takes it', () => {
    const body = sent(strategy, { presence_penalty: 0, deferred: false, stop: ['x'] }, 'grok-4-fast-non-reasoning');

    expect(body).toMatchObject({ stop: ['x'] });
    expect(body).not.toHaveProperty('presence_penalty');
    expect(body).not.toHaveProperty('deferred');
  });

  it('takes the 400 for a bad key as a 401', () => {
    const body = {
      code: 'invalid-argument',
      error: 'Incorrect API key provided. You can obtain an API key from the console.',
    };

    const error = strategy.readError(
      { status: 400, headers: {}, body: Buffer.from(JSON.stringify(body)) },
      aTarget(strategy),
    );

    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', retryable: false });
    expect(error.details.metadata).toMatchObject({ upstream_status: 400 });
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
