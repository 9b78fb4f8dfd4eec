import { describe, expect, it } from '@jest/globals';

import { assembleStream } from './index.js';

const sse = (...events: readonly unknown[]): string =>
  [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n'].join('');

const chunk = (delta: object, finish: string | null = null, index = 0) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index, delta, finish_reason: finish }],
  usage: null,
});

describe('assembleStream', () => {
  it('puts a chat completion together: text, reasoning, usage, more than one choice', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

    expect(
      assembleStream(
        `: ping\n\n${sse(
          chunk({ role: 'assistant', content: '' }),
          chunk({ reasoning_content: 'Hm' }),
          chunk({ reasoning_content: 'm.' }),
          chunk({ content: 'Hé' }),
          chunk({ content: 'other' }, null, 1),
          chunk({ content: 'llo' }),
          chunk({}, 'stop'),
          chunk({}, 'length', 1),
          { ...chunk({}), choices: [], usage },
        )}`,
      ),
    ).toEqual({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Héllo', reasoning_content: 'Hmm.' },
          finish_reason: 'stop',
        },
        { index: 1, message: { role: 'assistant', content: 'other' }, finish_reason: 'length' },
      ],
      usage,
    });
  });

  it('puts tool calls together, each by its position', () => {
    const call = (index: number, more: object) => chunk({ tool_calls: [{ index, ...more }] });

    const answer = assembleStream(
      sse(
        call(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '' } }),
        call(0, { function: { arguments: '{"x"' } }),
        call(1, { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } }),
        call(0, { function: { arguments: ':1}' } }),
        chunk({}, 'tool_calls'),
      ),
    );

    expect(answer).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            tool_calls: [
              { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
              { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
            ],
          },
        },
      ],
    });
  });

  it('shows as much of a stream that broke off as came, and the error that ended it', () => {
    const error = { message: 'It broke off.' };

    expect(assembleStream(`${sse(chunk({ content: 'Hel' }), { error })}data: {"choi`)).toMatchObject({
      choices: [{ message: { content: 'Hel' }, finish_reason: null }],
      error,
    });
  });

  it("puts Anthropic's messages together", () => {
    const events = [
      {
        type: 'message_start',
        message: { id: 'msg', role: 'assistant', content: [], usage: { input_tokens: 3, output_tokens: 1 } },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'sig' } },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'He' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'llo' } },
      { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"x"' } },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: ':1}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ].map((event) => `event: ${event.type}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`);

    expect(assembleStream(events.join(''))).toEqual({
      id: 'msg',
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'sig' },
        { type: 'text', text: 'Hello' },
        { type: 'tool_use', id: 't', name: 'f', input: { x: 1 } },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 3, output_tokens: 9 },
    });
  });

  it("puts Gemini's pieces together", () => {
    const piece = (parts: readonly object[], more: object = {}) => ({
      candidates: [{ content: { role: 'model', parts }, index: 0, ...more }],
    });

    expect(
      assembleStream(
        sse(
          piece([{ text: 'Hm', thought: true }]),
          piece([{ text: 'He' }]),
          piece([{ text: 'llo' }, { functionCall: { name: 'f', args: {} } }], { finishReason: 'STOP' }),
        ),
      ),
    ).toEqual({
      candidates: [
        {
          index: 0,
          content: {
            role: 'model',
            parts: [{ text: 'Hm', thought: true }, { text: 'Hello' }, { functionCall: { name: 'f', args: {} } }],
          },
          finishReason: 'STOP',
        },
      ],
    });
  });

  it("takes the last word of OpenAI's Responses", () => {
    expect(
      assembleStream(
        sse(
          { type: 'response.created', response: { id: 'r', status: 'in_progress' } },
          { type: 'response.output_text.delta', delta: 'x' },
          { type: 'response.completed', response: { id: 'r', status: 'completed' } },
        ),
      ),
    ).toEqual({ id: 'r', status: 'completed' });
  });

  it('makes nothing of streams that it does not know', () => {
    expect(assembleStream('data: {"audio":"…"}\n\n')).toBeNull();
  });
});
