import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, cutAt, numbersOf } from '../../../../test/support/chat-streams.js';
import { hasFixtures, readExchanges } from '../../../../test/support/fixtures.js';
import {
  aResponsesTarget,
  isOfResponsesWire,
  joinExtras,
  readResponsesStream,
  recordedResponse,
  saidBy,
} from '../../../../test/support/responses-exchanges.js';
import { canonicalRequest, toChatRequest } from '../../../../test/support/responses-requests.js';
import { chatCompletionRequestSchema } from '../../../contract/chat-completion-request.schema.js';
import { OpenAiStrategy } from '../../openai/openai.strategy.js';
import { toResponsesRequest } from './request.mapper.js';
import { OPENAI_RESPONSES } from './responses-flavour.js';

/** All who speak this wire: what one of them sends, another may some day. */
const FOLDERS = ['openai', 'azure-openai', 'xai', 'bedrock', 'deepseek', 'openrouter', 'perplexity'];
const SMALL_BYTES = 6000;
const INCLUDE_USAGE = { stream_options: { include_usage: true } };

const completionSchema = z.looseObject({
  id: z.string(),
  choices: z.tuple([
    z.looseObject({
      finish_reason: z.string(),
      message: z.looseObject({
        content: z.string().nullable(),
        refusal: z.string().nullable(),
        reasoning_details: z.array(z.looseObject({ data: z.string().optional() })).optional(),
        tool_calls: z
          .array(
            z.object({
              id: z.string(),
              type: z.literal('function'),
              function: z.looseObject({ name: z.string(), arguments: z.string() }),
            }),
          )
          .optional(),
      }),
    }),
  ]),
});

(hasFixtures ? describe : describe.skip)('recorded answers of the Responses wire', () => {
  const strategy = new OpenAiStrategy();
  const target = aResponsesTarget(strategy);
  const exchanges = FOLDERS.flatMap((folder) => readExchanges(folder, ['responses', 'error'])).filter(
    (exchange) => exchange.api === 'responses' && isOfResponsesWire(exchange),
  );
  const rows = exchanges.map((exchange) => [exchange.id, exchange] as const);
  const whole = rows.filter(([, { status, sse }]) => status < 400 && sse === null);
  const streams = rows.filter(([, { status, sse }]) => status < 400 && sse !== null);
  const errors = rows.filter(([, { status }]) => status >= 400);

  it('are there', () => {
    expect([whole.length > 40, streams.length > 15, errors.length > 10]).toEqual([true, true, true]);
  });

  it.each(whole)('reads %s', (_id, exchange) => {
    const recorded = recordedResponse(exchange);
    const said = saidBy(recorded);
    const bytes = Buffer.from(JSON.stringify(exchange.body));

    const { body, facts } = strategy.readChatCompletion({ status: 200, headers: {}, body: bytes }, aCall(), target);

    const { id, choices } = completionSchema.parse(JSON.parse(body.toString()));
    const { message, finish_reason: finish } = choices[0];
    expect(id).toBe(recorded.id);
    expect([message.content ?? '', message.refusal ?? '']).toEqual([said.content, said.refusal]);
    expect(message['reasoning_content'] ?? '').toBe(said.reasoning);
    const calls = message.tool_calls ?? [];
    expect(
      calls.map((call) => ({ id: call.id, name: call.function.name, arguments: call.function.arguments })),
    ).toEqual(said.calls);
    for (const call of calls) expect(() => JSON.parse(call.function.arguments)).not.toThrow();
    expect(finish).toBe(recorded.status === 'incomplete' ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop');
    expect((message.reasoning_details ?? []).flatMap(({ data }) => data ?? [])).toEqual(said.encrypted);
    expectUsage(facts, recorded.usage);
  });

  it.each(streams)('reads the stream %s as the answer it ends with, wherever it is cut', (_id, exchange) => {
    const bytes = Buffer.from(exchange.sse ?? '');
    const recorded = recordedResponse(exchange);
    const said = saidBy(recorded);
    const atOnce = readResponsesStream(strategy, [bytes], INCLUDE_USAGE);
    const random = numbersOf(20_261_123);

    for (let round = 0; round < 10; round++) {
      const positions = Array.from({ length: 10 }, () => random(bytes.length));
      expect(readResponsesStream(strategy, cutAt(bytes, positions), INCLUDE_USAGE).text).toBe(atOnce.text);
    }
    for (let at = 1; at < (bytes.length <= SMALL_BYTES ? bytes.length : 0); at++)
      expect(readResponsesStream(strategy, cutAt(bytes, [at]), INCLUDE_USAGE).text).toBe(atOnce.text);
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(readResponsesStream(strategy, single, INCLUDE_USAGE).text).toBe(atOnce.text);

    const { joined, refusal, encrypted } = joinExtras(atOnce.text);
    expect(atOnce.translator).toMatchObject({ status: 'complete', started: true, error: null });
    expect([joined.content, refusal, joined.reasoning]).toEqual([said.content, said.refusal, said.reasoning]);
    expect(joined.toolCalls).toEqual(said.calls);
    expect(encrypted).toEqual(said.encrypted);
    expect(joined.finishReasons).toEqual([said.calls.length > 0 ? 'tool_calls' : 'stop']);
    expect([joined.dones, joined.endsWithDone, joined.roles]).toEqual([1, true, ['assistant']]);
    expectUsage(atOnce.translator.facts, recorded.usage);
    const unasked = joinExtras(readResponsesStream(strategy, [bytes]).text).joined;
    expect([unasked.usageChunks, unasked.content, joined.usageChunks]).toEqual([
      0,
      joined.content,
      recorded.usage == null ? 0 : 1,
    ]);
  });

  it.each(streams)('says the same of %s streamed and whole', (_id, exchange) => {
    const recorded = recordedResponse(exchange);
    const { joined } = joinExtras(readResponsesStream(strategy, [Buffer.from(exchange.sse ?? '')]).text);

    const { body } = strategy.readChatCompletion(
      { status: 200, headers: {}, body: Buffer.from(JSON.stringify({ ...recorded, status: 'completed' })) },
      aCall(),
      target,
    );

    const message = completionSchema.parse(JSON.parse(body.toString())).choices[0].message;
    expect(joined.reasoning).toBe(message['reasoning_content'] ?? '');
    expect(joined.content).toBe(message.content ?? '');
  });

  const asked = rows.flatMap(([id, { requestBody }]) => {
    const chat = toChatRequest(requestBody);
    return chat === null ? [] : [[id, requestBody, chat] as const];
  });

  it('were asked for in words that a chat has', () => {
    expect(asked.length).toBeGreaterThan(50);
  });

  it.each(asked)('asks what %s asked', (_id, recorded, chat) => {
    const request = chatCompletionRequestSchema.parse({ ...chat, model: 'provider/m' });

    const body = toResponsesRequest(request, OPENAI_RESPONSES, { name: strategy.name, target });

    expect(canonicalRequest(JSON.parse(JSON.stringify(body)))).toEqual(canonicalRequest(recorded));
  });

  it.each(errors)('maps the error %s', (_id, { status, headers, body }) => {
    const error = strategy.readError({ status, headers, body: Buffer.from(JSON.stringify(body)) }, target);

    expect(error.key).toBe('upstream_error');
    expect([error.details.metadata?.['upstream_status'], error.status]).toEqual([status, status]);
    expect(error.message.length).toBeGreaterThan(10);
  });
});

function expectUsage(
  facts: { readonly usage?: unknown },
  recorded: ReturnType<typeof recordedResponse>['usage'],
): void {
  if (recorded == null) {
    expect(facts).not.toHaveProperty('usage');
    return;
  }
  const cached = recorded.input_tokens_details?.cached_tokens;
  const reasoning = recorded.output_tokens_details?.reasoning_tokens;
  expect(facts.usage).toMatchObject({
    prompt_tokens: recorded.input_tokens,
    completion_tokens: recorded.output_tokens,
    total_tokens: recorded.input_tokens + recorded.output_tokens,
    ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  });
}
