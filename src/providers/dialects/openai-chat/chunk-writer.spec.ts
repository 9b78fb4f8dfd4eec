import { describe, expect, it } from '@jest/globals';
import { joinStream } from '../../../../test/support/chat-streams.js';
import { ChunkWriter } from './chunk-writer.js';

const aWriter = (): ChunkWriter => new ChunkWriter({ id: 'c-1', created: 7, model: 'm "quoted"' });
const textOf = (writer: ChunkWriter): string => Buffer.concat([...writer.take()]).toString();
const eventsOf = (text: string): unknown[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event): unknown => JSON.parse(event.slice(6)));

describe('ChunkWriter', () => {
  it('writes a stream that a strict client reads', () => {
    const writer = aWriter();
    writer.reasoning('Hm.');
    writer.text('Grüße "🌍"\n');
    const first = writer.openToolCall('t1', 'f', { extra_content: { a: 1 } });
    const second = writer.openToolCall('t2', 'g');
    writer.toolArguments(second, '{"b":');
    writer.toolArguments(second, '2}');
    writer.closeToolCall(first);
    writer.closeToolCall(second);
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    writer.finish({ finishReason: 'tool_calls', nativeFinishReason: 'tool_use', usage, extras: { trace: {} } });

    const text = textOf(writer);

    expect(joinStream(text)).toMatchObject({
      roles: ['assistant'],
      content: 'Grüße "🌍"\n',
      reasoning: 'Hm.',
      toolCalls: [
        { id: 't1', name: 'f', arguments: '{}' },
        { id: 't2', name: 'g', arguments: '{"b":2}' },
      ],
      finishReasons: ['tool_calls'],
      usage,
      usageChunks: 1,
      dones: 1,
      endsWithDone: true,
    });
    for (const chunk of eventsOf(text)) {
      expect(chunk).toMatchObject({ id: 'c-1', object: 'chat.completion.chunk', created: 7, model: 'm "quoted"' });
    }
    expect(text).toContain('"native_finish_reason":"tool_use"}],"trace":{}}');
    expect(text).toContain('"extra_content":{"a":1}');
  });

  it("takes the provider's id before its first chunk, and no other after", () => {
    const writer = aWriter();
    writer.identify('own');
    writer.text('a');
    writer.identify('late');
    writer.text('b');

    expect(eventsOf(textOf(writer))).toMatchObject([{ id: 'own' }, { id: 'own' }, { id: 'own' }]);
  });

  it('writes nothing of nothing, and begins with an end that has nothing before it', () => {
    const writer = aWriter();
    writer.text('');
    writer.reasoning('');

    expect([writer.started, textOf(writer)]).toEqual([false, '']);
    writer.finish({ finishReason: 'stop', nativeFinishReason: 'end_turn' });
    expect(writer.started).toBe(true);
    expect(joinStream(textOf(writer))).toMatchObject({ roles: ['assistant'], finishReasons: ['stop'], usage: null });
    expect(textOf(writer)).toBe('');
  });
});
