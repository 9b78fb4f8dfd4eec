import { describe, expect, it } from '@jest/globals';
import { encodeFrames, framesOf } from '../../../test/support/bedrock-frames.js';
import { InexpressibleError, meaningOf, toOpenAiRequest } from '../../../test/support/bedrock-requests.js';
import { aCall, aTarget, cutAt, joinStream, numbersOf, readStream } from '../../../test/support/chat-streams.js';
import { hasFixtures, readExchanges, type RecordedExchange } from '../../../test/support/fixtures.js';
import { completionAsStream } from '../dialects/openai-chat/completion-as-stream.js';
import { isObject, isText, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { BedrockStrategy } from './aws-bedrock.strategy.js';

const CUTS = 200;
const SMALL_BYTES = 3000;
const FINISHES: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  guardrail_intervened: 'content_filter',
};

/** What has no place in OpenAI's dialect: seen in the recordings, and no more than that. */
const INEXPRESSIBLE: readonly string[] = ['guardContent', 'searchResult', "the service's own tools"];

const strategy = new BedrockStrategy();
const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const object = (value: unknown): JsonObject => (isObject(value) ? value : {});
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const exchanges = readExchanges('bedrock', ['chat', 'error']).filter(({ api }) => api === 'chat');
const rows = (keep: (exchange: RecordedExchange) => boolean) =>
  exchanges.filter(keep).map((exchange) => [exchange.id, exchange] as const);

/** The model of the path: other fields of the recording have it cut. */
const modelOf = ({ url }: RecordedExchange): string =>
  decodeURIComponent(/\/model\/([^/]+)\//.exec(url ?? '')?.[1] ?? 'some-model');

interface Said {
  content: string;
  reasoning: string;
  signed: number;
  calls: { id: unknown; name: unknown; arguments: unknown }[];
  cited: number;
}

/** The tests' own reading of an answer's blocks. */
function saidIn(blocks: readonly JsonObject[]): Said {
  const said: Said = { content: '', reasoning: '', signed: 0, calls: [], cited: 0 };
  for (const { text: own, toolUse, reasoningContent, citationsContent } of blocks) {
    said.content += text(own);
    for (const part of list(object(citationsContent)['content'])) said.content += text(part['text']);
    said.cited += list(object(citationsContent)['citations']).length;
    const { text: thought, signature } = object(object(reasoningContent)['reasoningText']);
    said.reasoning += text(thought);
    if (isText(signature) || isText(object(reasoningContent)['redactedContent'])) said.signed++;
    if (isObject(toolUse) && toolUse['type'] !== 'server_tool_use')
      said.calls.push({ id: toolUse['toolUseId'], name: toolUse['name'], arguments: toolUse['input'] });
  }
  return said;
}

/** A recorded stream's events as the blocks of a whole answer. */
function blocksOf(events: readonly { type: string; payload: JsonObject }[]): JsonObject[] {
  const blocks = new Map<number, JsonObject>();
  const inputs = new Map<number, string>();
  for (const { type, payload } of events) {
    const index = number(payload['contentBlockIndex']);
    const before = object(blocks.get(index));
    if (type === 'contentBlockStart') blocks.set(index, object(payload['start']));
    if (type !== 'contentBlockDelta') continue;
    const { text: own, toolUse, reasoningContent, citation } = object(payload['delta']);
    if (isText(own)) blocks.set(index, { ...before, text: text(before['text']) + own });
    if (isObject(toolUse)) inputs.set(index, (inputs.get(index) ?? '') + text(toolUse['input']));
    if (isObject(citation)) {
      const citations = [...list(object(before['citationsContent'])['citations']), citation];
      blocks.set(index, { ...before, citationsContent: { citations } });
    }
    if (isObject(reasoningContent)) {
      const { reasoningText, redactedContent } = object(before['reasoningContent']);
      const { text: thought, signature } = object(reasoningText);
      const joined = { text: text(thought) + text(reasoningContent['text']) };
      const signed = reasoningContent['signature'] ?? signature;
      blocks.set(index, {
        reasoningContent: {
          reasoningText: { ...joined, ...(signed === undefined ? {} : { signature: signed }) },
          ...(isText(redactedContent ?? reasoningContent['redactedContent'])
            ? { redactedContent: text(redactedContent) + text(reasoningContent['redactedContent']) }
            : {}),
        },
      });
    }
  }
  return [...blocks].map(([index, block]) => {
    const toolUse = block['toolUse'];
    if (!isObject(toolUse)) return block;
    const input: unknown = JSON.parse(inputs.get(index) || '{}');
    return { toolUse: { ...toolUse, input } };
  });
}

const eventsOf = ({ frames }: RecordedExchange) =>
  framesOf(frames).map(({ headers, payload }) => ({ type: headers[':event-type'] ?? '', payload: object(payload) }));

const bytesOf = ({ frames, frameBytes }: RecordedExchange): Buffer => frameBytes ?? encodeFrames(framesOf(frames));

/** By the mapping table: what came from the cache and went into it is part of the prompt. */
function usageIn(raw: unknown): JsonObject {
  const usage = object(raw);
  const [cached, written] = [usage['cacheReadInputTokens'], usage['cacheWriteInputTokens']];
  const prompt = number(usage['inputTokens']) + number(cached) + number(written);
  const details = {
    ...(cached === undefined ? {} : { cached_tokens: cached }),
    ...(written === undefined ? {} : { cache_write_tokens: written }),
  };
  return {
    prompt_tokens: prompt,
    completion_tokens: usage['outputTokens'],
    total_tokens: usage['totalTokens'],
    ...(Object.keys(details).length === 0 ? {} : { prompt_tokens_details: details }),
  };
}

(hasFixtures ? describe : describe.skip)('recorded Converse traffic', () => {
  const whole = rows(({ kind, stream }) => kind === 'chat' && !stream);
  const streams = rows(({ kind, stream }) => kind === 'chat' && stream);

  it('is there', () => {
    expect(whole.length).toBeGreaterThan(50);
    expect(streams.length).toBeGreaterThan(14);
  });

  it.each(whole)('reads %s', (_id, exchange) => {
    const { body, headers, status } = exchange;
    const recorded = object(body);
    const said = saidIn(list(object(object(recorded['output'])['message'])['content']));

    const { body: bytes, facts } = strategy.readChatCompletion(
      { status, headers, body: Buffer.from(JSON.stringify(body)) },
      aCall(),
      aTarget(strategy),
    );

    const completion = JSON.parse(bytes.toString()) as JsonObject;
    const choice = object(list(completion['choices'])[0]);
    const message = object(choice['message']);
    const calls = list(message['tool_calls']).map(({ id, function: body_ }) => ({
      id,
      name: object(body_)['name'],
      arguments: JSON.parse(text(object(body_)['arguments'])) as unknown,
    }));
    expect([message['content'] ?? '', message['reasoning_content'] ?? '']).toEqual([said.content, said.reasoning]);
    expect(calls).toEqual(said.calls);
    expect(list(message['reasoning_details'])).toHaveLength(said.signed);
    expect(list(message['annotations']).length + list(message['citations']).length).toBe(said.cited);
    const native = text(recorded['stopReason']);
    expect(choice['finish_reason']).toBe(FINISHES[native]);
    expect(choice['native_finish_reason']).toBe(native);
    expect(facts.usage).toEqual(usageIn(recorded['usage']));
    expect(completion['usage']).toEqual(facts.usage);
  });

  it.each(streams)('reads the stream %s the same wherever it is cut', (_id, exchange) => {
    const bytes = bytesOf(exchange);
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

  it.each(streams)('says what the stream %s said, and what a whole answer would say', async (_id, exchange) => {
    const events = eventsOf(exchange);
    const blocks = blocksOf(events);
    const said = saidIn(blocks);
    const native = text(events.find(({ type }) => type === 'messageStop')?.payload['stopReason']);
    const usage = events.find(({ type }) => type === 'metadata')?.payload['usage'];
    const call = aCall({ stream: true, stream_options: { include_usage: true } });

    const { text: out, translator } = readStream(strategy, [bytesOf(exchange)], call);

    const joined = joinStream(out);
    expect(joined).toMatchObject({ content: said.content, reasoning: said.reasoning, dones: 1, endsWithDone: true });
    expect(joined.finishReasons).toEqual([FINISHES[native]]);
    expect(joined.toolCalls.map((each) => ({ ...each, arguments: JSON.parse(each.arguments) as unknown }))).toEqual(
      said.calls,
    );
    expect(joined.usage).toEqual(usage === undefined ? null : usageIn(usage));
    expect(translator.facts.usage).toEqual(joined.usage ?? undefined);
    const body = { output: { message: { content: blocks } }, stopReason: native, usage };
    const answer = { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) };
    const completion = strategy.readChatCompletion(answer, aCall(), aTarget(strategy)).body;
    const pieces: Buffer[] = [];
    for await (const piece of completionAsStream(completion)) pieces.push(piece);
    const asStream = joinStream(Buffer.concat(pieces).toString());
    expect(joined).toMatchObject({
      content: asStream.content,
      reasoning: asStream.reasoning,
      finishReasons: asStream.finishReasons,
      usage: asStream.usage,
    });
    expect(asStream.toolCalls.map(({ id, name }) => [id, name])).toEqual(
      joined.toolCalls.map(({ id, name }) => [id, name]),
    );
  });

  it.each(rows(({ status }) => status >= 400))('maps the error %s', (_id, { body, headers, status }) => {
    const error = strategy.readError({ status, headers, body: Buffer.from(JSON.stringify(body)) }, aTarget(strategy));
    const said = text(object(body)['message']);

    expect(error.message.startsWith(said)).toBe(true);
    expect(error.details.metadata?.['upstream_status']).toBe(status);
    if (/token included/.test(said)) expect([error.status, error.code]).toEqual([401, 'invalid_api_key']);
    else expect([error.status, error.retryable]).toEqual([400, false]);
    if (/identifier is invalid/.test(said)) expect(error.code).toBe('model_not_found');
    if (headers['x-amzn-requestid'] !== undefined)
      expect(error.details.metadata?.['upstream_request_id']).toBe(headers['x-amzn-requestid']);
  });

  describe('asks what was asked', () => {
    const requests = rows(({ requestBody }) => isObject(requestBody));

    it.each(requests)('%s', (_id, exchange) => {
      const recorded = object(exchange.requestBody);
      const model = modelOf(exchange);
      let request: JsonObject;
      try {
        request = toOpenAiRequest(recorded, model);
      } catch (error) {
        if (!(error instanceof InexpressibleError)) throw error;
        expect(INEXPRESSIBLE).toContain(error.message);
        return;
      }

      const { path, body } = strategy.buildChatRequest(
        aCall({ ...request, stream: exchange.url?.endsWith('-stream') === true }),
        aTarget(strategy, { model }),
      );

      const expected = meaningOf(recorded);
      const sent = meaningOf(JSON.parse(body?.toString() ?? '') as JsonObject);
      expect(sent).toEqual(expected);
      expect(decodeURIComponent(path)).toBe(decodeURIComponent(new URL(exchange.url ?? '').pathname));
    });
  });
});
