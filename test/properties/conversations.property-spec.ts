import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AnthropicStrategy } from '../../src/providers/anthropic/anthropic.strategy.js';
import { isObject, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { GoogleAiStudioStrategy } from '../../src/providers/google-ai-studio/google-ai-studio.strategy.js';
import type { ProviderStrategy } from '../../src/providers/provider-strategy.js';
import * as anthropic from '../support/anthropic-requests.js';
import { aCall, aTarget } from '../support/chat-streams.js';
import * as gemini from '../support/gemini-requests.js';

/** A conversation said in a vendor's wire, and read back from it by the tests' own mapping, is the same conversation. */

const words = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== '');
const args = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
);
const image = fc.base64String({ minLength: 4, maxLength: 12 }).map((data) => ({
  type: 'image_url',
  image_url: { url: `data:image/png;base64,${data}` },
}));

const userTurn = fc.oneof(
  words.map((content) => [{ role: 'user', content }]),
  fc
    .array(
      fc.oneof(
        words.map((text) => ({ type: 'text', text })),
        image,
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((content) => [{ role: 'user', content }]),
);

const plainTurn = words.map((content) => [{ role: 'assistant', content }]);

/** An assistant that calls tools, and their results in any order. */
const toolTurn = fc
  .record({
    text: fc.option(words),
    calls: fc.array(fc.record({ name: fc.constantFrom('look', 'find', 'do_it'), args, result: args }), {
      minLength: 1,
      maxLength: 3,
    }),
    isReversed: fc.boolean(),
    salt: fc.nat(1e9),
  })
  .map(({ text, calls, isReversed, salt }) => {
    const idOf = (index: number) => `call_${salt}_${index}`;
    const results = calls.map(({ result }, index) => ({
      role: 'tool',
      tool_call_id: idOf(index),
      content: JSON.stringify(result),
    }));
    return [
      {
        role: 'assistant',
        content: text,
        tool_calls: calls.map((call, index) => ({
          id: idOf(index),
          type: 'function',
          function: { name: call.name, arguments: JSON.stringify(call.args) },
        })),
      },
      ...(isReversed ? results.toReversed() : results),
    ];
  });

const conversation = fc
  .record({
    system: fc.option(words),
    turns: fc.array(fc.tuple(userTurn, fc.oneof(plainTurn, toolTurn)), { maxLength: 4 }),
    last: userTurn,
  })
  .map(({ system, turns, last }) => [
    ...(system === null ? [] : [{ role: 'system', content: system }]),
    ...turns.flat(2),
    ...last,
  ]);

const tools = ['look', 'find', 'do_it'].map((name) => ({
  type: 'function',
  function: {
    name,
    parameters: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  },
}));

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** A text that is alone is the same as a list of one; results are told by the call they answer, not by their ids. */
function said(messages: unknown): unknown {
  const names = new Map<unknown, unknown>();
  const turns: { role: unknown; parts: unknown[] }[] = [];
  for (const message of list(messages)) {
    const { role, content } = message;
    const calls = list(message['tool_calls']);
    for (const [index, call] of calls.entries())
      names.set(call['id'], [turns.length, index, isObject(call['function']) ? call['function']['name'] : null]);
    const parts: unknown[] =
      role === 'tool'
        ? [{ of: names.get(message['tool_call_id']), result: parsed(content) }]
        : typeof content === 'string'
          ? [{ type: 'text', text: content }]
          : [...list(content)];
    const called = calls.map((call) => (isObject(call['function']) ? call['function'] : {}));
    const all = [...parts, ...called.map(({ name, arguments: text }) => ({ name, args: parsed(text) }))];
    const last = turns.at(-1);
    if (last !== undefined && last.role === role && role !== 'assistant') last.parts.push(...all);
    else turns.push({ role, parts: all });
  }
  return turns.map(({ role, parts }) => ({ role, parts: role === 'tool' ? parts.toSorted(byOrder) : parts }));
}

const byOrder = (a: unknown, b: unknown): number => JSON.stringify(a).localeCompare(JSON.stringify(b));

function parsed(content: unknown): unknown {
  const text = Array.isArray(content)
    ? list(content)
        .map((part) => part['text'])
        .join('')
    : content;
  const value: unknown = JSON.parse(String(text));
  return value;
}

const WIRES: readonly (readonly [
  string,
  ProviderStrategy,
  string,
  (native: JsonObject, model: string) => JsonObject | null,
])[] = [
  ['Gemini 3', new GoogleAiStudioStrategy(), 'gemini-3-flash-preview', gemini.toOpenAiRequest],
  ['Gemini 2.0', new GoogleAiStudioStrategy(), 'gemini-2.0-flash', gemini.toOpenAiRequest],
  ['Anthropic', new AnthropicStrategy(), 'claude-sonnet-4-5', anthropic.toOpenAiRequest],
];

describe.each(WIRES)('a conversation with %s', (_name, strategy, model, toOpenAi) => {
  it('keeps its meaning there and back', () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const call = aCall({ messages, tools, max_tokens: 99 });
        const { body } = strategy.buildChatRequest(call, aTarget(strategy, { model }));
        const native: unknown = JSON.parse(body?.toString() ?? '');

        const back = isObject(native) ? toOpenAi(native, model) : null;

        expect(said(back?.['messages'])).toEqual(said(JSON.parse(JSON.stringify(messages))));
        expect(back?.['max_completion_tokens'] ?? back?.['max_tokens']).toBe(99);
        expect(list(back?.['tools']).map((tool) => tool['function'])).toMatchObject(tools.map((tool) => tool.function));
      }),
      { numRuns: 200 },
    );
  });
});
