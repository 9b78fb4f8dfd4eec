import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aDialectElsewhere, answered, asked, streamed, toFrames } from '../../../../test/support/anthropic-calls.js';
import { meaningOf } from '../../../../test/support/anthropic-meaning.js';
import { toOpenAiRequest } from '../../../../test/support/anthropic-requests.js';
import { aCall, aTarget, joinStream, numbersOf, cutAt } from '../../../../test/support/chat-streams.js';
import { hasFixtures, readExchanges } from '../../../../test/support/fixtures.js';
import { isObject, parseJson, type JsonObject } from '../openai-chat/json-value.js';

const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const id = fc.stringMatching(/^toolu_[A-Za-z0-9]{6,10}$/);
const mark = fc.constantFrom({}, {}, {}, { cache_control: { type: 'ephemeral' } });
const input = fc.dictionary(word, fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), { maxKeys: 3 });
const text = fc.tuple(word, mark).map(([said, marked]) => ({ type: 'text', text: said, ...marked }));
const image = fc.constantFrom(
  { type: 'image', source: { type: 'url', url: 'https://x.test/a.png' } },
  { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'AAAA' } },
  { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBE' }, title: 'a.pdf' },
);
const thinking = fc.oneof(
  fc.tuple(fc.string(), word).map(([thought, signature]) => ({ type: 'thinking', thinking: thought, signature })),
  word.map((data) => ({ type: 'redacted_thinking', data })),
);
const uses = (least: number) =>
  fc
    .uniqueArray(id, { minLength: least, maxLength: 3 })
    .chain((ids) =>
      fc.tuple(
        ...ids.map((each) =>
          fc
            .tuple(input, mark)
            .map(([given, marked]) => ({ type: 'tool_use', id: each, name: 'f', input: given, ...marked })),
        ),
      ),
    );
const result = fc.tuple(
  fc.oneof(
    word,
    fc.array(
      fc.oneof(
        word.map((said) => ({ type: 'text', text: said })),
        image,
      ),
      { minLength: 1, maxLength: 2 },
    ),
  ),
  fc.boolean(),
  mark,
);

/** What an assistant may say: thinking first, a text or two, calls. */
const content = (leastCalls: number) =>
  fc
    .tuple(
      fc.array(thinking, { maxLength: 2 }),
      fc.array(text, { minLength: 1 - leastCalls, maxLength: 2 }),
      leastCalls === 0 ? fc.constant([]) : uses(leastCalls),
    )
    .map(([thoughts, texts, calls]): JsonObject[] => [...thoughts, ...texts, ...calls]);

/** A question, its answer, and what follows from its calls. */
const exchange = fc
  .tuple(fc.array(fc.oneof(text, image), { minLength: 1, maxLength: 2 }), fc.boolean())
  .chain(([question, isLoop]) =>
    content(isLoop ? 1 : 0).chain((answer) => {
      const ids = answer.filter(({ type }) => type === 'tool_use').map((block) => block['id']);
      return fc.tuple(...ids.map(() => result)).map((results) => [
        { role: 'user', content: question },
        { role: 'assistant', content: answer },
        ...(ids.length === 0
          ? []
          : [
              {
                role: 'user',
                content: results.map(([given, isError, marked], index) => ({
                  type: 'tool_result',
                  tool_use_id: ids[index],
                  content: given,
                  ...(isError ? { is_error: true } : {}),
                  ...marked,
                })),
              },
              { role: 'assistant', content: [{ type: 'text', text: 'So.' }] },
            ]),
      ]);
    }),
  );

const request = fc
  .record(
    {
      max_tokens: fc.integer({ min: 1, max: 60_000 }),
      system: fc.oneof(word, fc.array(text, { minLength: 1, maxLength: 2 })),
      temperature: fc.double({ min: 0, max: 1, noNaN: true }),
      stop_sequences: fc.array(fc.stringMatching(/^[A-Z]{1,5}$/), { minLength: 1, maxLength: 3 }),
      tool_choice: fc.constantFrom(
        { type: 'auto' },
        { type: 'any' },
        { type: 'tool', name: 'f' },
        { type: 'none' },
        { type: 'any', disable_parallel_tool_use: true },
      ),
      stream: fc.boolean(),
    },
    { requiredKeys: ['max_tokens'] },
  )
  .chain((members) =>
    fc.tuple(fc.array(exchange, { maxLength: 3 }), word).map(([exchanges, last]) => ({
      ...members,
      model: 'claude-sonnet-4-5',
      tools: [
        { name: 'f', description: 'F.', input_schema: { type: 'object', properties: { a: { type: 'string' } } } },
      ],
      messages: [...exchanges.flat(), { role: 'user', content: [{ type: 'text', text: last }] }],
    })),
  );

describe('the way there and back', () => {
  it("keeps a conversation's meaning through OpenAI's dialect", () => {
    fc.assert(
      fc.property(request, (native) => {
        const sent = asked(toOpenAiRequest(native), native.model);

        expect(meaningOf(sent)).toEqual(meaningOf(native));
      }),
      { numRuns: 300 },
    );
  });

  it('makes of a stream what the whole answer says', () => {
    fc.assert(
      fc.property(fc.oneof(content(0), content(1)), (blocks) => {
        const hasCalls = blocks.some(({ type }) => type === 'tool_use');
        const native = {
          id: 'msg_1',
          model: 'claude-sonnet-4-5',
          content: blocks.map(({ cache_control: _mark, ...block }) => block),
          stop_reason: hasCalls ? 'tool_use' : 'end_turn',
          usage: { input_tokens: 1, output_tokens: 2 },
        };

        const { message } = answered(native);
        const joined = joinStream(streamed(toFrames(native)).text);

        expect(joined.content).toBe(message['content'] ?? '');
        expect(joined.reasoning).toBe(message['reasoning_content'] ?? '');
        expect(joined.toolCalls.map(({ id: each, arguments: args }) => [each, parseJson(args)])).toEqual(
          native.content.filter(({ type }) => type === 'tool_use').map((block) => [block['id'], block['input']]),
        );
      }),
      { numRuns: 300 },
    );
  });
});

(hasFixtures ? describe : describe.skip)('recorded exchanges with Claude elsewhere', () => {
  const { dialect, strategy } = aDialectElsewhere();
  const exchanges = readExchanges('vertex', ['chat', 'invoke'])
    .filter(({ model }) => model?.startsWith('claude') === true)
    .map((each) => [each.id, each] as const);
  const textOf = (blocks: unknown): string =>
    (Array.isArray(blocks) ? blocks.filter(isObject) : [])
      .map(({ text: said }) => (typeof said === 'string' ? said : ''))
      .join('');

  it('are there', () => {
    expect(exchanges.length).toBeGreaterThan(2);
  });

  it.each(exchanges)(
    'would ask as %s was asked, and reads the answer',
    (_id, { requestBody, body, sse, stream, model }) => {
      const recorded = isObject(requestBody) ? requestBody : {};
      const { anthropic_version: version, ...native } = recorded;
      const call = aCall({ ...toOpenAiRequest(native), stream });
      const target = aTarget(strategy, { model: model ?? '' });

      const sent = parseJson(dialect.buildChatRequest(call, target).body?.toString() ?? '');

      const { stream: _said, ...meaning } = meaningOf(native);
      const { stream: _sent, anthropic_version: sentVersion, ...sentMeaning } = meaningOf(isObject(sent) ? sent : {});
      expect(sentMeaning).toEqual(meaning);
      expect(sentVersion).toBe(version);
      if (sse === null) {
        const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
        const completion: unknown = JSON.parse(dialect.readChatCompletion(answer, call, target).body.toString());
        expect(JSON.stringify(completion)).toContain(
          JSON.stringify(textOf(isObject(body) ? body['content'] : [])).slice(1, -1),
        );
        return;
      }
      const bytes = Buffer.from(sse);
      const read = (pieces: readonly Buffer[]) => {
        const translator = dialect.openChatStream(call, target);
        const out = Buffer.concat([...pieces.flatMap((piece) => translator.push(piece)), ...translator.end()]);
        return { out: out.toString(), status: translator.status };
      };
      const next = numbersOf(7);
      const whole = read([bytes]);
      expect(whole.status).toBe('complete');
      expect(
        read(
          cutAt(
            bytes,
            Array.from({ length: 50 }, () => next(bytes.length)),
          ),
        ),
      ).toEqual(whole);
      expect(joinStream(whole.out).dones).toBe(1);
    },
  );
});
