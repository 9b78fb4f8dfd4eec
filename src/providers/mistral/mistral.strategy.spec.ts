import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import type { ProviderStrategy } from '../provider-strategy.js';
import { MistralStrategy } from './mistral.strategy.js';

describe('MistralStrategy', () => {
  const strategy = new MistralStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));

  it('sends its own schema and no more', () => {
    const body = sent(strategy, {
      max_completion_tokens: 5,
      seed: 1,
      user: 'u',
      store: true,
      stream: true,
      stream_options: { include_usage: true },
      service_tier: 'auto',
      logprobs: false,
      tools: [],
      temperature: 0.5,
    });

    expect(Object.keys(body).toSorted()).toEqual([
      'max_tokens',
      'messages',
      'model',
      'random_seed',
      'stream',
      'temperature',
    ]);
    expect(body).toMatchObject({ max_tokens: 5, random_seed: 1 });
  });

  it.each([
    ['logprobs', true],
    ['logit_bias', { 1: 2 }],
    ['verbosity', 'low'],
    ['modalities', ['audio']],
  ])('says that it does not take %s', (param, value) => {
    expect(() => sent(strategy, { [param]: value })).toThrow(
      expect.objectContaining({ key: 'unsupported_parameter', param }),
    );
  });

  const history = [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', name: 'ann', content: 'Weather?' },
    {
      role: 'assistant',
      content: null,
      refusal: null,
      reasoning_content: 'Hm.',
      tool_calls: [
        {
          id: 'call_long_foreign_id',
          type: 'function',
          function: { name: 'f', arguments: '{}', parsed_arguments: {} },
        },
      ],
    },
    { role: 'tool', tool_call_id: 'call_long_foreign_id', content: '4' },
  ];

  it('gives calls and results ids of nine letters and digits, and drops what its messages do not have', () => {
    const { messages } = sent(strategy, { messages: history }, 'mistral-large-latest');
    const [system, user, assistant, tool] = z
      .array(z.looseObject({ tool_calls: z.array(z.looseObject({ id: z.string() })).optional() }))
      .parse(messages);
    const id = assistant?.tool_calls?.[0]?.id;

    expect(id).toMatch(/^[A-Za-z0-9]{9}$/);
    expect([system, user, tool]).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather?' },
      { role: 'tool', tool_call_id: id, content: '4' },
    ]);
    expect(assistant).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
    });
  });

  it('leaves the ids to the models it hosts, and gives Magistral its thinking back', () => {
    expect(JSON.stringify(sent(strategy, { messages: history }, 'zai-glm-5-2'))).toContain('call_long_foreign_id');
    expect(sent(strategy, { messages: history }, 'magistral-medium-latest')['messages']).toMatchObject([
      {},
      {},
      { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm.' }] }] },
      {},
    ]);
  });

  it('marks an answer that the caller has begun', () => {
    const { messages } = sent(strategy, {
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'We' },
      ],
    });

    expect(messages).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'We', prefix: true },
    ]);
  });

  it('takes its 422 as a 400 that names the field', () => {
    const detail = [
      { type: 'extra_forbidden', loc: ['body', 'user'], msg: 'Extra inputs are not permitted', input: 'x' },
    ];
    for (const body of [{ object: 'error', message: { detail }, type: 'invalid_request_error' }, { detail }]) {
      const error = strategy.readError(
        { status: 422, headers: {}, body: Buffer.from(JSON.stringify(body)) },
        aTarget(strategy),
      );

      expect(error).toMatchObject({
        status: 400,
        type: 'invalid_request_error',
        param: 'user',
        message: 'user: Extra inputs are not permitted',
        retryable: false,
      });
    }
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
