import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget, joinStream, readStream } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { CohereStrategy } from './cohere.strategy.js';

const event = (body: Record<string, unknown>): string =>
  `event: ${String(body['type'])}\ndata: ${JSON.stringify(body)}\n\n`;

describe('CohereStrategy', () => {
  const strategy = new CohereStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)), {
    path: /\/v2\/chat$/,
    streamErrors: [
      [
        'an answer given up, with words',
        event({ type: 'message-end', delta: { finish_reason: 'ERROR', error: 'It broke.' } }),
        { key: 'upstream_error', message: 'It broke.', status: 502, code: 'provider_error' },
      ],
      [
        'an answer given up for its time',
        event({ type: 'message-end', delta: { finish_reason: 'TIMEOUT' } }),
        { key: 'upstream_error', message: 'Cohere gave the answer up: TIMEOUT.', status: 504, code: 'timeout' },
      ],
      [
        'an error in its own form',
        'data: {"id":"x","message":"It broke."}\n\n',
        { key: 'upstream_error', message: 'It broke.', status: 502 },
      ],
      [
        "an error in OpenAI's form",
        'event: error\ndata: {"error":{"message":"It broke.","code":"boom"}}\n\n',
        { key: 'upstream_error', message: 'It broke.', code: 'boom' },
      ],
    ],
  });

  const sent = (body: Record<string, unknown>, model = 'command-a-03-2025'): Record<string, unknown> => {
    const { body: bytes } = strategy.buildChatRequest(aCall(body), aTarget(strategy, { model }));
    return z.record(z.string(), z.unknown()).parse(JSON.parse(bytes?.toString() ?? ''));
  };
  const fn = (name: string, rest: Record<string, unknown> = {}) => ({
    type: 'function',
    function: { name, parameters: { type: 'object', properties: {} }, ...rest },
  });

  it('lets the bytes travel that need no change', () => {
    const raw =
      '{ "model":"cohere/command-r",  "messages" : [ {"role":"user","content":"h\\u00e9llo"} ], "temperature": 0.50 }';
    const call = { ...aCall(), raw: Buffer.from(raw) };

    const { body } = strategy.buildChatRequest(call, aTarget(strategy, { model: 'command-r' }));

    expect(body?.toString()).toBe(raw.replace('cohere/command-r', 'command-r'));
  });

  it('says parameters in its own words', () => {
    const body = sent({
      max_completion_tokens: 5,
      temperature: 1.4,
      top_p: 1,
      top_k: 7,
      stop: 'END',
      seed: 3,
      frequency_penalty: 1.5,
      presence_penalty: -1,
      logprobs: true,
      user: 'u',
      store: true,
      stream: true,
      stream_options: { include_usage: true },
      safety_mode: 'STRICT',
    });

    const { messages: _messages, ...rest } = body;
    expect(rest).toEqual({
      model: 'command-a-03-2025',
      max_tokens: 5,
      temperature: 1,
      p: 0.99,
      k: 7,
      stop_sequences: ['END'],
      seed: 3,
      frequency_penalty: 1,
      logprobs: true,
      stream: true,
      safety_mode: 'STRICT',
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['n', { n: 2 }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['logit_bias', { logit_bias: { 1: 2 } }],
    ['verbosity', { verbosity: 'low' }],
    ['modalities', { modalities: ['audio'] }],
    ['web_search_options', { web_search_options: { search_context_size: 'low' } }],
    ['stop', { stop: ['1', '2', '3', '4', '5', '6'] }],
    ['tools', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['tool_choice', { tools: [fn('f')], tool_choice: 'sometimes' }],
    ['parallel_tool_calls', { tools: [fn('f')], parallel_tool_calls: false }],
    ['response_format', { tools: [fn('f')], response_format: { type: 'json_object' } }],
    ['response_format', { documents: ['x'], response_format: { type: 'json_object' } }],
    ['reasoning_effort', { reasoning_effort: 'low' }],
    ['reasoning', { reasoning: { effort: 'low' } }],
    [
      'messages[0].content[0].type',
      { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
    ],
    [
      'messages[0].content[0].file',
      {
        messages: [
          { role: 'user', content: [{ type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=' } }] },
        ],
      },
    ],
    [
      'messages[0].content[0].file',
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
    ],
  ])('says that it does not take this %s', (param, body) => {
    expect(() => sent(body)).toThrow(expect.objectContaining({ key: 'unsupported_parameter', param, status: 400 }));
  });

  it.each<[unknown, unknown]>([
    ['auto', undefined],
    ['required', 'REQUIRED'],
    ['any', 'REQUIRED'],
    ['none', 'NONE'],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [fn('f'), fn('g')] } }, undefined],
  ])('translates the tool choice %j', (choice, own) => {
    const tools = [fn('f'), fn('g')];

    expect(sent({ tools, tool_choice: choice })).toMatchObject({ tools });
    expect(sent({ tools, tool_choice: choice })['tool_choice']).toBe(own);
    expect(sent({ tool_choice: choice })).not.toHaveProperty('tool_choice');
  });

  it('offers a tool that must be called alone', () => {
    const tools = [fn('f'), fn('g')];

    expect(sent({ tools, tool_choice: { type: 'function', function: { name: 'g' } } })).toMatchObject({
      tools: [fn('g')],
      tool_choice: 'REQUIRED',
    });
  });

  it('takes strictness for all tools at once', () => {
    const strict = sent({ tools: [fn('f', { strict: true }), fn('g', { strict: true })] });
    const mixed = sent({ tools: [fn('f', { strict: true }), fn('g')] });

    expect(strict).toMatchObject({ strict_tools: true, tools: [fn('f'), fn('g')] });
    expect(mixed).not.toHaveProperty('strict_tools');
    expect(mixed['tools']).toEqual([fn('f'), fn('g')]);
    expect(sent({ tools: [] })).not.toHaveProperty('tools');
    expect(sent({ tools: [{ type: 'function', function: { name: 'f' } }] })['tools']).toEqual([fn('f')]);
  });

  it('unwraps schemas', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    const format = { type: 'json_schema', json_schema: { name: 'n', strict: true, schema } };

    expect(sent({ response_format: format })['response_format']).toEqual({ type: 'json_object', json_schema: schema });
    expect(sent({ response_format: { type: 'json_object' } })['response_format']).toEqual({ type: 'json_object' });
    expect(sent({ response_format: { type: 'text' }, tools: [fn('f')] })).not.toHaveProperty('response_format');
  });

  it.each<[Record<string, unknown>, unknown]>([
    [{ reasoning_effort: 'none' }, { type: 'disabled' }],
    [{ reasoning_effort: 'minimal' }, { type: 'enabled', token_budget: 1024 }],
    [{ reasoning_effort: 'medium' }, { type: 'enabled', token_budget: 4096 }],
    [{ reasoning_effort: 'high' }, { type: 'enabled' }],
    [{ reasoning: { max_tokens: 77 } }, { type: 'enabled', token_budget: 77 }],
    [{ reasoning: { enabled: false }, reasoning_effort: 'high' }, { type: 'disabled' }],
    [{ reasoning: { effort: 'low' } }, { type: 'enabled', token_budget: 1024 }],
    [
      { thinking: { type: 'enabled', token_budget: 5 }, reasoning_effort: 'low' },
      { type: 'enabled', token_budget: 5 },
    ],
  ])('thinks as %j says', (body, thinking) => {
    const all = sent(body, 'command-a-reasoning-08-2025');

    expect(all['thinking']).toEqual(thinking);
    expect(all).not.toHaveProperty('reasoning_effort');
    expect(all).not.toHaveProperty('reasoning');
  });

  it('leaves thinking out where the model has none and none is wanted', () => {
    expect(sent({ reasoning_effort: 'none', reasoning: { enabled: false } })).not.toHaveProperty('thinking');
  });

  const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
  const echoed = {
    role: 'assistant',
    content: null,
    refusal: null,
    annotations: [],
    reasoning_content: 'I will call f.',
    citations: [{ start: 0, end: 1, sources: [], start_index: 0, end_index: 1 }],
    tool_calls: [{ ...call, index: 0, function: { ...call.function, parsed_arguments: {} } }],
  };
  const loop = (assistant: Record<string, unknown>) => [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', name: 'ann', content: 'Weather?' },
    assistant,
    { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: '4' }], name: 'f' },
  ];

  it('gives a plan back as a plan, and drops what is not its own', () => {
    expect(sent({ messages: loop(echoed) })['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: null, tool_plan: 'I will call f.', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: '4' }] },
    ]);
  });

  it('gives thinking back as thinking to models that think', () => {
    const [, , assistant] = z
      .array(z.unknown())
      .parse(sent({ messages: loop({ ...echoed, content: 'Hm.' }) }, 'command-a-reasoning-08-2025')['messages']);

    expect(assistant).toEqual({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'I will call f.' },
        { type: 'text', text: 'Hm.' },
      ],
      tool_calls: [call],
    });
  });

  it("drops reasoning that another vendor signed, and words about an answer's reasons without calls", () => {
    const foreign = {
      ...echoed,
      reasoning_details: [{ type: 'reasoning.text', text: 'x', format: 'anthropic-claude-v1' }],
    };
    const said = { role: 'assistant', content: 'Yes.', reasoning_content: 'Because.' };

    expect(JSON.stringify(sent({ messages: loop(foreign) }, 'command-a-plus-05-2026'))).not.toContain('I will call');
    expect(
      sent({ messages: [{ role: 'user', content: 'a' }, said, { role: 'user', content: 'b' }] })['messages'],
    ).toEqual([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'Yes.' },
      { role: 'user', content: 'b' },
    ]);
  });

  it('takes files of text for documents, beside those of the caller', () => {
    const file = (data: string, filename: string) => ({ type: 'file', file: { file_data: data, filename } });
    const text = { type: 'text', text: 'Read.', cache_control: { type: 'ephemeral' } };
    const body = sent({
      documents: ['mine'],
      messages: [
        { role: 'user', content: [text, file('data:text/plain;base64,R3LDvMOfZQ==', 'a.txt')] },
        { role: 'user', content: [file('data:text/csv,a%2Cb', 'b.csv')] },
      ],
    });

    expect(body['documents']).toEqual([
      'mine',
      { data: { title: 'a.txt', text: 'Grüße' } },
      { data: { title: 'b.csv', text: 'a,b' } },
    ]);
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Read.' }] },
      { role: 'user', content: 'b.csv' },
    ]);
  });

  it('tells citations with a URL as annotations and keeps others', () => {
    const source = { type: 'tool', id: 'f:0', tool_output: { roll: '1' } };
    const cited = { start: 1, end: 2, text: 'b', sources: [source], type: 'TEXT_CONTENT', content_index: 1 };
    const planned = { start: 0, end: 1, text: 'I', sources: [source], type: 'PLAN' };
    const content = [
      { type: 'text', text: '🌍 ' },
      { type: 'text', text: 'abc' },
    ];
    const body = { id: 'x', message: { content, citations: [cited, planned] }, finish_reason: 'MAX_TOKENS' };
    const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };

    const { body: bytes, facts } = strategy.readChatCompletion(answer, aCall(), aTarget(strategy));

    expect(JSON.parse(bytes.toString())).toMatchObject({
      id: 'x',
      choices: [
        {
          finish_reason: 'length',
          native_finish_reason: 'MAX_TOKENS',
          message: { content: '🌍 abc', citations: [{ ...cited, start_index: 3, end_index: 4 }, planned] },
        },
      ],
    });
    expect(facts).toEqual({ finishReason: 'length' });
  });

  it('tells log probabilities, whole and streamed', () => {
    const items = [
      { text: 'Hi', token_ids: [1], logprobs: [-0.5] },
      { text: ' there', token_ids: [2, 3], logprobs: [-0.25, -0.5] },
    ];
    const told = [
      { token: 'Hi', logprob: -0.5, bytes: [72, 105], top_logprobs: [] },
      { token: ' there', logprob: -0.75, bytes: [32, 116, 104, 101, 114, 101], top_logprobs: [] },
    ];
    const body = { id: 'x', message: { content: 'Hi there' }, finish_reason: 'COMPLETE', logprobs: items };
    const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    const stream = [
      ...items.map((logprobs, index) =>
        event({
          type: 'content-delta',
          index: 0,
          logprobs,
          delta: { message: { content: { text: [`Hi`, ` there`][index] } } },
        }),
      ),
      event({ type: 'message-end', delta: { finish_reason: 'COMPLETE' } }),
    ].join('');

    const whole: unknown = JSON.parse(strategy.readChatCompletion(answer, aCall(), aTarget(strategy)).body.toString());
    const { text } = readStream(strategy, [Buffer.from(stream)]);

    expect(whole).toMatchObject({ choices: [{ logprobs: { content: told } }] });
    for (const entry of told)
      expect(text).toContain(`"logprobs":{"content":[${JSON.stringify(entry)}],"refusal":null}`);
  });

  it('needs neither [DONE] nor events that it knows', () => {
    const { text, translator } = readStream(strategy, [
      Buffer.from(
        event({ type: 'debug', prompt: 'x' }) +
          event({ type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hi' } } } }) +
          event({ type: 'someday', new: true }) +
          event({ type: 'message-end', delta: { finish_reason: 'COMPLETE' } }).trimEnd(),
      ),
    ]);

    expect(translator.status).toBe('complete');
    expect(joinStream(text)).toMatchObject({ content: 'Hi', finishReasons: ['stop'], dones: 1, usage: null });
  });

  it('fails a stream that is an error as one JSON body', () => {
    const { translator } = readStream(strategy, [Buffer.from('{"id":"x","message":"too many tokens"}')]);

    expect(translator.error).toMatchObject({ key: 'upstream_error', message: 'too many tokens' });
  });

  it.each([
    [422, 'parameter is not supported', 400, null],
    [498, 'blocked', 400, 'content_filter'],
    [499, 'request cancelled', 499, null],
    [404, "model 'x' not found", 404, 'model_not_found'],
    [401, 'invalid api token', 401, 'invalid_api_key'],
    [400, 'too many tokens: total number of tokens', 400, 'context_length_exceeded'],
  ])('maps its %i', (status, message, mapped, code) => {
    const answer = { status, headers: { 'x-debug-trace-id': 't' }, body: Buffer.from(JSON.stringify({ message })) };

    const error = strategy.readError(answer, aTarget(strategy));

    expect([error.status, error.code]).toEqual([mapped, code]);
    expect(error.details.metadata).toMatchObject({ upstream_status: status, upstream_request_id: 't' });
  });
});
