import { describe, expect, it } from '@jest/globals';
import type Anthropic from '@anthropic-ai/sdk';
import { asked } from '../../../../test/support/anthropic-calls.js';
import { toToolUseId } from './tool-ids.js';

const user = (content: unknown) => ({ role: 'user', content });
const call = (id: string, args: unknown = '{}', rest: object = {}) => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: args },
  ...rest,
});
const assistant = (calls: readonly object[], rest: object = {}) => ({
  role: 'assistant',
  content: null,
  tool_calls: calls,
  ...rest,
});
const tool = (id: string, content: unknown, rest: object = {}) => ({
  role: 'tool',
  tool_call_id: id,
  content,
  ...rest,
});
const refusing = (param: string, key = 'unsupported_parameter') => expect.objectContaining({ key, param, status: 400 });

describe('messages for Anthropic', () => {
  it('have the leading instructions on top, as a text or as blocks', () => {
    expect(asked({ messages: [{ role: 'system', content: 'Be brief.' }, user('Hi')] })).toMatchObject({
      system: 'Be brief.',
      messages: [{ role: 'user', content: 'Hi' }] satisfies Anthropic.MessageParam[],
    });
    const many = asked({
      messages: [
        { role: 'system', content: 'One.' },
        { role: 'developer', content: [{ type: 'text', text: 'Two.', cache_control: { type: 'ephemeral' } }] },
        user('Hi'),
      ],
    });
    expect(many['system']).toEqual([
      { type: 'text', text: 'One.' },
      { type: 'text', text: 'Two.', cache_control: { type: 'ephemeral' } },
    ] satisfies Anthropic.TextBlockParam[]);
  });

  const late = [
    user('Hi'),
    { role: 'assistant', content: 'Yes?' },
    { role: 'developer', content: 'Be rude.' },
    user('So.'),
  ];

  it('have later instructions in their place where the model takes them there, else on top', () => {
    expect(asked({ messages: late }, 'claude-opus-4-8')['messages']).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Yes?' },
      { role: 'system', content: 'Be rude.' },
      { role: 'user', content: 'So.' },
    ] satisfies Anthropic.MessageParam[]);
    expect(asked({ messages: late }, 'claude-sonnet-4-5')).toMatchObject({
      system: 'Be rude.',
      messages: [{ role: 'user' }, { role: 'assistant' }, { role: 'user', content: 'So.' }],
    });
  });

  it('are turns: neighbours of one role are one, empty ones and empty texts are none', () => {
    const messages = [
      user('One.'),
      user([
        { type: 'text', text: '' },
        { type: 'text', text: 'Two.' },
      ]),
      { role: 'assistant', content: '' },
      { role: 'assistant', content: 'A' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'B' },
          { type: 'refusal', refusal: 'C' },
        ],
      },
      { role: 'assistant', content: null, refusal: 'D' },
      user('Three.'),
    ];

    expect(asked({ messages })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'One.' },
          { type: 'text', text: 'Two.' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'B' },
          { type: 'text', text: 'C' },
          { type: 'text', text: 'D' },
        ],
      },
      { role: 'user', content: 'Three.' },
    ] satisfies Anthropic.MessageParam[]);
  });

  it('have the results of tools together, in the order of the calls, before what the user says', () => {
    const messages = [
      user('Weather?'),
      assistant([call('a', '{"city":"Bonn"}'), call('b', '')], { content: 'I look.' }),
      user('Hurry!'),
      tool('b', [
        { type: 'text', text: 'Rain' },
        { type: 'image_url', image_url: { url: 'https://x.test/r.png' } },
      ]),
      tool('a', 'No such city.', { is_error: true }),
    ];

    expect(asked({ messages })['messages']).toEqual([
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'a', name: 'f', input: { city: 'Bonn' } },
          { type: 'tool_use', id: 'b', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'No such city.', is_error: true },
          {
            type: 'tool_result',
            tool_use_id: 'b',
            content: [
              { type: 'text', text: 'Rain' },
              { type: 'image', source: { type: 'url', url: 'https://x.test/r.png' } },
            ],
          },
          { type: 'text', text: 'Hurry!' },
        ],
      },
    ] satisfies Anthropic.MessageParam[]);
  });

  it('have ids that Anthropic takes, the same for call and result', () => {
    const foreign = 'functions.weather:0';
    const messages = [
      user('x'),
      assistant([call(foreign), call('call_fine-1')]),
      tool(foreign, '1'),
      tool('call_fine-1', '2'),
    ];

    const [, turn, results] = asked({ messages })['messages'] as { content: { id?: string; tool_use_id?: string }[] }[];

    const ids = turn?.content.map(({ id }) => id);
    expect(ids).toEqual([toToolUseId(foreign), 'call_fine-1']);
    expect(ids?.[0]).toMatch(/^toolu_[0-9a-f]{24}$/);
    expect(results?.content.map(({ tool_use_id: id }) => id)).toEqual(ids);
    expect(toToolUseId('functions.weather:1')).not.toBe(toToolUseId(foreign));
  });

  it('take arguments as an object, as some clients give them', () => {
    const messages = [user('x'), assistant([call('a', { city: 'Bonn' })]), tool('a', '')];

    const [, turn, results] = asked({ messages })['messages'] as { content: unknown }[];

    expect(turn?.content).toEqual([{ type: 'tool_use', id: 'a', name: 'f', input: { city: 'Bonn' } }]);
    expect(results?.content).toEqual([{ type: 'tool_result', tool_use_id: 'a' }]);
  });

  it.each([
    [
      'a call without a result',
      [user('x'), assistant([call('a'), call('b')]), tool('a', '1')],
      'messages[1].tool_calls',
      'invalid_request',
    ],
    ['a call at the end', [user('x'), assistant([call('a')])], 'messages[1].tool_calls', 'invalid_request'],
    ['a result without a call', [user('x'), tool('a', '1')], 'messages[1].tool_call_id', 'invalid_request'],
    [
      'a result of an earlier turn',
      [user('x'), assistant([call('a')]), tool('a', '1'), { role: 'assistant', content: 'ok' }, tool('a', '1')],
      'messages[4].tool_call_id',
      'invalid_request',
    ],
    [
      'arguments that are no object',
      [user('x'), assistant([call('a', '[1')]), tool('a', '1')],
      'messages[1].tool_calls[0].function.arguments',
      'invalid_request',
    ],
    [
      'a call of another kind',
      [user('x'), assistant([{ id: 'a', type: 'custom', custom: {} }])],
      'messages[1].tool_calls[0]',
      'unsupported_parameter',
    ],
    ['no message of the user', [{ role: 'system', content: 'x' }], 'messages', 'invalid_request'],
    [
      'an assistant that speaks first',
      [{ role: 'assistant', content: 'Hello!' }, user('x')],
      'messages[0]',
      'unsupported_parameter',
    ],
    [
      'a role of old',
      [user('x'), { role: 'function', name: 'f', content: '1' }],
      'messages[1].role',
      'unsupported_parameter',
    ],
    ['an answer begun', [user('x'), { role: 'assistant', content: 'We' }], 'messages[1]', 'unsupported_parameter'],
  ])('are refused with %s', (_name, messages, param, key) => {
    expect(() => asked({ messages })).toThrow(refusing(param, key));
  });

  it('go on with an answer begun, where the model does, without white space at its end', () => {
    const messages = [user('x'), { role: 'assistant', content: 'We \n' }];

    expect(asked({ messages }, 'claude-sonnet-4-5')['messages']).toEqual([
      { role: 'user', content: 'x' },
      { role: 'assistant', content: 'We' },
    ]);
  });

  it('carry marks of cacheable ends: of parts, messages, calls and results', () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const messages = [
      user([
        { type: 'text', text: 'long', ...mark },
        { type: 'text', text: 'short' },
      ]),
      assistant([call('a', '{}', mark), call('b')]),
      tool('a', [{ type: 'text', text: 'r', ...mark }]),
      tool('b', 'r', mark),
      { role: 'user', content: 'all', ...mark },
    ];

    expect(asked({ messages })['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'long', ...mark },
          { type: 'text', text: 'short' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'a', name: 'f', input: {}, ...mark },
          { type: 'tool_use', id: 'b', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: 'r', ...mark },
          { type: 'tool_result', tool_use_id: 'b', content: 'r', ...mark },
          { type: 'text', text: 'all', ...mark },
        ],
      },
    ]);
  });

  it("take OpenAI's breakpoints for such marks", () => {
    const part = { type: 'text', text: 'x', prompt_cache_breakpoint: { mode: 'explicit' } };
    const sent = (rest: object) => asked({ messages: [user([part])], ...rest })['messages'];

    expect(sent({})).toEqual([user([{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }])]);
    expect(sent({ prompt_cache_options: { mode: 'explicit', ttl: '30m' } })).toEqual([
      user([{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }]),
    ]);
  });
});

describe('media for Anthropic', () => {
  const sent = (part: object): unknown => {
    const { messages } = asked({ messages: [user([part, { type: 'text', text: 'What is it?' }])] });
    return (messages as { content: unknown[] }[])[0]?.content[0];
  };
  const image = (url: string) => ({ type: 'image_url', image_url: { url, detail: 'high' } });
  const file = (rest: object) => ({ type: 'file', file: rest });
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  it.each([
    [
      'an image at a URL',
      image('https://x.test/a.png'),
      { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
    ],
    [
      'an image in a data URL',
      image('data:image/JPG;base64,AAAA'),
      { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' } },
    ],
    [
      'a PDF',
      file({ filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBE' }),
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }, title: 'a.pdf' },
    ],
    [
      'a PDF without the head of its URL',
      file({ filename: 'a.PDF', file_data: 'JVBE' }),
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }, title: 'a.PDF' },
    ],
    [
      'a PDF at a URL',
      file({ file_data: 'https://x.test/a.pdf' }),
      { type: 'document', source: { type: 'url', url: 'https://x.test/a.pdf' } },
    ],
    [
      'a text',
      file({ filename: 'a.csv', file_data: `data:text/csv;base64,${base64('ä;b')}` }),
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'ä;b' }, title: 'a.csv' },
    ],
    [
      'a text that is not in base64',
      file({ file_data: 'data:text/plain,a%20b' }),
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a b' } },
    ],
    [
      'an image as a file',
      file({ filename: 'a.png', file_data: 'data:image/png;base64,AAAA' }),
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    ],
  ] satisfies (readonly [string, object, Anthropic.ContentBlockParam])[])('is %s', (_name, part, block) => {
    expect(sent(part)).toEqual(block);
  });

  it("is a file of Anthropic's own by its id", () => {
    expect(sent(file({ file_id: 'file_1' }))).toEqual({
      type: 'document',
      source: { type: 'file', file_id: 'file_1' },
    });
  });

  it("is a block of Anthropic's own, as it is", () => {
    const block = {
      type: 'document',
      source: { type: 'text', media_type: 'text/plain', data: 'x' },
      citations: { enabled: true },
    };

    expect(sent(block)).toEqual(block);
  });

  it.each([
    [
      'audio',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
      'messages[0].content[0]',
      'unsupported_parameter',
    ],
    [
      'an image of another type',
      image('data:image/tiff;base64,AAAA'),
      'messages[0].content[0].image_url',
      'unsupported_parameter',
    ],
    ['an image elsewhere', image('ftp://x.test/a.png'), 'messages[0].content[0].image_url', 'unsupported_parameter'],
    ['an image without a URL', { type: 'image_url' }, 'messages[0].content[0].image_url', 'invalid_request'],
    [
      'a file of another type',
      file({ file_data: 'data:application/zip;base64,AAAA' }),
      'messages[0].content[0].file',
      'unsupported_parameter',
    ],
    ['a file without data', file({ filename: 'a.pdf' }), 'messages[0].content[0].file', 'invalid_request'],
    ['a malformed text', file({ file_data: 'data:text/plain,%zz' }), 'messages[0].content[0].file', 'invalid_request'],
    ['a part nobody knows', { type: 'video_url', video_url: {} }, 'messages[0].content[0]', 'unsupported_parameter'],
    ['a text without text', { type: 'text' }, 'messages[0].content[0].text', 'invalid_request'],
  ])('is refused: %s', (_name, part, param, key) => {
    expect(() => sent(part)).toThrow(refusing(param, key));
  });
});
