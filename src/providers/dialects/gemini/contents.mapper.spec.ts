import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { aTarget } from '../../../../test/support/chat-streams.js';
import { chatCompletionRequestSchema } from '../../../contract/chat-completion-request.schema.js';
import { GoogleAiStudioStrategy } from '../../google-ai-studio/google-ai-studio.strategy.js';
import { toConversation } from './contents.mapper.js';
import { traitsOf } from './gemini-traits.catalog.js';
import { SIGNATURE_PLACEHOLDER } from './thought-signature.js';

type Messages = z.input<typeof chatCompletionRequestSchema>['messages'];

const context = { name: 'Gemini', target: aTarget(new GoogleAiStudioStrategy()) };
const conversation = (messages: Messages, model = 'gemini-3-flash-preview', callIds = true) =>
  toConversation(
    chatCompletionRequestSchema.parse({ model: 'x', messages }),
    { traits: traitsOf(model), callIds },
    context,
  );
const contents = (...args: Parameters<typeof conversation>) => conversation(...args).contents;

const user = { role: 'user', content: 'Weather?' };
const call = (id: string, name = 'f', extra = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: '{"a":1}' },
  ...extra,
});
const assistant = (...tool_calls: ReturnType<typeof call>[]) => ({ role: 'assistant', content: null, tool_calls });
const result = (tool_call_id: string, content: string | { type: string }[] = '{"ok":true}', extra = {}) => ({
  role: 'tool',
  tool_call_id,
  content,
  ...extra,
});
const signed = (signature: string) => ({ extra_content: { google: { thought_signature: signature } } });

describe('messages as contents', () => {
  it('gathers instructions wherever they stand', () => {
    const { systemInstruction, contents: turns } = conversation([
      { role: 'system', content: 'One.' },
      user,
      { role: 'developer', content: [{ type: 'text', text: 'Two.' }] },
    ]);

    expect(systemInstruction).toEqual({ parts: [{ text: 'One.' }, { text: 'Two.' }] });
    expect(turns).toEqual([{ role: 'user', parts: [{ text: 'Weather?' }] }]);
  });

  it('puts them before the first turn for models without instructions, and answers instructions alone', () => {
    const system = { role: 'system', content: 'One.' };

    expect(conversation([system, user], 'gemma-3-27b-it')).toEqual({
      contents: [{ role: 'user', parts: [{ text: 'One.' }, { text: 'Weather?' }] }],
    });
    expect(contents([system])).toEqual([{ role: 'user', parts: [{ text: 'One.' }] }]);
  });

  it('leaves out what is empty, and refuses when nothing is left', () => {
    expect(
      contents([{ role: 'assistant', content: '' }, user, { role: 'user', content: [{ type: 'text', text: '' }] }]),
    ).toEqual([{ role: 'user', parts: [{ text: 'Weather?' }] }]);
    expect(() => contents([{ role: 'user', content: '' }])).toThrow(
      expect.objectContaining({ key: 'invalid_request', param: 'messages' }),
    );
  });

  it('gives results back in the order of their calls, in one content', () => {
    const turns = contents([user, assistant(call('1', 'f'), call('2', 'g')), result('2', 'plain'), result('1')]);

    expect(turns[2]).toEqual({
      role: 'user',
      parts: [
        { functionResponse: { id: '1', name: 'f', response: { ok: true } } },
        { functionResponse: { id: '2', name: 'g', response: { result: 'plain' } } },
      ],
    });
  });

  it('leaves ids out where they are not known', () => {
    expect(
      JSON.stringify(contents([user, assistant(call('call-1')), result('call-1')], 'gemini-2.5-pro', false)),
    ).not.toContain('call-1');
  });

  it.each([
    ['an object', '{"a":{"b":1}}', {}, { a: { b: 1 } }],
    ['a list', '[1,2]', {}, { result: '[1,2]' }],
    ['a text', 'sunny', {}, { result: 'sunny' }],
    ['nothing', '', {}, { result: '' }],
    ['an error', 'no such city', { is_error: true }, { error: 'no such city' }],
    [
      'a number that a double cannot hold',
      '{"id":12345678901234567890}',
      {},
      { result: '{"id":12345678901234567890}' },
    ],
    [
      'several texts',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      {},
      { result: 'a\nb' },
    ],
  ])('gives %s as a response', (_name, content, extra, response) => {
    const turns = contents([user, assistant(call('1')), result('1', content, extra)]);

    expect(turns[2]?.parts).toEqual([{ functionResponse: { id: '1', name: 'f', response } }]);
  });

  it('gives media of a result inside the response from Gemini 3 on, and after it before', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    const messages = [
      user,
      assistant(call('1')),
      result('1', [{ type: 'text', text: 'here' }, image] as { type: string }[]),
    ];
    const inlineData = { mimeType: 'image/png', data: 'AAAA' };

    expect(contents(messages)[2]?.parts).toEqual([
      { functionResponse: { id: '1', name: 'f', response: { result: 'here' }, parts: [{ inlineData }] } },
    ]);
    expect(contents(messages, 'gemini-2.5-pro').slice(2)).toEqual([
      { role: 'user', parts: [{ functionResponse: { id: '1', name: 'f', response: { result: 'here' } } }] },
      { role: 'user', parts: [{ inlineData }] },
    ]);
  });

  it.each([
    ['a result without its call', [user, result('1')], 'messages[1]'],
    ['a result of another call', [user, assistant(call('1')), result('1'), result('9')], 'messages[3]'],
    ['a call without its result', [user, assistant(call('1'), call('2')), result('1'), user], 'messages[3]'],
    [
      'arguments that are no object',
      [user, assistant({ ...call('1'), function: { name: 'f', arguments: '[1]' } })],
      'messages[1].tool_calls[0].function.arguments',
    ],
    [
      'arguments that break off',
      [user, assistant({ ...call('1'), function: { name: 'f', arguments: '{"a' } })],
      'messages[1].tool_calls[0].function.arguments',
    ],
    ['a role nobody has', [{ role: 'narrator', content: 'x' }], 'messages[0].role'],
  ])('refuses %s', (_name, messages, param) => {
    expect(() => contents(messages)).toThrow(expect.objectContaining({ key: 'invalid_request', status: 400, param }));
  });

  it('takes empty arguments, and such as are an object already', () => {
    const calls = [
      { ...call('1'), function: { name: 'f', arguments: '' } },
      { id: '2', type: 'function', function: { name: 'f', arguments: { a: 2 } } },
    ];
    const turns = contents([user, { role: 'assistant', tool_calls: calls }, result('1'), result('2')]);

    expect(turns[1]?.parts).toMatchObject([{ functionCall: { args: {} } }, { functionCall: { args: { a: 2 } } }]);
  });

  describe('gives signatures back', () => {
    const signatures = (messages: Messages, model?: string) =>
      contents(messages, model)
        .filter(({ role }) => role === 'model')
        .map(({ parts }) => parts.map(({ thoughtSignature }) => thoughtSignature ?? null));

    it('on the part they came with', () => {
      const message = {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [call('1', 'f', signed('in-call')), call('2', 'g')],
        reasoning_details: [
          { type: 'reasoning.encrypted', format: 'google-gemini-v1', data: 'of-text' },
          { type: 'reasoning.encrypted', format: 'google-gemini-v1', data: 'of-call-2', id: '2' },
        ],
      };

      expect(signatures([user, message, result('1'), result('2')])).toEqual([['of-text', 'in-call', 'of-call-2']]);
    });

    it('and drops those of others, and reasoning that was only read', () => {
      const message = {
        role: 'assistant',
        content: 'Hello.',
        reasoning_content: 'Secretly thought.',
        reasoning_details: [
          { type: 'reasoning.text', format: 'anthropic-claude-v1', text: 'Thought.', signature: 'foreign' },
          { type: 'reasoning.encrypted', format: 'openai-responses-v1', data: 'foreign' },
        ],
      };

      expect(contents([user, message, user])[1]).toEqual({ role: 'model', parts: [{ text: 'Hello.' }] });
    });

    it("with Google's placeholder on the first call of each step of a turn that is being answered", () => {
      const steps: Messages = [
        user,
        assistant(call('1'), call('2')),
        result('1'),
        result('2'),
        assistant(call('3')),
        result('3'),
      ];

      expect(signatures(steps)).toEqual([[SIGNATURE_PLACEHOLDER, null], [SIGNATURE_PLACEHOLDER]]);
      expect(signatures([...steps, user])).toEqual([[null, null], [null]]);
      expect(signatures(steps, 'gemini-2.5-pro')).toEqual([[null, null], [null]]);
    });
  });

  it.each([
    [
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA', detail: 'high' } },
      { inlineData: { mimeType: 'image/png', data: 'AA' } },
    ],
    [
      { type: 'image_url', image_url: { url: 'data:image/svg+xml,%3Csvg%3E' } },
      { inlineData: { mimeType: 'image/svg+xml', data: Buffer.from('<svg>').toString('base64') } },
    ],
    [
      { type: 'image_url', image_url: { url: 'https://x.org/a.webp?b=1' } },
      { fileData: { fileUri: 'https://x.org/a.webp?b=1', mimeType: 'image/webp' } },
    ],
    [
      { type: 'image_url', image_url: { url: 'https://x.org/a.constructor' } },
      { fileData: { fileUri: 'https://x.org/a.constructor', mimeType: 'image/jpeg' } },
    ],
    [
      { type: 'image_url', image_url: { url: 'https://x.org/image' } },
      { fileData: { fileUri: 'https://x.org/image', mimeType: 'image/jpeg' } },
    ],
    [
      { type: 'video_url', video_url: { url: 'https://youtu.be/abc' } },
      { fileData: { fileUri: 'https://youtu.be/abc', mimeType: 'video/mp4' } },
    ],
    [
      { type: 'input_audio', input_audio: { data: 'AA', format: 'mp3' } },
      { inlineData: { mimeType: 'audio/mp3', data: 'AA' } },
    ],
    [
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' } },
      { inlineData: { mimeType: 'application/pdf', data: 'AA' } },
    ],
    [
      { type: 'file', file: { file_data: 'AA', filename: 'notes.txt' } },
      { inlineData: { mimeType: 'text/plain', data: 'AA' } },
    ],
    [
      { type: 'file', file: { file_id: 'gs://bucket/a.mp4' } },
      { fileData: { fileUri: 'gs://bucket/a.mp4', mimeType: 'video/mp4' } },
    ],
    [
      { type: 'file', file: { file_id: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
      { fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } },
    ],
  ])('gives %j as %j', (part, expected) => {
    expect(contents([{ role: 'user', content: [part] }])).toEqual([{ role: 'user', parts: [expected] }]);
  });
});
