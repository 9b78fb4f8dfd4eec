import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { aCall, cutAt } from '../../../../test/support/chat-streams.js';
import { aResponsesTarget, joinExtras, readResponsesStream } from '../../../../test/support/responses-exchanges.js';
import { toChatRequest } from '../../../../test/support/responses-requests.js';
import { OpenAiStrategy } from '../../openai/openai.strategy.js';

const strategy = new OpenAiStrategy();
const target = aResponsesTarget(strategy);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const json = fc.json({ maxDepth: 1 });

const messageSchema = z.looseObject({
  content: z.string().nullable(),
  reasoning_content: z.string().optional(),
  tool_calls: z
    .array(z.looseObject({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
    .optional(),
});
const completionSchema = z.looseObject({
  choices: z.tuple([z.looseObject({ finish_reason: z.string(), message: messageSchema })]),
});

/** A piece of a text a delta, cut where the numbers say. */
const pieces = (whole: string, cuts: readonly number[]): string[] => {
  const letters = Array.from(whole);
  const at = [0, ...cuts.map((cut) => cut % (letters.length + 1)).toSorted((a, b) => a - b), letters.length];
  return at
    .slice(1)
    .map((end, index) => letters.slice(at[index], end).join(''))
    .filter((piece) => piece !== '');
};

const cuts = fc.array(fc.nat(), { maxLength: 3 });
const said = fc.record({ kind: fc.constant('message' as const), text, cuts });
const called = fc.record({ kind: fc.constant('call' as const), text: json, cuts });
const thought = fc.record({ kind: fc.constant('reasoning' as const), text, cuts });
const answer = fc.array(fc.oneof(said, called, thought), { minLength: 1, maxLength: 5 });
type Item = {
  readonly kind: 'message' | 'call' | 'reasoning';
  readonly text: string;
  readonly cuts: readonly number[];
};

function itemOf({ kind, text: whole }: Item, index: number) {
  if (kind === 'message')
    return { type: 'message', id: `msg_${index}`, content: [{ type: 'output_text', text: whole, annotations: [] }] };
  if (kind === 'call')
    return { type: 'function_call', id: `fc_${index}`, call_id: `call_${index}`, name: 'f', arguments: whole };
  return {
    type: 'reasoning',
    id: `rs_${index}`,
    summary: [{ type: 'summary_text', text: whole }],
    encrypted_content: `E${index}`,
  };
}

function eventsOf(item: Item, index: number): unknown[] {
  const whole = itemOf(item, index);
  const place = { output_index: index, item_id: whole.id };
  const deltas = pieces(item.text, item.cuts);
  const [type, rest] = {
    message: ['response.output_text.delta', { content_index: 0 }],
    call: ['response.function_call_arguments.delta', {}],
    reasoning: ['response.reasoning_summary_text.delta', { summary_index: 0 }],
  }[item.kind] as [string, object];
  const opened = item.kind === 'call' ? { ...whole, arguments: '' } : whole;
  return [
    { type: 'response.output_item.added', output_index: index, item: opened },
    ...deltas.map((delta) => ({ type, ...place, ...rest, delta })),
    { type: 'response.output_item.done', output_index: index, item: whole },
  ];
}

describe('generated answers of the Responses wire', () => {
  it('say the same streamed, however they are cut, and whole', () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat(), { maxLength: 12 }), (items, byteCuts) => {
        const response = { id: 'resp_1', created_at: 1, model: 'm', status: 'completed', output: items.map(itemOf) };
        const events = [...items.flatMap(eventsOf), { type: 'response.completed', response }];
        const bytes = Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
        const { body } = strategy.readChatCompletion(
          { status: 200, headers: {}, body: Buffer.from(JSON.stringify(response)) },
          aCall(),
          target,
        );

        const { text: out } = readResponsesStream(
          strategy,
          cutAt(
            bytes,
            byteCuts.map((cut) => cut % bytes.length),
          ),
        );

        const { joined, encrypted } = joinExtras(out);
        const [{ message, finish_reason: finish }] = completionSchema.parse(JSON.parse(body.toString())).choices;
        expect(joined.content).toBe(message.content ?? '');
        expect(joined.content).toBe(items.map(({ kind, text: whole }) => (kind === 'message' ? whole : '')).join(''));
        expect(joined.reasoning).toBe(message.reasoning_content ?? '');
        expect(joined.toolCalls).toEqual(
          (message.tool_calls ?? []).map(({ id, function: call }) => ({
            id,
            name: call.name,
            arguments: call.arguments,
          })),
        );
        expect(encrypted).toEqual(items.flatMap(({ kind }, index) => (kind === 'reasoning' ? [`E${index}`] : [])));
        expect([joined.finishReasons, joined.dones]).toEqual([[finish], 1]);
      }),
      { numRuns: 200 },
    );
  });
});

const user = fc.record({
  role: fc.constantFrom('user', 'system', 'developer'),
  content: fc.oneof(
    text,
    fc.array(
      fc.oneof(
        fc.record({ type: fc.constant('text'), text }),
        fc.record({
          type: fc.constant('image_url'),
          image_url: fc.record({ url: fc.webUrl(), detail: fc.constantFrom('low', 'high', 'auto') }),
        }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
  ),
});
/** A turn of the assistant with its calls, each answered. */
const turn = fc.record({ content: text, calls: fc.array(fc.record({ args: json, result: text }), { maxLength: 3 }) });

describe('generated conversations', () => {
  it('mean the same when they are turned back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(user, turn), { minLength: 1, maxLength: 4 }), (turns) => {
        const messages = turns.flatMap(([asked, { content, calls }], number) => {
          const ids = calls.map((_, index) => `call_${number}_${index}`);
          const toolCalls = calls.map(({ args }, index) => ({
            id: ids[index],
            type: 'function',
            function: { name: 'f', arguments: args },
          }));
          return [
            asked,
            { role: 'assistant', content, ...(calls.length === 0 ? {} : { tool_calls: toolCalls }) },
            ...calls.map(({ result }, index) => ({ role: 'tool', tool_call_id: ids[index], content: result })),
          ];
        });

        const { body } = strategy.buildChatRequest(aCall({ messages }), target);

        expect(toChatRequest(JSON.parse(body?.toString() ?? ''))?.['messages']).toEqual(messages);
      }),
      { numRuns: 200 },
    );
  });
});
