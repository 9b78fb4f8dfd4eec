import { describe, expect, it } from '@jest/globals';
import { meaningOf } from '../../../test/support/anthropic-meaning.js';
import { toOpenAiRequest } from '../../../test/support/anthropic-requests.js';
import { aCall, aTarget, cutAt, joinStream, numbersOf, readStream } from '../../../test/support/chat-streams.js';
import { hasFixtures, readExchanges, type RecordedExchange } from '../../../test/support/fixtures.js';
import { isObject, isText, parseJson, type JsonObject } from '../dialects/openai-chat/json-value.js';
import type { ChatCall } from '../provider-strategy.js';
import { AnthropicStrategy } from './anthropic.strategy.js';

const CUTS = 200;
const SMALL_BYTES = 3000;
/** Two messages spliced into one stream by a proxy: what came of the first cannot be taken back. */
const SPLICED = 'anthropic-chat-spliced-message-start-84ae112';

const FINISHES: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const object = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** The call as OpenAI's dialect has it; a plain one where the request was not recorded. */
const callOf = ({ requestBody, stream }: RecordedExchange, rest: JsonObject = {}): ChatCall =>
  aCall({ ...(isObject(requestBody) ? toOpenAiRequest(requestBody) : {}), stream, ...rest });

/** What a Message says: the test's own reading, not the code's. */
function said(message: JsonObject) {
  const blocks = list(message['content']);
  const of = (type: string) => blocks.filter((block) => block['type'] === type);
  const usage = object(message['usage']);
  const prompt =
    number(usage['input_tokens']) +
    number(usage['cache_creation_input_tokens']) +
    number(usage['cache_read_input_tokens']);
  const urls = of('text')
    .flatMap(({ citations }) => list(citations))
    .flatMap(({ url }) => (isText(url) ? [url] : []));
  return {
    content: of('text')
      .map((block) => text(block['text']))
      .join(''),
    reasoning: of('thinking')
      .map((block) => text(block['thinking']))
      .join(''),
    signatures: of('thinking').map((block) => text(block['signature'])),
    redacted: of('redacted_thinking').map(({ data }) => data),
    calls: of('tool_use').map(({ id, name, input }) => ({ id, name, input })),
    urls,
    prompt,
    completion: number(usage['output_tokens']),
    cached: usage['cache_read_input_tokens'],
    reasoningTokens: object(usage['output_tokens_details'])['thinking_tokens'],
    finish: FINISHES[text(message['stop_reason'])],
  };
}

/** The Message that a recorded stream amounts to. */
function assemble(sse: string): JsonObject {
  const events = sse
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => object(parseJson(line.slice(5))));
  let message: Record<string, unknown> = {};
  const blocks: Record<string, unknown>[] = [];
  for (const event of events) {
    const delta = object(event['delta']);
    const block = blocks[number(event['index'])];
    if (event['type'] === 'message_start') message = { ...object(event['message']) };
    if (event['type'] === 'content_block_start') {
      blocks[number(event['index'])] = { ...object(event['content_block']), json: '' };
    }
    if (event['type'] === 'content_block_delta' && block !== undefined) {
      if (isText(delta['text'])) block['text'] = text(block['text']) + delta['text'];
      if (isText(delta['thinking'])) block['thinking'] = text(block['thinking']) + delta['thinking'];
      if (isText(delta['signature'])) block['signature'] = text(block['signature']) + delta['signature'];
      if (isText(delta['partial_json'])) block['json'] = text(block['json']) + delta['partial_json'];
      if (delta['citation'] !== undefined) block['citations'] = [...list(block['citations']), delta['citation']];
    }
    if (event['type'] === 'message_delta') {
      message = { ...message, ...delta, usage: { ...object(message['usage']), ...object(event['usage']) } };
    }
  }
  const content = blocks.map(({ json, ...block }) =>
    block['type'] === 'tool_use' ? { ...block, input: json === '' ? {} : parseJson(text(json)) } : block,
  );
  return { ...message, content };
}

const messageOf = (completion: unknown): JsonObject => object(list(object(completion)['choices'])[0]?.['message']);

/** The members of the stream's deltas that clients do not join. */
const extrasOf = (sse: string): JsonObject =>
  Object.assign(
    {},
    ...sse
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .flatMap((line) => list(object(parseJson(line.slice(6)))['choices']))
      .map(({ delta }) => object(delta)),
  ) as JsonObject;

(hasFixtures ? describe : describe.skip)('recorded exchanges with Anthropic', () => {
  const strategy = new AnthropicStrategy();
  const exchanges = readExchanges('anthropic', ['chat', 'error']).filter(({ api }) => api === 'chat');
  const rows = (keep: (exchange: RecordedExchange) => boolean) =>
    exchanges.filter(keep).map((exchange) => [exchange.id, exchange] as const);
  const whole = rows(({ kind, sse }) => kind === 'chat' && sse === null);
  const streams = rows(({ kind, sse, id }) => kind === 'chat' && sse !== null && id !== SPLICED);
  const errors = rows(({ status }) => status >= 400);
  const asked = rows(({ requestBody, kind }) => isObject(requestBody) && kind === 'chat');

  it('are there', () => {
    expect([whole.length, streams.length, errors.length].every((count) => count > 5)).toBe(true);
  });

  it.each(whole)('reads %s', (_id, exchange) => {
    const expected = said(object(exchange.body));
    const answer = {
      status: exchange.status,
      headers: exchange.headers,
      body: Buffer.from(JSON.stringify(exchange.body)),
    };

    const { body, facts } = strategy.readChatCompletion(answer, callOf(exchange), aTarget(strategy, modelOf(exchange)));

    const completion: unknown = JSON.parse(body.toString());
    const message = messageOf(completion);
    const calls = list(message['tool_calls']);
    expect(text(message['content'])).toBe(expected.content);
    expect(text(message['reasoning_content'])).toBe(expected.reasoning);
    expect(calls.map(({ id, function: call }) => ({ id, name: object(call)['name'] }))).toEqual(
      expected.calls.map(({ id, name }) => ({ id, name })),
    );
    expect(calls.map(({ function: call }) => parseJson(text(object(call)['arguments'])))).toEqual(
      expected.calls.map(({ input }) => input),
    );
    expect(list(object(completion)['choices']).map(({ finish_reason: finish }) => finish)).toEqual([expected.finish]);
    expectExtras(message, expected);
    expect(facts.usage).toMatchObject(usageOf(expected));
    expect(facts.model).toBe(object(exchange.body)['model']);
  });

  it.each(streams)('reads the stream %s the same wherever it is cut', (_id, exchange) => {
    const bytes = Buffer.from(exchange.sse ?? '');
    const call = callOf(exchange, { stream_options: { include_usage: true } });
    const atOnce = readStream(strategy, [bytes], call);
    const random = numbersOf(20_261_123);

    expect(atOnce.translator.status).toBe('complete');
    for (let round = 0; round < CUTS / 10; round++) {
      const positions = Array.from({ length: 10 }, () => random(bytes.length));
      expect(readStream(strategy, cutAt(bytes, positions), call).text).toBe(atOnce.text);
    }
    for (let at = 1; at < (bytes.length <= SMALL_BYTES ? bytes.length : 0); at++) {
      expect(readStream(strategy, cutAt(bytes, [at]), call).text).toBe(atOnce.text);
    }
    const single = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(readStream(strategy, single, call).text).toBe(atOnce.text);
  });

  it.each(streams)('makes of the stream %s what a whole answer would say', (_id, exchange) => {
    const recorded = assemble(exchange.sse ?? '');
    const expected = said(recorded);
    const call = callOf(exchange, { stream_options: { include_usage: true } });

    const { text: out, translator } = readStream(strategy, [Buffer.from(exchange.sse ?? '')], call);

    const joined = joinStream(out);
    expect(joined).toMatchObject({
      content: expected.content,
      reasoning: expected.reasoning,
      finishReasons: [expected.finish],
      usageChunks: 1,
      dones: 1,
      endsWithDone: true,
    });
    expect(joined.toolCalls.map(({ id, name, arguments: args }) => ({ id, name, input: parseJson(args) }))).toEqual(
      expected.calls,
    );
    expectExtras(extrasOf(out), expected);
    expect(translator.facts.usage).toMatchObject(usageOf(expected));
    expect(joined.usage).toMatchObject(usageOf(expected));

    const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(recorded)) };
    const once = strategy.readChatCompletion(answer, call, aTarget(strategy, modelOf(exchange)));
    expect(once.facts).toEqual(translator.facts);
    const message = messageOf(JSON.parse(once.body.toString()));
    for (const name of ['reasoning_details', 'annotations', 'citations']) {
      expect(extrasOf(out)[name]).toEqual(message[name]);
    }
    const unasked = readStream(strategy, [Buffer.from(exchange.sse ?? '')], callOf(exchange));
    expect(joinStream(unasked.text)).toMatchObject({ content: joined.content, usageChunks: 0, dones: 1 });
    expect(unasked.translator.facts).toEqual(translator.facts);
  });

  it.each(errors)('maps the error %s', (_id, { body, headers, status }) => {
    const answer = { status, headers, body: Buffer.from(JSON.stringify(body)) };

    const error = strategy.readError(answer, aTarget(strategy));

    const native = object(object(body)['error']);
    expect(error).toMatchObject({ key: 'upstream_error', status: status === 529 ? 503 : status });
    expect(error.message).toContain(native['message']);
    expect(error.type).not.toBe('overloaded_error');
    expect(error.retryable).toBe(status === 529);
    if (status === 404) expect(error.code).toBe('model_not_found');
    if (status === 401) expect(error.code).toBe('invalid_api_key');
  });

  it.each(asked)('would ask as %s was asked', (_id, exchange) => {
    const recorded = object(exchange.requestBody);
    const target = aTarget(strategy, { model: text(recorded['model']) });

    const { body } = strategy.buildChatRequest(callOf(exchange, object({ stream: recorded['stream'] })), target);

    expect(meaningOf(object(parseJson(body?.toString() ?? '')))).toEqual(meaningOf(recorded));
  });

  it('fails with the overload that is the first event of a stream, before anything was said', () => {
    const [exchange] = exchanges.filter(({ kind, sse }) => kind === 'error' && sse !== null);

    const { text: out, translator } = readStream(strategy, [Buffer.from(exchange?.sse ?? '')]);

    expect(out).toBe('');
    expect(translator).toMatchObject({ status: 'failed', started: false, error: { status: 503, retryable: true } });
  });

  it('does not glue a second message to a first that has spoken', () => {
    const [exchange] = exchanges.filter(({ id }) => id === SPLICED);

    const { text: out, translator } = readStream(strategy, [Buffer.from(exchange?.sse ?? '')]);

    expect(translator).toMatchObject({ status: 'failed', error: { key: 'upstream_failed' } });
    expect(out).not.toContain('toolu_second');
    expect(out).not.toContain('[DONE]');
  });
});

const modelOf = ({ requestBody, model }: RecordedExchange) => ({
  model: text(object(requestBody)['model']) || (model ?? 'claude-opus-5'),
});

const usageOf = ({ prompt, completion, cached, reasoningTokens }: ReturnType<typeof said>) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...(typeof cached === 'number' ? { prompt_tokens_details: { cached_tokens: cached } } : {}),
  ...(typeof reasoningTokens === 'number' ? { completion_tokens_details: { reasoning_tokens: reasoningTokens } } : {}),
});

function expectExtras(message: JsonObject, { signatures, redacted, urls }: ReturnType<typeof said>): void {
  const details = list(message['reasoning_details']);
  const of = (type: string) => details.filter((detail) => detail['type'] === type);
  expect(of('reasoning.text').map(({ signature }) => text(signature))).toEqual(signatures);
  expect(of('reasoning.encrypted').map(({ data }) => data)).toEqual(redacted);
  expect(list(message['annotations']).map((note) => object(note['url_citation'])['url'])).toEqual(urls);
}
