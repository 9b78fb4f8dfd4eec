import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AnthropicStrategy } from '../../src/providers/anthropic/anthropic.strategy.js';
import { GoogleAiStudioStrategy } from '../../src/providers/google-ai-studio/google-ai-studio.strategy.js';
import { OpenAiStrategy } from '../../src/providers/openai/openai.strategy.js';
import type { ProviderStrategy } from '../../src/providers/provider-strategy.js';
import { cutAt, joinStream, readStream } from '../support/chat-streams.js';

/** Whatever a model calls, in whatever pieces it comes: the caller has whole calls, in order, with arguments that parse. */

interface Call {
  readonly name: string;
  readonly args: Record<string, unknown>;
}

const calls = fc.array(
  fc.record({
    name: fc.stringMatching(/^[a-z_][a-z0-9_]{0,12}$/),
    args: fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.jsonValue({ maxDepth: 2 })),
  }),
  { minLength: 1, maxLength: 5 },
);

/** Positions in a text, as shares of it. */
const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
function piecesOf(text: string, at: readonly number[]): string[] {
  const positions = [0, ...at.map((share) => Math.floor(share * text.length)).toSorted((a, b) => a - b), text.length];
  return positions.slice(1).map((end, index) => text.slice(positions[index], end));
}

const sse = (events: readonly unknown[], named = false): Buffer =>
  Buffer.from(
    events
      .map((event) => {
        const type =
          named && typeof event === 'object' && event !== null && 'type' in event
            ? `event: ${String(event.type)}\n`
            : '';
        return `${type}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`;
      })
      .join(''),
  );

/** Fragments of several calls, by turns: what OpenAI's wire allows. */
function openAiStream(list: readonly Call[], at: readonly number[]): Buffer {
  const chunk = (delta: object, finish: string | null = null) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const fragments = list.map(({ args }) => piecesOf(JSON.stringify(args), at));
  const rounds = Math.max(...fragments.map(({ length }) => length));
  return sse([
    chunk({ role: 'assistant', content: null }),
    ...list.map(({ name }, index) =>
      chunk({ tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name, arguments: '' } }] }),
    ),
    ...Array.from({ length: rounds }, (_, round) =>
      fragments.flatMap((pieces, index) =>
        pieces[round] === undefined ? [] : [chunk({ tool_calls: [{ index, function: { arguments: pieces[round] } }] })],
      ),
    ).flat(),
    chunk({}, 'tool_calls'),
    '[DONE]',
  ]);
}

/** A call is a part; events hold as many parts as they like. */
function geminiStream(list: readonly Call[], at: readonly number[]): Buffer {
  const parts = list.map(({ name, args }) => ({ functionCall: { name, args } }));
  const breaks = [...new Set(at.map((share) => Math.floor(share * parts.length)))].toSorted((a, b) => a - b);
  const groups = [0, ...breaks].map((start, index, all) => parts.slice(start, all[index + 1]));
  return sse([
    ...groups.map((group) => ({ candidates: [{ content: { role: 'model', parts: group }, index: 0 }] })),
    { candidates: [{ content: { role: 'model', parts: [{ text: '' }] }, finishReason: 'STOP', index: 0 }] },
  ]);
}

/** Blocks one after another, each with fragments of its JSON. */
function anthropicStream(list: readonly Call[], at: readonly number[]): Buffer {
  return sse(
    [
      {
        type: 'message_start',
        message: { id: 'msg_1', model: 'claude-x', usage: { input_tokens: 1, output_tokens: 1 } },
      },
      ...list.flatMap(({ name, args }, index) => [
        {
          type: 'content_block_start',
          index,
          content_block: { type: 'tool_use', id: `toolu_${index}`, name, input: {} },
        },
        ...piecesOf(JSON.stringify(args), at).map((piece) => ({
          type: 'content_block_delta',
          index,
          delta: { type: 'input_json_delta', partial_json: piece },
        })),
        { type: 'content_block_stop', index },
      ]),
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    ],
    true,
  );
}

const WIRES: readonly (readonly [
  string,
  ProviderStrategy,
  (list: readonly Call[], at: readonly number[]) => Buffer,
])[] = [
  ['OpenAI', new OpenAiStrategy(), openAiStream],
  ['Gemini', new GoogleAiStudioStrategy(), geminiStream],
  ['Anthropic', new AnthropicStrategy(), anthropicStream],
];

describe.each(WIRES)('tool calls of %s', (_name, strategy, toStream) => {
  it('are whole, in order and apart, however they come', () => {
    fc.assert(
      fc.property(calls, shares, shares, (list, fragmentsAt, cutsAt) => {
        const bytes = toStream(list, fragmentsAt);
        const cuts = cutsAt.map((share) => Math.floor(share * bytes.length));

        const joined = joinStream(readStream(strategy, cutAt(bytes, cuts)).text);

        // Through JSON, as the wire has it: there is no minus zero.
        const expected: unknown = JSON.parse(JSON.stringify(list));
        expect(
          joined.toolCalls.map((call): unknown => ({ name: call.name, args: JSON.parse(call.arguments) })),
        ).toEqual(expected);
        expect(new Set(joined.toolCalls.map(({ id }) => id)).size).toBe(list.length);
        expect(joined.finishReasons).toEqual(['tool_calls']);
      }),
      { numRuns: 200 },
    );
  });
});
