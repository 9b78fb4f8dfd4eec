import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget, cutAt, joinStream, numbersOf, readStream } from '../../../../test/support/chat-streams.js';
import { hasFixtures, type RecordedExchange } from '../../../../test/support/fixtures.js';
import {
  expectedUsage,
  geminiExchanges,
  recordedAnswer,
  responsesOf,
  type RecordedAnswer,
} from '../../../../test/support/gemini-exchanges.js';
import { GoogleAiStudioStrategy } from '../../google-ai-studio/google-ai-studio.strategy.js';
import { isObject } from '../openai-chat/json-value.js';

const ROUNDS = 20;
const CUTS = 10;
const SMALL_BYTES = 3000;

/** Google's words and OpenAI's: the test's own table. */
const FINISHES: Readonly<Record<string, string>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  1: 'stop',
  2: 'length',
};

const completionSchema = z.looseObject({
  id: z.string().min(1),
  created: z.number().positive(),
  model: z.string().min(1),
  choices: z
    .array(
      z.looseObject({
        finish_reason: z.string(),
        message: z.looseObject({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          reasoning_content: z.string().min(1).optional(),
          reasoning_details: z.array(z.looseObject({ data: z.string() })).optional(),
          images: z.array(z.unknown()).optional(),
          annotations: z
            .array(z.looseObject({ url_citation: z.looseObject({ start_index: z.number(), end_index: z.number() }) }))
            .optional(),
          tool_calls: z
            .array(
              z.looseObject({
                id: z.string().max(40),
                function: z.object({ name: z.string(), arguments: z.string() }),
              }),
            )
            .min(1)
            .optional(),
        }),
      }),
    )
    .min(1),
  usage: z
    .looseObject({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() })
    .optional(),
});

(hasFixtures ? describe : describe.skip)('recorded answers of Gemini', () => {
  const strategy = new GoogleAiStudioStrategy();
  const target = aTarget(strategy);
  const exchanges = geminiExchanges(['chat']);
  const rows = (keep: (exchange: RecordedExchange) => boolean) =>
    exchanges.filter(keep).map((exchange) => [exchange.id, exchange] as const);
  const whole = rows(({ sse, stream }) => sse === null && !stream);
  const lists = rows(({ body, stream }) => stream && Array.isArray(body));
  const streams = rows(({ sse }) => sse !== null);
  const grounded = aCall({ web_search_options: {} });

  it('are there', () => {
    expect([whole.length, lists.length, streams.length].every((count) => count > 4)).toBe(true);
  });

  const complete = (body: unknown, call = grounded) => {
    const bytes = Buffer.from(JSON.stringify(body));
    const answer = strategy.readChatCompletion({ status: 200, headers: {}, body: bytes }, call, target);
    return { facts: answer.facts, completion: completionSchema.parse(JSON.parse(answer.body.toString())) };
  };

  const finishOf = ({ finish, calls, blocked }: RecordedAnswer): string => {
    if (blocked) return 'content_filter';
    const reason = FINISHES[String(finish)] ?? 'unknown';
    return reason === 'stop' && calls.length > 0 ? 'tool_calls' : reason;
  };

  it.each([...whole, ...lists])('reads %s', (_id, exchange) => {
    const recorded = recordedAnswer(responsesOf(exchange));

    const { completion, facts } = complete(exchange.body);

    const { message, finish_reason: finish } = completion.choices[0]!;
    expect(message.content ?? '').toBe(recorded.content);
    expect(message.reasoning_content ?? '').toBe(recorded.reasoning);
    expect((message.tool_calls ?? []).map((call) => call.function.name)).toEqual(
      recorded.calls.map(({ name }) => name),
    );
    for (const [index, call] of (message.tool_calls ?? []).entries())
      expect(JSON.parse(call.function.arguments)).toEqual(recorded.calls[index]?.args);
    expect(new Set((message.tool_calls ?? []).map(({ id }) => id)).size).toBe(recorded.calls.length);
    expect((message.images ?? []).length).toBe(recorded.images);
    expect((message.reasoning_details ?? []).map(({ data }) => data)).toEqual(recorded.signatures);
    expect(finish).toBe(finishOf(recorded));
    expect(facts.finishReason).toBe(finish);
    if (recorded.usage === null) expect(completion).not.toHaveProperty('usage');
    else expect(completion.usage).toMatchObject(expectedUsage(recorded.usage));
    const { length } = message.content ?? '';
    for (const { url_citation: place } of message.annotations ?? [])
      expect(0 <= place.start_index && place.start_index <= place.end_index && place.end_index <= length).toBe(true);
  });

  it.each(streams)('reads the stream %s the same wherever it is cut', (_id, { sse }) => {
    const bytes = Buffer.from(sse ?? '');
    const call = aCall({ stream: true, stream_options: { include_usage: true }, web_search_options: {} });
    const atOnce = readStream(strategy, [bytes], call);
    const random = numbersOf(20_261_123);

    expect(atOnce.translator.status).toBe('complete');
    for (let round = 0; round < ROUNDS; round++) {
      const positions = Array.from({ length: CUTS }, () => random(bytes.length));
      expect(readStream(strategy, cutAt(bytes, positions), call).text).toBe(atOnce.text);
    }
    for (let at = 1; bytes.length <= SMALL_BYTES && at < bytes.length; at++)
      expect(readStream(strategy, cutAt(bytes, [at]), call).text).toBe(atOnce.text);
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(readStream(strategy, single, call).text).toBe(atOnce.text);
  });

  it.each([...streams, ...lists])('says what the stream %s said, and what a whole answer would', (_id, exchange) => {
    const responses = responsesOf(exchange);
    const recorded = recordedAnswer(responses);
    const bytes = Buffer.from(exchange.sse ?? JSON.stringify(exchange.body));
    const body = { stream: true, web_search_options: {} };
    const asked = readStream(strategy, [bytes], aCall({ ...body, stream_options: { include_usage: true } }));
    const unasked = readStream(strategy, [bytes], aCall(body));

    const joined = joinStream(asked.text);

    expect(joined).toMatchObject({
      content: recorded.content,
      reasoning: recorded.reasoning,
      finishReasons: [finishOf(recorded)],
      dones: 1,
      endsWithDone: true,
    });
    expect(joined.roles).toEqual(['assistant']);
    for (const [index, call] of joined.toolCalls.entries()) {
      const args: unknown = JSON.parse(call.arguments);
      const expected = recorded.calls[index];
      expect(call.name).toBe(expected?.name);
      if (expected?.args === null) expect(isObject(args) && Object.keys(args).length > 0).toBe(true);
      else expect(args).toEqual(expected?.args);
    }
    expect(joined.toolCalls).toHaveLength(recorded.calls.length);
    if (recorded.usage === null) expect(joined.usage).toBeNull();
    else expect(joined.usage).toMatchObject(expectedUsage(recorded.usage));

    const { completion, facts } = complete(responses);
    const { message, finish_reason: finish } = completion.choices[0]!;
    expect([message.content ?? '', message.reasoning_content ?? '', finish]).toEqual([
      joined.content,
      joined.reasoning,
      joined.finishReasons[0],
    ]);
    expect((message.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }))).toEqual(joined.toolCalls);
    expect(asked.translator.facts).toMatchObject(facts);
    expect(unasked.translator.facts).toEqual(asked.translator.facts);
    expect(joinStream(unasked.text)).toMatchObject({ content: joined.content, usageChunks: 0, dones: 1 });
  });

  it.each(geminiExchanges(['error']).map((exchange) => [exchange.id, exchange] as const))(
    'maps the error %s, and the same in a list',
    (_id, { body, headers, status }) => {
      const read = (value: unknown) =>
        strategy.readError({ status, headers, body: Buffer.from(JSON.stringify(value)) }, target);
      const error = read(body);
      const message = isObject(body) && isObject(body['error']) ? String(body['error']['message']) : '';
      const isBadKey = message.startsWith('API key not valid');

      expect(error).toMatchObject({
        key: 'upstream_error',
        status: isBadKey ? 401 : status,
        retryable: status === 429,
      });
      expect(error.message).toContain(message.slice(0, 40));
      if (status === 404) expect(error.code).toBe('model_not_found');
      if (isBadKey) expect(error.code).toBe('invalid_api_key');
      if (status === 429) expect(Number(error.details.headers?.['retry-after'])).toBeGreaterThan(0);
      expect(read([body])).toMatchObject({ status: error.status, code: error.code, message: error.message });
    },
  );
});
