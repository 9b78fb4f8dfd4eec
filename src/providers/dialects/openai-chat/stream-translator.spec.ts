import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget, cutAt, joinStream, numbersOf } from '../../../../test/support/chat-streams.js';
import { OpenAiStrategy } from '../../openai/openai.strategy.js';
import { NO_ANSWER_QUIRKS, type AnswerQuirks } from './chat-quirks.js';
import { ChatStreamTranslator } from './stream-translator.js';

const context = { name: 'Vendor', target: aTarget(new OpenAiStrategy()), rules: [] };
const open = (wish: { wantsUsage?: boolean; choices?: number } = {}, quirks: AnswerQuirks = NO_ANSWER_QUIRKS) =>
  new ChatStreamTranslator({ wantsUsage: false, choices: 1, ...wish }, quirks, context);

const chunk = (choices: readonly unknown[], rest: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm-1', choices, ...rest })}\n\n`;
const delta = (fields: object, finish: string | null = null, rest: object = {}, index = 0): string =>
  chunk([{ index, delta: fields, logprobs: null, finish_reason: finish }], rest);
const role = delta({ role: 'assistant', content: '' });
const usage = chunk([], { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } });
const done = 'data: [DONE]\n\n';
const toTerse = (stream: string): string =>
  stream
    .replaceAll(',"logprobs":null,"finish_reason":null', '')
    .replaceAll(/"index":0,("delta":.*?)}]/g, '$1,"index":0}]')
    .replaceAll(',"logprobs":null', '');
const text = (buffers: readonly Buffer[]): string => Buffer.concat(buffers).toString();

describe('ChatStreamTranslator', () => {
  it('passes on what needs no change as the memory it came in', () => {
    const translator = open();
    const first = Buffer.from(role + delta({ content: 'a' }));
    const second = Buffer.from(delta({ content: 'b' }) + delta({ content: 'c' }));

    expect(translator.push(first)[0]).toBe(first);
    expect(translator.push(second)[0]).toBe(second);
  });

  it('takes the usage chunk out where nobody asked for it, and leaves its neighbours as they were', () => {
    const bytes = Buffer.from(role + delta({ content: 'a' }) + delta({}, 'stop') + usage + done);
    const translator = open();

    const out = translator.push(bytes);

    expect(text(out)).toBe(role + delta({ content: 'a' }) + delta({}, 'stop') + done);
    expect(out.every((piece) => piece.buffer === bytes.buffer)).toBe(true);
    expect(translator.facts).toEqual({
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      finishReason: 'stop',
      model: 'm-1',
      events: 5,
    });
  });

  it('lets usage on the finish stay, asked for or not', () => {
    const stream =
      role + delta({ content: 'a' }, 'stop', { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } });

    expect(text(open().push(Buffer.from(stream)))).toBe(stream);
  });

  it('gives a usage chunk without choices an empty list', () => {
    const bare = `data: {"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n`;
    const translator = open({ wantsUsage: true });

    const out = text(translator.push(Buffer.from(role + delta({ content: 'a' }, 'stop') + bare + done)));

    expect(joinStream(out)).toMatchObject({ usageChunks: 1, usage: { total_tokens: 3 } });
  });

  it('has started with the first real content, not with a role', () => {
    const translator = open();
    const started = [role, ': ping\n\n', delta({ content: '' }), delta({ reasoning_content: 'h' })].map((event) => {
      translator.push(Buffer.from(event));
      return translator.started;
    });

    expect(started).toEqual([false, false, false, true]);
  });

  it.each([
    ['text', { content: 'x' }],
    ['a refusal', { refusal: 'No.' }],
    ['a tool call', { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }],
    ['a function call', { function_call: { name: 'f' } }],
    ['audio', { audio: { id: 'a' } }],
  ])('has started with %s', (_name, fields) => {
    const translator = open();
    translator.push(Buffer.from(delta(fields)));

    expect(translator.started).toBe(true);
  });

  it('adds the role and `[DONE]` that a provider leaves out, once', () => {
    const translator = open();

    const out = text([
      ...translator.push(Buffer.from(delta({ content: 'a' }) + delta({}, 'stop'))),
      ...translator.end(),
      ...translator.end(),
    ]);

    expect(joinStream(out)).toMatchObject({ roles: ['assistant'], content: 'a', dones: 1, endsWithDone: true });
  });

  it('is complete when each choice has finished', () => {
    const translator = open({ choices: 2 });
    const [first, second] = [delta({ content: 'a' }, 'stop'), delta({ content: 'b' }, 'length', {}, 1)];

    translator.push(Buffer.from(first));
    const half = translator.status;
    translator.push(Buffer.from(second));

    expect([half, translator.status]).toEqual(['open', 'complete']);
    expect(translator.facts.finishReason).toBe('stop');
  });

  it('finds a finish, a usage and an error wherever they stand in an event', () => {
    const odd = [
      `data: {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": [{"finish_reason": "stop", "index": 0, "delta": {"content": ""}}]}\n\n`,
      `data: {"id":"c-1","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"object":"chat.completion.chunk","created":1,"model":"m-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n`,
    ];
    for (const event of odd) {
      const translator = open();
      translator.push(Buffer.from(role + delta({ content: 'a' }) + delta({ content: 'b' }) + event));

      expect(translator.status).toBe('complete');
    }
    const failing = open();
    failing.push(
      Buffer.from(
        role + delta({ content: 'a' }) + delta({ content: 'b' }) + chunk([], { error: { message: 'Gone.' } }),
      ),
    );

    expect(failing.error?.message).toBe('Gone.');
  });

  it('finds a usage that comes with every piece of text', () => {
    const counted = (tokens: number) => ({
      usage: { prompt_tokens: 1, completion_tokens: tokens, total_tokens: tokens + 1 },
    });
    const translator = open();
    translator.push(Buffer.from(role + delta({ content: 'a' }) + delta({ content: 'b' }, null, counted(1))));
    translator.push(Buffer.from(delta({ content: 'c' }, null, counted(2))));

    expect(translator.facts.usage?.completion_tokens).toBe(2);
  });

  it('is not misled by a text that looks like the terms of the protocol', () => {
    const tricky = [
      `"finish_reason":"stop"`,
      `"usage":{"prompt_tokens":9}`,
      `data: [DONE]\n\n`,
      `"error"`,
      `{"error":{}}`,
      `]}]`,
    ];
    const stream = role + tricky.map((content) => delta({ content })).join('');
    const translator = open();

    const out = text(translator.push(Buffer.from(stream)));

    expect(out).toBe(stream);
    expect(translator.status).toBe('open');
    expect(translator.facts).toEqual({ model: 'm-1', events: 7 });
  });

  it('maps a finish that OpenAI does not have, and keeps the native word', () => {
    const out = text(open().push(Buffer.from(role + delta({ content: 'a' }) + delta({}, 'eos'))));

    expect(out).toContain('"finish_reason":"stop","native_finish_reason":"eos"');
  });

  it.each([
    ['nothing was said', role + delta({}, 'insufficient_system_resource'), 'failed'],
    [
      'something was',
      role + delta({ content: 'a' }) + delta({ content: 'b' }) + delta({}, 'insufficient_system_resource'),
      'complete',
    ],
  ])('takes a finish that is a failure as one only when %s', (_name, stream, status) => {
    const translator = open();
    translator.push(Buffer.from(stream));

    expect(translator.status).toBe(status);
  });

  it('fails on an event that has no end', () => {
    const translator = open();
    const piece = Buffer.alloc(6 * 1024 * 1024, 'x');
    for (let index = 0; index < 3; index++) translator.push(piece);

    expect(translator).toMatchObject({ status: 'failed', error: { key: 'upstream_failed' } });
  });

  it('reads one JSON error that came instead of a stream', () => {
    const translator = open();
    translator.push(Buffer.from('{\n\n  "error": {"message": "No such model.", "code": 404}\n}'));
    translator.end();

    expect(translator.status).toBe('failed');
  });

  it('says of random streams the same whether it parses all events or passes most unread', () => {
    const random = numbersOf(7);
    const words = ['a', ' b', '"]}', '\\', '😀', '"error"', '\n\n', 'data: [DONE]', '{"usage":{'];
    for (let round = 0; round < 300; round++) {
      const tail =
        [{}, { usage: null }, { usage: null, obfuscation: ']}{' }, { x_vendor: { a: [1] } }][random(4)] ?? {};
      const events = Array.from({ length: random(12) }, () =>
        random(8) === 0 ? ': ping\n\n' : delta({ content: words[random(words.length)] ?? '' }, null, tail),
      );
      const ends = [
        [delta({}, 'stop', tail), usage, done],
        [delta({}, 'length', tail)],
        [],
        [chunk([], { error: { message: 'E' } })],
      ];
      // Some name no finish before it comes, and put the index behind it.
      const isTerse = random(3) === 0;
      const stream = [role, ...events, ...(ends[random(4)] ?? [])].join('');
      const bytes = Buffer.from(isTerse ? toTerse(stream) : stream);
      const pieces = cutAt(
        bytes,
        Array.from({ length: random(4) }, () => random(bytes.length)),
      );
      const [quick, thorough] = [open(), open({}, { ...NO_ANSWER_QUIRKS, parsesAll: true })];

      const [one, other] = [quick, thorough].map((translator) =>
        text([...pieces.flatMap((piece) => [...translator.push(piece)]), ...translator.end()]),
      );

      expect(one).toBe(other);
      expect([quick.status, quick.started, quick.facts, quick.error?.message]).toEqual([
        thorough.status,
        thorough.started,
        thorough.facts,
        thorough.error?.message,
      ]);
    }
  });

  it('asks the strategy for usage only where the caller did', () => {
    const strategy = new OpenAiStrategy();
    const bytes = Buffer.from(role + delta({ content: 'a' }, 'stop') + usage + done);
    const read = (body: Record<string, unknown>): string =>
      text(strategy.openChatStream(aCall({ stream: true, ...body }), aTarget(strategy)).push(bytes));

    expect(joinStream(read({})).usageChunks).toBe(0);
    expect(joinStream(read({ stream_options: { include_usage: true } })).usageChunks).toBe(1);
  });
});
