import { describe, expect, it } from '@jest/globals';
import { joinStream } from '../../../../test/support/chat-streams.js';
import { aResponsesTarget, joinExtras, readResponsesStream } from '../../../../test/support/responses-exchanges.js';
import { OpenAiStrategy } from '../../openai/openai.strategy.js';

const strategy = new OpenAiStrategy();
const event = (type: string, rest: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const head = { id: 'resp_1', created_at: 1_790_000_000.4, model: 'gpt-5-pro-2026', status: 'in_progress', output: [] };
const created = event('response.created', { response: head });
const ended = (rest: object = {}, type = 'completed'): string =>
  event(`response.${type}`, { response: { ...head, status: type, ...rest } });
const read = (...events: string[]) => readResponsesStream(strategy, [Buffer.from(events.join(''))]);
const CALL = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a":1}' };
const USAGE = { input_tokens: 5, output_tokens: 7, total_tokens: 12, output_tokens_details: { reasoning_tokens: 3 } };

describe('ResponsesStreamTranslator', () => {
  it('has said nothing before there is something to say', () => {
    const { text, translator } = read(created, event('response.in_progress', { response: head }));

    expect([translator.started, translator.status]).toEqual([false, 'open']);
    expect(joinStream(text)).toMatchObject({ roles: ['assistant'], content: '', dones: 0 });
  });

  it('gives each chunk the answer’s id, time and model', () => {
    const { text } = read(
      created,
      event('response.output_text.delta', { output_index: 0, content_index: 0, delta: 'Hi' }),
      ended(),
    );

    for (const line of text.split('\n').filter((each) => each.startsWith('data: {')))
      expect(JSON.parse(line.slice(6))).toMatchObject({
        id: 'resp_1',
        created: 1_790_000_000,
        model: 'gpt-5-pro-2026',
      });
  });

  it.each([
    [
      'piece by piece',
      [
        event('response.output_item.added', { output_index: 0, item: { ...CALL, arguments: '' } }),
        event('response.function_call_arguments.delta', { output_index: 0, item_id: 'fc_1', delta: '{"a"' }),
        event('response.function_call_arguments.delta', { output_index: 0, item_id: 'fc_1', delta: ':1}' }),
        event('response.function_call_arguments.done', { output_index: 0, item_id: 'fc_1', arguments: '{"a":1}' }),
        event('response.output_item.done', { output_index: 0, item: CALL }),
      ],
    ],
    [
      'whole when it is announced',
      [
        event('response.output_item.added', { output_index: 0, item: CALL }),
        event('response.output_item.done', { output_index: 0, item: CALL }),
      ],
    ],
    ['whole when it is done', [event('response.output_item.done', { output_index: 0, item: CALL })]],
    [
      'with arguments at their end only',
      [
        event('response.output_item.added', { output_index: 0, item: { ...CALL, arguments: '' } }),
        event('response.function_call_arguments.done', { output_index: 0, item_id: 'fc_1', arguments: '{"a":1}' }),
      ],
    ],
    ['in the last event only', []],
  ])('tells a call once that comes %s', (_name, events) => {
    const { text, translator } = read(created, ...events, ended({ output: [CALL], usage: USAGE }));

    const joined = joinStream(text);
    expect(joined.toolCalls).toEqual([{ id: 'call_1', name: 'f', arguments: '{"a":1}' }]);
    expect(joined).toMatchObject({ finishReasons: ['tool_calls'], dones: 1 });
    expect(translator.facts).toEqual({
      usage: {
        prompt_tokens: 5,
        completion_tokens: 7,
        total_tokens: 12,
        completion_tokens_details: { reasoning_tokens: 3 },
      },
      finishReason: 'tool_calls',
      model: 'gpt-5-pro-2026',
    });
  });

  it('gives a call without arguments an empty object', () => {
    const item = { ...CALL, arguments: '' };
    const { text } = read(
      created,
      event('response.output_item.added', { output_index: 0, item }),
      event('response.output_item.done', { output_index: 0, item }),
      ended({ output: [item] }),
    );

    expect(joinStream(text).toolCalls).toEqual([{ id: 'call_1', name: 'f', arguments: '{}' }]);
  });

  it.each([
    [
      'in deltas',
      [
        event('response.output_text.delta', { output_index: 0, content_index: 0, delta: 'Hel' }),
        event('response.output_text.delta', { output_index: 0, content_index: 0, delta: 'lo' }),
      ],
    ],
    ['at its end', [event('response.output_text.done', { output_index: 0, content_index: 0, text: 'Hello' })]],
    ['in the last event only', []],
  ])('tells a text once that comes %s', (_name, events) => {
    const output = [{ type: 'message', id: 'msg_1', content: [{ type: 'output_text', text: 'Hello' }] }];
    const done = event('response.output_text.done', { output_index: 0, content_index: 0, text: 'Hello' });
    const tail =
      events.length === 0 ? [] : [done, event('response.output_item.done', { output_index: 0, item: output[0] })];

    expect(joinStream(read(created, ...events, ...tail, ended({ output })).text)).toMatchObject({
      content: 'Hello',
      finishReasons: ['stop'],
    });
  });

  it('parts what was thought by blank lines, and gives the item back whole', () => {
    const item = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [
        { type: 'summary_text', text: 'One.' },
        { type: 'summary_text', text: 'Two.' },
      ],
      encrypted_content: 'AAA',
    };
    const piece = (index: number, delta: string) =>
      event('response.reasoning_summary_text.delta', { output_index: 0, item_id: 'rs_1', summary_index: index, delta });
    const { text } = read(
      created,
      piece(0, 'One'),
      piece(0, '.'),
      piece(1, 'Two.'),
      event('response.output_item.done', { output_index: 0, item }),
      ended({ output: [item] }),
    );

    expect(joinStream(text).reasoning).toBe('One.\n\nTwo.');
    expect(joinExtras(text).encrypted).toEqual(['AAA']);
    expect(text.match(/"reasoning\.summary"/g)).toHaveLength(2);
  });

  it('says where the text cites the web', () => {
    const annotation = { type: 'url_citation', url: 'https://a/', title: 'A', start_index: 1, end_index: 3 };
    const { text } = read(
      created,
      event('response.output_text.delta', { output_index: 0, content_index: 0, delta: 'First. ' }),
      event('response.output_text.delta', { output_index: 1, content_index: 0, delta: 'Second.' }),
      event('response.output_text.annotation.added', { output_index: 1, content_index: 0, annotation }),
      ended(),
    );

    expect(text).toContain(
      '"annotations":[{"type":"url_citation","url_citation":{"url":"https://a/","title":"A","start_index":8,"end_index":10}}]',
    );
  });

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
    ['something_new', 'length'],
  ])('ends with the reason of an answer cut off by %s', (reason, finish) => {
    const { text, translator } = read(created, ended({ incomplete_details: { reason } }, 'incomplete'));

    expect(joinStream(text).finishReasons).toEqual([finish]);
    expect(text).toContain(`"native_finish_reason":"${reason}"`);
    expect(translator.status).toBe('complete');
  });

  it.each([
    ['server_error', 502, true],
    ['rate_limit_exceeded', 429, true],
    ['invalid_prompt', 400, false],
    ['invalid_image_url', 400, false],
  ])('fails with %s as the status %i says', (code, status, retryable) => {
    const failures = [
      ended({ error: { code, message: 'It broke.' } }, 'failed'),
      event('error', { code, message: 'It broke.', param: null, sequence_number: 2 }),
      event('error', { error: { type: 'x', code, message: 'It broke.' } }),
    ];
    for (const failure of failures) {
      const { text, translator } = read(created, failure);

      expect(translator).toMatchObject({
        status: 'failed',
        error: { key: 'upstream_error', status, code, retryable, message: 'It broke.' },
      });
      expect(text).not.toMatch(/\[DONE\]|It broke/);
    }
  });

  it('fails with an answer that was cancelled', () => {
    expect(read(created, ended({}, 'cancelled')).translator).toMatchObject({
      status: 'failed',
      error: { key: 'upstream_failed', status: 502 },
    });
  });

  it('is not complete before the terminal event has come, all of it', () => {
    const half = ended().slice(0, -30);

    for (const cut of ['', half, 'event: response.comp']) {
      const { text, translator } = read(created, cut);

      expect([translator.status, text.includes('[DONE]')]).toEqual(['open', false]);
    }
    expect(read(created, ended().trimEnd()).translator.status).toBe('complete');
  });
});

describe('a whole answer of the Responses wire', () => {
  const answer = (body: object) =>
    strategy.readChatCompletion(
      { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) },
      { request: { model: 'm', messages: [{ role: 'user', content: 'x' }] }, raw: Buffer.alloc(0), headers: [] },
      aResponsesTarget(strategy),
    );

  it.each([
    [
      { ...head, status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow down.' } },
      'upstream_error',
      429,
    ],
    [{ ...head, status: 'failed', error: { code: 'server_error', message: 'It broke.' } }, 'upstream_error', 502],
    [{ ...head, status: 'failed', error: null }, 'upstream_failed', 502],
    [{ ...head, status: 'queued' }, 'upstream_failed', 502],
    [{ id: 'resp_1', status: 'completed' }, 'upstream_failed', 502],
  ])('that is none is an error: %j', (body, key, status) => {
    expect(() => answer(body)).toThrow(expect.objectContaining({ key, status }));
  });

  it('has a custom tool’s call and log probabilities', () => {
    const { body } = answer({
      ...head,
      status: 'completed',
      output: [
        { type: 'message', content: [{ type: 'output_text', text: 'Hi', logprobs: [{ token: 'Hi', logprob: -0.1 }] }] },
        { type: 'custom_tool_call', call_id: 'call_1', name: 'c', input: 'raw' },
      ],
    });

    expect(JSON.parse(body.toString())).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          logprobs: { content: [{ token: 'Hi', logprob: -0.1 }] },
          message: {
            content: 'Hi',
            tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'c', input: 'raw' } }],
          },
        },
      ],
    });
  });
});
