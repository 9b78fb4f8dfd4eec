import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget, joinStream, readStream } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { OpenRouterStrategy } from './openrouter.strategy.js';

describe('OpenRouterStrategy', () => {
  const strategy = new OpenRouterStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  it('lets its own parameters travel', () => {
    const own = {
      provider: { order: ['x'] },
      models: ['a', 'b'],
      reasoning: { effort: 'low' },
      plugins: [{ id: 'web' }],
    };

    expect(sent(strategy, own)).toMatchObject(own);
  });

  it('takes a finish of error, with the error beside it, as a failure', () => {
    const events = [
      { choices: [{ index: 0, delta: { role: 'assistant', content: 'He' }, finish_reason: null }] },
      {
        error: { code: 'server_error', message: 'Provider disconnected' },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      },
    ].map((event) => ({
      id: 'gen-1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      provider: 'X',
      ...event,
    }));
    const bytes = Buffer.from(
      events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('') + 'data: [DONE]\n\n',
    );

    const { text, translator } = readStream(strategy, [bytes]);

    expect(translator).toMatchObject({
      status: 'failed',
      error: { message: 'Provider disconnected', status: 502, code: 'server_error' },
    });
    expect(joinStream(text)).toMatchObject({ content: 'He', dones: 0 });
  });

  it('says that the model behind it was too slow', () => {
    const error = strategy.readError(
      { status: 408, headers: {}, body: Buffer.from('{"error":{"code":408,"message":"Timed out"}}') },
      aTarget(strategy),
    );

    expect(error).toMatchObject({ status: 504, code: 'timeout', retryable: true });
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
