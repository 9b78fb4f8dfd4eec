import { describe, expect, it } from '@jest/globals';
import { anEvent, anException, encodeFrames } from '../../../../test/support/bedrock-frames.js';
import { aTarget, TEST_SECRET } from '../../../../test/support/chat-streams.js';
import { OpenAiStrategy } from '../../openai/openai.strategy.js';
import { AnswerWatch } from './answer-watch.js';

const target = aTarget(new OpenAiStrategy());

function watching(type: string, ...pieces: readonly (string | Buffer)[]) {
  const head = { status: 200, headers: { 'content-type': type } };
  const watch = new AnswerWatch(head, { name: 'Vendor', target, rules: [] }, {});
  const out = pieces.map((piece) => Buffer.concat(watch.push(Buffer.from(piece)))).join('');
  return { watch, out };
}

const SSE = 'text/event-stream';
const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, finish: string | null = null) =>
  data({ choices: [{ index: 0, delta, finish_reason: finish }] });

describe('AnswerWatch', () => {
  it('has begun at once with what is neither JSON nor events, and knows nothing of it', () => {
    const { watch, out } = watching('audio/mpeg', 'abc');

    expect([out, watch.started, watch.facts]).toEqual(['abc', true, {}]);
    watch.end();
    expect(watch.status).toBe('complete');
  });

  it('has not begun with JSON until it has ended', () => {
    const { watch } = watching('application/json', '{"usage":{"prompt_tokens":1,', '"completion_tokens":2}}');

    expect(watch.started).toBe(false);
    watch.end();
    expect([watch.status, watch.facts.usage?.total_tokens]).toEqual(['complete', 3]);
  });

  it('finds the counts at the end of an answer that is too large to be kept', () => {
    const vectors = `[${'0.123456789,'.repeat(100_000)}0]`;
    const pieces = [
      `{"data":[{"embedding":${vectors}}],`,
      '"model":"m","usage":{"prompt_',
      'tokens":7,"total_tokens":7}}',
    ];

    const { watch } = watching('application/json; charset=utf-8', ...pieces);
    watch.end();

    expect(watch.facts.usage).toMatchObject({ prompt_tokens: 7 });
  });

  it.each([
    ['a chat', [chunk({ role: 'assistant', content: '' })], chunk({ content: 'a' })],
    [
      'Messages',
      [data({ type: 'message_start', message: {} }), data({ type: 'ping' })],
      data({ type: 'content_block_delta', delta: {} }),
    ],
    [
      'Responses',
      [data({ type: 'response.created' }), data({ type: 'response.output_item.added' })],
      data({ type: 'response.output_text.delta' }),
    ],
    ['Cohere', [data({ type: 'message-start' })], data({ type: 'content-delta' })],
    ['Workers AI', [], data({ response: 'a' })],
    ['nobody’s', [': comment\n\n'], data({ something: 'else' })],
  ])('has begun with the first content of %s, and no sooner', (_name, preamble, content) => {
    const { watch } = watching(SSE, ...preamble);
    const before = watch.started;

    watch.push(Buffer.from(content));

    expect([before, watch.started]).toEqual([false, true]);
  });

  it.each([
    ['a chat without finish', chunk({ content: 'a' }), 'open'],
    ['a chat with finish', chunk({ content: 'a' }) + chunk({}, 'stop'), 'complete'],
    ['a chat with [DONE]', `${chunk({ content: 'a' })}data: [DONE]\n\n`, 'complete'],
    ['Messages without stop', data({ type: 'content_block_delta', delta: {} }), 'open'],
    ['Responses that are incomplete', data({ type: 'response.incomplete', response: {} }), 'complete'],
    ['a stream of nobody’s', data({ progress: 1 }), 'complete'],
  ])('says of %s whether it was whole', (_name, stream, status) => {
    const { watch } = watching(SSE, stream);
    watch.end();

    expect(watch.status).toBe(status);
  });

  it('fails with an error before the first content, its words kept without the key', () => {
    const { watch } = watching(SSE, data({ type: 'error', error: { message: `No, ${TEST_SECRET}` } }));

    expect(watch.status).toBe('failed');
    expect(watch.error?.details.answer?.body.toString()).toBe(
      data({ type: 'error', error: { message: 'No, [redacted]' } }),
    );
  });

  it('lets an error after the first content go its way, without the key, and fails at the end', () => {
    const { watch, out } = watching(SSE, chunk({ content: 'a' }), data({ error: { message: `No, ${TEST_SECRET}` } }));

    expect([watch.status, out]).toEqual([
      'open',
      chunk({ content: 'a' }) + data({ error: { message: 'No, [redacted]' } }),
    ]);
    watch.end();
    expect([watch.status, watch.error?.key]).toEqual(['failed', 'upstream_error']);
  });

  it('reads the vendor’s events that InvokeModel wraps, and its exceptions', () => {
    const wrapped = (event: object) =>
      anEvent('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64') });
    const frames = [
      wrapped({ type: 'message_start', message: { usage: { input_tokens: 5 } } }),
      wrapped({ type: 'content_block_delta', delta: {} }),
      wrapped({ type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 9 } }),
      wrapped({ type: 'message_stop' }),
    ];
    const type = 'application/vnd.amazon.eventstream';

    const { watch } = watching(type, encodeFrames(frames));
    const failed = watching(type, encodeFrames([anException('throttlingException', 'Slow down.')])).watch;

    expect(watch).toMatchObject({
      status: 'complete',
      facts: { finishReason: 'length', usage: { prompt_tokens: 5, completion_tokens: 9 }, events: 4 },
    });
    expect([failed.status, failed.error?.message]).toEqual(['failed', expect.stringContaining('Slow down.')]);
  });

  it.each([
    ['events', SSE, 'data: {"a\n\n<html>'],
    ['Amazon’s events', 'application/vnd.amazon.eventstream', 'no frames at all, but long enough to be taken for one'],
    ['JSON', 'application/json', '{"usage":'],
  ])('lets %s that make no sense pass', (_name, type, bytes) => {
    const { watch, out } = watching(type, bytes);
    watch.end();

    expect([out, watch.error]).toEqual([bytes, null]);
  });
});
