import { describe, expect, it } from '@jest/globals';
import type OpenAI from 'openai';
import { z } from 'zod';
import { aCall } from '../../../../test/support/chat-streams.js';
import { aResponsesTarget } from '../../../../test/support/responses-exchanges.js';
import { OpenAiStrategy } from '../../openai/openai.strategy.js';
import { needsResponses } from './responses-models.catalog.js';

const strategy = new OpenAiStrategy();

function sent(body: Record<string, unknown>): Record<string, unknown> {
  const { body: bytes } = strategy.buildChatRequest(aCall(body), aResponsesTarget(strategy));
  return z.record(z.string(), z.unknown()).parse(JSON.parse(bytes?.toString() ?? ''));
}

const call = (id: string, name = 'f') => ({ id, type: 'function', function: { name, arguments: '{"a":1}' } });
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } };

describe('needsResponses', () => {
  it.each([
    ['gpt-5-pro', {}, true],
    ['gpt-5.4-pro-2026-03-05', {}, true],
    ['o3-pro', {}, true],
    ['gpt-5.1-codex-max', {}, true],
    ['codex-mini-latest', {}, true],
    ['o4-mini-deep-research', {}, true],
    ['gpt-5.4', {}, false],
    ['gpt-5.4', { tools: [TOOL] }, false],
    ['gpt-5.4-mini', { tools: [TOOL], reasoning_effort: 'low' }, true],
    ['gpt-5.4', { tools: [TOOL], reasoning_effort: 'none' }, false],
    ['gpt-5.6-luna', { tools: [TOOL], reasoning_effort: 'high' }, true],
    ['gpt-6-terra', { tools: [TOOL] }, true],
    ['gpt-7', { tools: [TOOL] }, true],
    ['gpt-5.2', { tools: [TOOL], reasoning_effort: 'high' }, false],
    ['gpt-5-mini', { tools: [TOOL], reasoning_effort: 'high' }, false],
    ['gpt-5-chat-latest', { tools: [TOOL] }, false],
    ['gpt-4.1', { tools: [TOOL] }, false],
    ['gpt-oss:20b', { tools: [TOOL], reasoning_effort: 'low' }, false],
    ['llama-3.3-pro', { tools: [TOOL] }, false],
  ])('of %s with %j: %s', (model, body, expected) => {
    expect(needsResponses(aCall(body).request, model)).toBe(expected);
  });
});

describe('toResponsesRequest', () => {
  it('asks the Responses endpoint, which is to keep nothing and to encrypt its reasoning', () => {
    const { path } = strategy.buildChatRequest(aCall(), aResponsesTarget(strategy));

    expect(path).toBe('/v1/responses');
    const expected: OpenAI.Responses.ResponseCreateParams = {
      model: 'gpt-5-pro',
      input: [{ type: 'message', role: 'user', content: 'Hello, world!' }],
      stream: true,
      store: false,
      include: ['reasoning.encrypted_content'],
    };
    expect(sent({ stream: true, stream_options: { include_usage: true } })).toEqual(expected);
  });

  it.each([
    ['max_completion_tokens', { max_completion_tokens: 500 }, { max_output_tokens: 500 }],
    ['max_tokens below the least', { max_tokens: 5 }, { max_output_tokens: 16 }],
    ['an effort', { reasoning_effort: 'high' }, { reasoning: { effort: 'high', summary: 'auto' } }],
    [
      'an effort without a summary',
      { reasoning: { effort: 'high', summary: null } },
      { reasoning: { effort: 'high' } },
    ],
    ['an effort of none', { reasoning_effort: 'none' }, { reasoning: { effort: 'none' } }],
    ['verbosity', { verbosity: 'low' }, { text: { verbosity: 'low' } }],
    ['JSON mode', { response_format: { type: 'json_object' } }, { text: { format: { type: 'json_object' } } }],
    [
      'a schema',
      {
        response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: { type: 'object' } } },
      },
      { text: { format: { type: 'json_schema', name: 'n', strict: true, schema: { type: 'object' } } } },
    ],
    [
      'tools, whose strictness is said',
      { tools: [TOOL, { type: 'web_search' }], tool_choice: 'required', parallel_tool_calls: false },
      {
        tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }, { type: 'web_search' }],
        tool_choice: 'required',
        parallel_tool_calls: false,
      },
    ],
    [
      'a named tool',
      { tools: [TOOL], tool_choice: { type: 'function', function: { name: 'f' } } },
      { tool_choice: { type: 'function', name: 'f' } },
    ],
    [
      'allowed tools',
      {
        tools: [TOOL],
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
        },
      },
      { tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] } },
    ],
    [
      'a custom tool with its grammar',
      {
        tools: [
          {
            type: 'custom',
            custom: { name: 'c', format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } } },
          },
        ],
        tool_choice: { type: 'custom', custom: { name: 'c' } },
      },
      {
        tools: [{ type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'start: "a"' } }],
        tool_choice: { type: 'custom', name: 'c' },
      },
    ],
    [
      'a search of the web',
      {
        web_search_options: {
          search_context_size: 'low',
          user_location: { type: 'approximate', approximate: { city: 'Oslo' } },
        },
      },
      {
        tools: [
          { type: 'web_search', search_context_size: 'low', user_location: { type: 'approximate', city: 'Oslo' } },
        ],
      },
    ],
    [
      'metadata and what nobody here knows',
      { metadata: { a: 'b' }, brand_new: 1 },
      { metadata: { a: 'b' }, brand_new: 1 },
    ],
    ["the caller's wish to store", { store: true }, { store: true }],
  ])('says %s', (_name, given, expected) => {
    expect(sent(given)).toMatchObject(expected);
  });

  it('leaves out what means none, and hints', () => {
    const neutral = {
      n: 1,
      stop: [],
      presence_penalty: 0,
      logit_bias: {},
      modalities: ['text'],
      seed: 1,
      prediction: { type: 'content', content: 'x' },
    };

    expect(Object.keys(sent(neutral)).toSorted()).toEqual(['include', 'input', 'model', 'store']);
  });

  it.each([
    ['n', 2],
    ['modalities', ['text', 'audio']],
    ['audio', { voice: 'alloy' }],
    ['functions', [{ name: 'f' }]],
  ])('refuses %s, naming it and what would work', (param, value) => {
    expect(() => sent({ [param]: value })).toThrow(
      expect.objectContaining({
        key: 'unsupported_parameter',
        status: 400,
        param,
        message: expect.stringMatching(/OpenAI.*gpt-5-pro.*\. \w+/),
      }),
    );
  });

  it('turns a conversation into items, in its order', () => {
    const details = [
      { type: 'reasoning.summary', summary: 'Hm.', id: 'rs_1', format: 'openai-responses-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'AAA', id: 'rs_1', format: 'openai-responses-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'BBB', id: 'x', format: 'google-gemini-v1', index: 1 },
      { type: 'reasoning.summary', summary: 'No state.', id: 'rs_2', format: 'openai-responses-v1', index: 2 },
    ];
    const { input } = sent({
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Look.' },
            { type: 'image_url', image_url: { url: 'https://a/b.png', detail: 'low' } },
            { type: 'file', file: { file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' } },
            { type: 'file', file: { file_data: 'https://a/b.pdf' } },
          ],
        },
        {
          role: 'assistant',
          content: 'I shall ask.',
          reasoning_content: 'Hm.',
          reasoning_details: details,
          tool_calls: [call('call_1'), { id: 'call_2', type: 'custom', custom: { name: 'c', input: 'raw' } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: '4' }] },
        { role: 'tool', tool_call_id: 'call_2', content: 'ok' },
        { role: 'assistant', content: null, refusal: 'No.' },
        { role: 'assistant', content: '' },
        { role: 'developer', content: 'Go on.' },
      ],
    });

    // As the SDK types them; its type of a message that goes back knows no refusal, the service does.
    const expected: OpenAI.Responses.ResponseInput = [
      { type: 'message', role: 'system', content: 'Be brief.' },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'Look.' },
          { type: 'input_image', image_url: 'https://a/b.png', detail: 'low' },
          { type: 'input_file', file_data: 'data:application/pdf;base64,AA', filename: 'a.pdf' },
          { type: 'input_file', file_url: 'https://a/b.pdf' },
        ],
      },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }], encrypted_content: 'AAA' },
      { type: 'message', role: 'assistant', content: 'I shall ask.' },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
      { type: 'custom_tool_call', call_id: 'call_2', name: 'c', input: 'raw' },
      { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: '4' }] },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: 'ok' },
    ];
    expect(input).toEqual([
      ...expected,
      { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      { type: 'message', role: 'developer', content: 'Go on.' },
    ]);
  });

  it.each([
    [
      { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }] },
      'messages[0].content[0]',
    ],
    [{ role: 'function', name: 'f', content: '4' }, 'messages[0].role'],
    [{ role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'other' }] }, 'messages[0].tool_calls[0]'],
  ])('refuses the message %j, saying where', (message, param) => {
    expect(() => sent({ messages: [message] })).toThrow(
      expect.objectContaining({ key: 'unsupported_parameter', param }),
    );
  });
});
