import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type Anthropic from '@anthropic-ai/sdk';
import { answered, frames, lastMembers, streamed, toFrames } from '../../../../test/support/anthropic-calls.js';
import { cutAt, joinStream } from '../../../../test/support/chat-streams.js';
import type { JsonObject } from '../openai-chat/json-value.js';
import { toUsage } from './usage.js';

const aMessage = (rest: JsonObject): JsonObject => ({
  id: 'msg_1',
  model: 'claude-sonnet-5',
  content: [{ type: 'text', text: 'Hi' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 5 },
  ...rest,
});
const call = (id: string, input: unknown = {}) => ({ type: 'tool_use', id, name: 'f', input });

describe("Anthropic's answers", () => {
  it.each([
    ['end_turn', [], 'stop'],
    ['stop_sequence', [], 'stop'],
    ['pause_turn', [], 'stop'],
    ['max_tokens', [], 'length'],
    ['model_context_window_exceeded', [], 'length'],
    ['max_tokens', [call('a')], 'length'],
    ['tool_use', [call('a')], 'tool_calls'],
    ['end_turn', [call('a')], 'tool_calls'],
    ['refusal', [], 'content_filter'],
    ['a_new_reason', [], 'stop'],
  ] satisfies (readonly [Anthropic.StopReason | 'a_new_reason', unknown[], string])[])(
    'stop for %s, whole and streamed, with %j',
    (native, calls, finish) => {
      const message = aMessage({ content: [{ type: 'text', text: 'x' }, ...calls], stop_reason: native });

      expect(answered(message).choice).toMatchObject({ finish_reason: finish, native_finish_reason: native });
      expect(joinStream(streamed(toFrames(message)).text).finishReasons).toEqual([finish]);
    },
  );

  it('decline in words where Anthropic gives them', () => {
    const details = {
      type: 'refusal',
      category: 'bio',
      explanation: 'I must not.',
    } satisfies Anthropic.RefusalStopDetails;
    const message = aMessage({ content: [], stop_reason: 'refusal', stop_details: details });
    const silent = aMessage({ content: [], stop_reason: 'refusal', stop_details: null });

    expect(answered(message).message).toMatchObject({ content: null, refusal: 'I must not.' });
    expect(lastMembers(streamed(toFrames(message)).text)['refusal']).toBe('I must not.');
    expect(answered(silent).message['refusal']).toBeNull();
    expect(lastMembers(streamed(toFrames(silent)).text)).not.toHaveProperty('refusal');
  });

  it('have the id and the model that Anthropic gives, and say which tier served', () => {
    const { completion } = answered(
      aMessage({ usage: { input_tokens: 1, output_tokens: 1, service_tier: 'standard' } }),
    );

    expect(completion).toMatchObject({
      id: 'msg_1',
      model: 'claude-sonnet-5',
      created: 1_763_900_000,
      service_tier: 'default',
    });
  });

  const cited = {
    type: 'web_search_result_location',
    url: 'https://x.test',
    title: 'X',
    cited_text: 'c',
    encrypted_index: 'I==',
  } satisfies Anthropic.CitationsWebSearchResultLocation;
  const page = { type: 'page_location', document_index: 0, start_page_number: 1, end_page_number: 2, cited_text: 'c' };

  it('cite with the range of the text, in code points', () => {
    const content = [
      { type: 'text', text: '👋 Hä? ' },
      { type: 'text', text: 'It is 👋.', citations: [cited, page] },
      { type: 'text', text: ' So.', citations: [{ type: 'search_result_location', source: 'https://y.test' }] },
    ];
    const range = { start_index: 6, end_index: 14 };
    const expected = {
      annotations: [
        { type: 'url_citation', url_citation: { ...range, url: 'https://x.test', title: 'X' } },
        {
          type: 'url_citation',
          url_citation: { start_index: 14, end_index: 18, url: 'https://y.test', title: 'https://y.test' },
        },
      ],
      citations: [{ ...page, ...range }],
    };

    const { message } = answered(aMessage({ content }));
    const { text } = streamed(toFrames(aMessage({ content })));

    expect(message).toMatchObject({ content: '👋 Hä? It is 👋. So.', ...expected });
    expect(lastMembers(text)).toMatchObject(expected);
    expect(joinStream(text).content).toBe('👋 Hä? It is 👋. So.');
  });

  it('count what was read from and written to a cache, and keep what OpenAI has no word for', () => {
    const usage = {
      input_tokens: 1,
      cache_creation_input_tokens: 20,
      cache_read_input_tokens: 300,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 20 },
      output_tokens: 50,
      output_tokens_details: { thinking_tokens: 40 },
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 0 },
    };

    expect(answered(aMessage({ usage })).completion['usage']).toEqual({
      prompt_tokens: 321,
      completion_tokens: 50,
      total_tokens: 371,
      prompt_tokens_details: { cached_tokens: 300, cache_write_tokens: 20, cache_write_1h_tokens: 20 },
      completion_tokens_details: { reasoning_tokens: 40 },
      cache_creation: usage.cache_creation,
      server_tool_use: usage.server_tool_use,
    });
  });

  it.each([
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [{ input_tokens: 'many' }, undefined],
    [{ output_tokens: 2 }, { prompt_tokens: 0, completion_tokens: 2, total_tokens: 2 }],
    [
      { input_tokens: 1, output_tokens: 2 },
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ],
    [
      { input_tokens: 1, output_tokens: 2, cache_read_input_tokens: 0, cache_creation_input_tokens: null },
      { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, prompt_tokens_details: { cached_tokens: 0 } },
    ],
  ])('of %j count %j: nothing is invented', (native, usage) => {
    expect(toUsage(native)).toEqual(usage);
  });

  it.each([
    ['content that is none', { content: 'Hi' }],
    ['no reason why it stopped', { stop_reason: null }],
    ['a call without an id', { content: [{ type: 'tool_use', name: 'f', input: {} }] }],
  ])('are refused with %s', (_name, rest) => {
    expect(() => answered(aMessage(rest))).toThrow(expect.objectContaining({ key: 'upstream_failed', status: 502 }));
  });
});

describe("Anthropic's streams", () => {
  const start = {
    type: 'message_start',
    message: { id: 'msg_1', model: 'claude-sonnet-5', usage: { input_tokens: 7, output_tokens: 1 } },
  };
  const open = (index: number, block: JsonObject) => ({ type: 'content_block_start', index, content_block: block });
  const delta = (index: number, inner: JsonObject) => ({ type: 'content_block_delta', index, delta: inner });
  const close = (index: number) => ({ type: 'content_block_stop', index });
  const near = (reason: string | null, usage: JsonObject = { output_tokens: 9 }) => ({
    type: 'message_delta',
    delta: { stop_reason: reason },
    usage,
  });
  const stop = { type: 'message_stop' };
  const text = (index: number, piece: string) => delta(index, { type: 'text_delta', text: piece });

  it('say what is new since: counts are totals, null says nothing', () => {
    const bytes = frames(
      start,
      near('end_turn', { input_tokens: null, output_tokens: 5, cache_read_input_tokens: 2 }),
      near(null, { output_tokens: 9 }),
      stop,
    );

    expect(streamed(bytes).translator.facts).toEqual({
      usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18, prompt_tokens_details: { cached_tokens: 2 } },
      finishReason: 'stop',
      model: 'claude-sonnet-5',
    });
  });

  it('give a call without arguments the empty object, and one given whole its own', () => {
    const bytes = frames(
      start,
      open(0, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '' }),
      close(0),
      open(1, { type: 'tool_use', id: 'b', name: 'g', input: { x: 1 } }),
      close(1),
      near('tool_use'),
      stop,
    );

    expect(joinStream(streamed(bytes).text).toolCalls).toEqual([
      { id: 'a', name: 'f', arguments: '{}' },
      { id: 'b', name: 'g', arguments: '{"x":1}' },
    ]);
  });

  it('number calls by themselves, whatever blocks stand between, and also where their pieces are mixed', () => {
    const piece = (index: number, json: string) => delta(index, { type: 'input_json_delta', partial_json: json });
    const bytes = frames(
      start,
      open(0, { type: 'text', text: '' }),
      open(4, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
      open(6, { type: 'tool_use', id: 'b', name: 'g', input: {} }),
      piece(4, '{"a"'),
      piece(6, '{"b":'),
      text(0, 'Hi'),
      piece(4, ':1}'),
      piece(6, '2}'),
      close(0),
      near('tool_use'),
      stop,
    );

    const { toolCalls, content } = joinStream(streamed(bytes).text);

    expect(content).toBe('Hi');
    expect(toolCalls.map((each) => each.arguments)).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('pass over events, blocks and deltas nobody has seen', () => {
    const bytes = frames(
      { type: 'brand_new' },
      start,
      { type: 'ping' },
      open(0, { type: 'brand_new', x: 1 }),
      delta(0, { type: 'text_delta', text: 'not a text' }),
      close(0),
      open(1, { type: 'text', text: 'H' }),
      delta(1, { type: 'brand_new' }),
      text(1, 'i'),
      text(9, 'nowhere'),
      near('end_turn'),
      stop,
    );

    expect(joinStream(streamed(bytes).text)).toMatchObject({ content: 'Hi', finishReasons: ['stop'] });
  });

  it('take a beginning that comes twice for one', () => {
    const bytes = frames(
      start,
      start,
      open(0, { type: 'text', text: '' }),
      text(0, 'Hi'),
      close(0),
      near('end_turn'),
      stop,
    );

    expect(joinStream(streamed(bytes).text)).toMatchObject({ content: 'Hi', roles: ['assistant'] });
  });

  it.each([
    ['a second message', [start, open(0, { type: 'text', text: 'A' }), { ...start, message: { id: 'msg_2' } }]],
    ['the same message again after it has spoken', [start, open(0, { type: 'text', text: 'A' }), start]],
    ['an end without a reason', [start, open(0, { type: 'text', text: 'A' }), close(0), stop]],
    ['a beginning of nothing', [{ type: 'message_start' }]],
    ['a call without a name', [start, open(0, { type: 'tool_use', id: 'a' })]],
  ])('fail with %s', (_name, events) => {
    const { text: out, translator } = streamed(frames(...events));

    expect(translator).toMatchObject({ status: 'failed', error: { key: 'upstream_failed', status: 502 } });
    expect(out).not.toContain('[DONE]');
  });

  it('are not complete before their last event, though the reason is known', () => {
    const { text: out, translator } = streamed(
      frames(start, open(0, { type: 'text', text: 'A' }), close(0), near('end_turn')),
    );

    expect(translator.status).toBe('open');
    expect(joinStream(out)).toMatchObject({ finishReasons: [], dones: 0 });
  });

  it('are an error where one came as a body instead', () => {
    const body = Buffer.from(
      JSON.stringify({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    );

    expect(streamed(body).translator).toMatchObject({ status: 'failed', started: false, error: { status: 503 } });
  });

  it('say nothing before they have something to say', () => {
    const { translator, text: out } = streamed(frames(start, { type: 'ping' }, open(0, { type: 'text', text: '' })));

    expect([translator.started, out]).toEqual([false, '']);
  });

  it('hand each text on as it was, in whatever pieces and escapes, cut anywhere', () => {
    const piece = fc.string({ unit: 'binary', maxLength: 12 });
    // JSON may be written with or without escapes and spaces: what is read fast and what is parsed must say the same.
    const written = fc.constantFrom<(json: string) => string>(
      (json) => json,
      (json) => json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
      (json) => json.replaceAll('/', '\\/').replace(/\}\}$/, '} \u0020 }   '),
      (json) => JSON.stringify(JSON.parse(json), null, 1).replaceAll('\n', ''),
    );

    fc.assert(
      fc.property(fc.array(fc.tuple(piece, written)), fc.array(fc.nat(2000)), (pieces, positions) => {
        const events = pieces.map(([each, write]) => {
          const event = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: each } };
          return `event: content_block_delta\ndata: ${write(JSON.stringify(event))}\n\n`;
        });
        const bytes = Buffer.concat([
          frames(start, open(0, { type: 'text', text: '' })),
          Buffer.from(events.join('')),
          frames(close(0), near('end_turn'), stop),
        ]);

        const whole = streamed(bytes).text;

        expect(joinStream(whole).content).toBe(pieces.map(([each]) => each).join(''));
        const inside = positions.filter((position) => position < bytes.length);
        expect(streamed(cutAt(bytes, inside)).text).toBe(whole);
      }),
      { numRuns: 200 },
    );
  });
});
