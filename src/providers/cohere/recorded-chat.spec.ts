import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget, cutAt, joinStream, numbersOf, readStream } from '../../../test/support/chat-streams.js';
import { meaningOf, toOpenAiRequest } from '../../../test/support/cohere-requests.js';
import { hasFixtures, readExchanges, type RecordedExchange } from '../../../test/support/fixtures.js';
import { completionAsStream } from '../dialects/openai-chat/completion-as-stream.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { CohereStrategy } from './cohere.strategy.js';

const CUTS = 200;
const SMALL_BYTES = 3000;
const FINISHES: Readonly<Record<string, string>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
};

const strategy = new CohereStrategy();
const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const object = (value: unknown): JsonObject => (isObject(value) ? value : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

const exchanges = readExchanges('cohere', ['chat', 'error']).filter(({ api }) => api === 'chat');
const rows = (keep: (exchange: RecordedExchange) => boolean) =>
  exchanges.filter(keep).map((exchange) => [exchange.id, exchange] as const);

/** The tests' own reading of an answer's message. */
function saidIn(message: JsonObject) {
  const parts = list(message['content']);
  return {
    content: parts.map((part) => text(part['text'])).join(''),
    reasoning: parts.map((part) => text(part['thinking'])).join('') + text(message['tool_plan']),
    calls: list(message['tool_calls']).map(({ id, function: body }) => ({
      id,
      name: object(body)['name'],
      arguments: JSON.parse(text(object(body)['arguments']) || '{}') as unknown,
    })),
    citations: list(message['citations']),
  };
}

/** A recorded stream's events as the answer they are. */
function answerOf(events: readonly JsonObject[]): JsonObject {
  const parts = new Map<unknown, JsonObject>();
  const calls: { id: unknown; type: string; function: { name: unknown; arguments: string } }[] = [];
  const citations: JsonObject[] = [];
  let plan = '';
  let end: JsonObject = {};
  for (const { type, index, delta } of events) {
    const message = object(object(delta)['message']);
    const content = object(message['content']);
    if (type === 'content-start') parts.set(index, content);
    if (type === 'content-delta') {
      const before = object(parts.get(index));
      const name = 'thinking' in content ? 'thinking' : 'text';
      parts.set(index, { ...before, type: name, [name]: text(before[name]) + text(content[name]) });
    }
    if (type === 'tool-plan-delta') plan += text(message['tool_plan']);
    const call = object(message['tool_calls']);
    const body = object(call['function']);
    if (type === 'tool-call-start')
      calls.push({
        id: call['id'],
        type: 'function',
        function: { name: body['name'], arguments: text(body['arguments']) },
      });
    if (type === 'tool-call-delta') calls.at(-1)!.function.arguments += text(body['arguments']);
    if (type === 'citation-start') citations.push(object(message['citations']));
    if (type === 'message-end') end = object(delta);
  }
  const start = events.find(({ type }) => type === 'message-start');
  return {
    id: start?.['id'],
    message: {
      role: 'assistant',
      content: [...parts.values()],
      ...(plan === '' ? {} : { tool_plan: plan }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      ...(citations.length === 0 ? {} : { citations }),
    },
    finish_reason: end['finish_reason'],
    usage: end['usage'],
  };
}

const eventsOf = (sse: string): JsonObject[] =>
  sse
    .split('\n')
    .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
    .map((line): unknown => JSON.parse(line.slice(5)))
    .filter(isObject);

/** By the mapping table: tokens, not billed units. */
function usageIn(raw: unknown): JsonObject | undefined {
  const { tokens, cached_tokens: cached } = object(raw);
  if (!isObject(tokens)) return undefined;
  const { input_tokens: input, output_tokens: output, reasoning_tokens: reasoning } = tokens;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: number(input) + number(output),
    ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}

(hasFixtures ? describe : describe.skip)('recorded v2 chat traffic', () => {
  const whole = rows(({ kind, sse }) => kind === 'chat' && sse === null);
  const streams = rows(({ kind, sse }) => kind === 'chat' && sse !== null);
  const read = (body: unknown) =>
    strategy.readChatCompletion(
      { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) },
      aCall(),
      aTarget(strategy),
    );

  it('is there', () => {
    expect(whole.length).toBeGreaterThan(20);
    expect(streams.length).toBeGreaterThan(9);
  });

  it.each(whole)('reads %s', (_id, { body }) => {
    const recorded = object(body);
    const said = saidIn(object(recorded['message']));

    const { body: bytes, facts } = read(body);

    const completion = JSON.parse(bytes.toString()) as JsonObject;
    const choice = object(list(completion['choices'])[0]);
    const message = object(choice['message']);
    expect(completion['id']).toBe(recorded['id']);
    expect(saidIn({ tool_calls: message['tool_calls'] }).calls).toEqual(said.calls);
    expect([message['content'] ?? '', message['reasoning_content'] ?? '']).toEqual([said.content, said.reasoning]);
    expect(choice['finish_reason']).toBe(FINISHES[text(recorded['finish_reason'])]);
    expect(facts.usage).toEqual(usageIn(recorded['usage']));
    expect(completion['usage']).toEqual(facts.usage);
    // Each citation cuts out of the text what it says it does.
    const citations = list(message['citations']);
    expect(citations).toHaveLength(said.citations.length);
    for (const { start_index: start, end_index: end, text: cited } of citations)
      expect(Array.from(said.content).slice(number(start), number(end)).join('')).toBe(cited);
  });

  it.each(streams)('reads the stream %s the same wherever it is cut', (_id, { sse }) => {
    const bytes = Buffer.from(sse ?? '');
    const call = aCall({ stream: true, stream_options: { include_usage: true } });
    const atOnce = readStream(strategy, [bytes], call);
    const random = numbersOf(20_261_123);

    expect(atOnce.translator.status).toBe('complete');
    for (let round = 0; round < CUTS / 10; round++) {
      const positions = Array.from({ length: 10 }, () => random(bytes.length));
      expect(readStream(strategy, cutAt(bytes, positions), call).text).toBe(atOnce.text);
    }
    for (let at = 1; at < (bytes.length <= SMALL_BYTES ? bytes.length : 0); at++)
      expect(readStream(strategy, cutAt(bytes, [at]), call).text).toBe(atOnce.text);
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(readStream(strategy, single, call).text).toBe(atOnce.text);
    // Broken off before its end it is not complete.
    const { translator, text: said } = readStream(strategy, [bytes.subarray(0, bytes.length / 3)], call);
    expect([translator.status, said.includes('[DONE]')]).toEqual(['open', false]);
  });

  it.each(streams)('says what the stream %s said, and what a whole answer would say', async (_id, { sse }) => {
    const answer = answerOf(eventsOf(sse ?? ''));
    const said = saidIn(object(answer['message']));
    const call = aCall({ stream: true, stream_options: { include_usage: true } });

    const { text: out, translator } = readStream(strategy, [Buffer.from(sse ?? '')], call);

    const joined = joinStream(out);
    expect(joined).toMatchObject({ content: said.content, reasoning: said.reasoning, dones: 1, endsWithDone: true });
    expect(joined.finishReasons).toEqual([FINISHES[text(answer['finish_reason'])]]);
    expect(joined.toolCalls.map((each) => ({ ...each, arguments: JSON.parse(each.arguments) as unknown }))).toEqual(
      said.calls,
    );
    expect(joined.usage ?? undefined).toEqual(usageIn(answer['usage']));
    expect(translator.facts.usage).toEqual(usageIn(answer['usage']));
    expect((out.match(/"sources":/g) ?? []).length).toBe(said.citations.length);
    const pieces: Buffer[] = [];
    for await (const piece of completionAsStream(read(answer).body)) pieces.push(piece);
    const { events: _many, roles: _roles, ...rest } = joined;
    const { events: _few, roles: _own, ...asStream } = joinStream(Buffer.concat(pieces).toString());
    expect(rest).toEqual(asStream);
  });

  it.each(rows(({ status }) => status >= 400))('maps the error %s', (_id, { body, headers, status }) => {
    const error = strategy.readError({ status, headers, body: Buffer.from(JSON.stringify(body)) }, aTarget(strategy));

    expect([error.status, error.code]).toEqual([401, 'invalid_api_key']);
    expect(error.message).toContain('Incorrect API key provided');
    expect(error.details.metadata?.['upstream_status']).toBe(status);
  });

  it.each(rows(({ requestBody }) => isObject(requestBody)))('asks what was asked in %s', (_id, { requestBody }) => {
    const recorded = object(requestBody);
    const model = text(recorded['model']);

    const { body } = strategy.buildChatRequest(aCall(toOpenAiRequest(recorded)), aTarget(strategy, { model }));

    expect(isText(model)).toBe(true);
    expect(meaningOf(JSON.parse(body?.toString() ?? '') as JsonObject)).toEqual(meaningOf(recorded));
  });
});
