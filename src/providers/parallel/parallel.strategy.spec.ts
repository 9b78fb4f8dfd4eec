import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget, readStream } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { ParallelStrategy } from './parallel.strategy.js';

describe('ParallelStrategy', () => {
  const strategy = new ParallelStrategy();
  const fixtures = fileURLToPath(new URL('./__fixtures__', import.meta.url));

  describeProviderConformance(strategy, fixtures);

  const build = (body: Record<string, unknown>) =>
    strategy.buildChatRequest(aCall(body), aTarget(strategy)).body?.toString();
  const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });

  it.each([
    ['tools', { tools: [{ type: 'function', function: { name: 'f' } }] }],
    ['tool_choice', { tool_choice: 'required' }],
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['stop', { stop: ['x'] }],
    ['modalities', { modalities: ['audio'] }],
    [
      'messages[0].content[1]',
      user([
        { type: 'text', text: 'Look.' },
        { type: 'image_url', image_url: { url: 'https://a/b.png' } },
      ]),
    ],
    ['messages[0].content[0]', user([{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }])],
    ['messages[0]', { messages: [{ role: 'tool', tool_call_id: 'call_1', content: '4' }] }],
  ])('refuses %s, which Parallel would lose without a word', (param, body) => {
    expect(() => build(body)).toThrow(
      expect.objectContaining({
        key: 'unsupported_parameter',
        status: 400,
        param,
        message: expect.stringContaining('Parallel'),
      }),
    );
  });

  it('takes texts in parts, a schema, and values that mean none', () => {
    const format = { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } };

    const body = build({
      ...user([{ type: 'text', text: 'Hi' }]),
      response_format: format,
      n: 1,
      tools: [],
      tool_choice: 'none',
    });

    expect(JSON.parse(body ?? '')).toEqual({
      model: 'some-model',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      response_format: format,
    });
  });

  it('leaves what an answer is based on beside it', () => {
    const body = {
      id: 'a',
      object: 'chat.completion',
      created: 1,
      model: 'core',
      basis: [{ field: 'x' }],
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    };
    const bytes = Buffer.from(JSON.stringify(body));
    const chunk = {
      ...body,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    };

    expect(
      strategy.readChatCompletion({ status: 200, headers: {}, body: bytes }, aCall(), aTarget(strategy)).body,
    ).toBe(bytes);
    expect(readStream(strategy, [Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`)]).text).toContain(
      '"basis":[{"field":"x"}]',
    );
  });
});
