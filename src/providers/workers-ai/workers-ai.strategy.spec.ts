import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget, joinStream, readStream } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { Secret } from '../../common/secret.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { WorkersAiStrategy } from './workers-ai.strategy.js';

describe('WorkersAiStrategy', () => {
  const strategy = new WorkersAiStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  it('calls the account of the stored key, else that of the URL', () => {
    const settings = { account_id: 'a/b' };
    const credential = {
      source: 'stored',
      alias: 'default',
      keyId: 'key-1',
      secret: new Secret('x'),
      settings,
    } as const;

    const own = strategy.buildChatRequest(aCall(), aTarget(strategy, { credential }));
    const other = strategy.buildChatRequest(aCall(), aTarget(strategy));

    expect(own.path).toBe('/client/v4/accounts/a%2Fb/ai/v1/chat/completions');
    expect(other.path).toBe('/client/v4/accounts/account-1/ai/v1/chat/completions');
  });

  it.each([
    [{}, 2048],
    [{ max_tokens: null }, 2048],
    [{ max_tokens: 7 }, 7],
    [{ max_completion_tokens: 7 }, 7],
  ])('always says how long the answer may be: %j', (given, expected) => {
    expect(sent(strategy, given)['max_tokens']).toBe(expected);
  });

  it('flattens lists of texts, keeps lists with images, and has no null content', () => {
    const image = [
      { type: 'text', text: 'See' },
      { type: 'image_url', image_url: { url: 'data:' } },
    ];
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [] },
      { role: 'user', content: image },
    ];

    expect(sent(strategy, { messages })['messages']).toMatchObject([
      { content: 'a\nb' },
      { content: '' },
      { content: image },
    ]);
  });

  it.each([
    [403, 3036, 429],
    [500, 3042, 404],
    [500, 3007, 408],
    [400, 3006, 413],
    [403, 10000, 403],
    [400, 10000, 401],
  ])('takes status %i with code %i as %i', (status, code, expected) => {
    const body = { success: false, result: null, errors: [{ code, message: 'No.' }], messages: [] };

    const error = strategy.readError(
      { status, headers: {}, body: Buffer.from(JSON.stringify(body)) },
      aTarget(strategy),
    );

    expect(error.status).toBe(expected);
    expect(error.message).toContain('No.');
  });

  it('takes an envelope that says no, under a 200, as the error it is', () => {
    const body = Buffer.from('{"success":false,"errors":[{"code":3042,"message":"No such model"}],"result":null}');

    expect(() => strategy.readChatCompletion({ status: 200, headers: {}, body }, aCall(), aTarget(strategy))).toThrow(
      expect.objectContaining({ key: 'upstream_error', message: 'No such model' }),
    );
  });

  it('joins tool calls in fragments, and passes over the one of nulls', () => {
    const call = (fragment: unknown) => ({ choices: [{ delta: { tool_calls: [fragment] } }] });
    const events = [
      call({ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: null } }),
      call({ index: 0, id: null, type: null, function: { name: null, arguments: '{"x":' } }),
      call({ index: 0, id: null, type: null, function: { name: null, arguments: '1}' } }),
      call({ index: 0, id: null, type: null, function: { name: null, arguments: null } }),
      call({ index: 1, id: 'a', type: 'function', function: { name: 'g', arguments: { y: 2 } } }),
    ];
    const bytes = Buffer.from(
      events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('') + 'data: [DONE]\n\n',
    );

    const joined = joinStream(readStream(strategy, [bytes]).text);

    expect(joined.toolCalls).toMatchObject([
      { id: 'a', name: 'f', arguments: '{"x":1}' },
      { name: 'g', arguments: '{"y":2}' },
    ]);
    expect(joined.toolCalls[1]?.id).not.toBe('a');
    expect(joined.finishReasons).toEqual(['tool_calls']);
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
