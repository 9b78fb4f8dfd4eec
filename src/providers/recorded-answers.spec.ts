import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget, cutAt, joinStream, numbersOf, readStream } from '../../test/support/chat-streams.js';
import { hasFixtures, readExchanges, type RecordedExchange } from '../../test/support/fixtures.js';
import { AzureOpenAiStrategy } from './azure-openai/azure-openai.strategy.js';
import { CerebrasStrategy } from './cerebras/cerebras.strategy.js';
import { DeepSeekStrategy } from './deepseek/deepseek.strategy.js';
import { isObject, type JsonObject } from './dialects/openai-chat/json-value.js';
import { GrokStrategy } from './grok/grok.strategy.js';
import { GroqStrategy } from './groq/groq.strategy.js';
import { HuggingFaceStrategy } from './huggingface/huggingface.strategy.js';
import { MistralStrategy } from './mistral/mistral.strategy.js';
import { OpenAiStrategy } from './openai/openai.strategy.js';
import { OpenRouterStrategy } from './openrouter/openrouter.strategy.js';
import { WorkersAiStrategy } from './workers-ai/workers-ai.strategy.js';

/** Fixture folder and the strategy that reads it. */
const PROVIDERS = [
  ['openai', new OpenAiStrategy()],
  ['groq', new GroqStrategy()],
  ['mistral', new MistralStrategy()],
  ['deepseek', new DeepSeekStrategy()],
  ['cerebras', new CerebrasStrategy()],
  ['xai', new GrokStrategy()],
  ['openrouter', new OpenRouterStrategy()],
  ['workers-ai', new WorkersAiStrategy()],
  ['huggingface', new HuggingFaceStrategy()],
  ['azure-openai', new AzureOpenAiStrategy()],
] as const;

const CUTS = 200;
const SMALL_BYTES = 3000;
const FINISHES = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call'];

const list = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** What a message or delta says, in any of the recorded forms: the test's own reading, not the code's. */
function said(message: JsonObject): { content: string; reasoning: string } {
  const { content } = message;
  const reasoning = text(message['reasoning_content']) || text(message['reasoning']);
  if (!Array.isArray(content)) return { content: text(content), reasoning };
  const parts = list(content);
  return {
    content: parts.map((part) => (part['type'] === 'text' ? text(part['text']) : '')).join(''),
    reasoning: parts
      .map((part) =>
        list(part['thinking'])
          .map((piece) => text(piece['text']))
          .join(''),
      )
      .join(''),
  };
}

const calls = (message: JsonObject) =>
  list(message['tool_calls']).map((call) => {
    const body = isObject(call['function']) ? call['function'] : {};
    return { name: text(body['name']), arguments: text(body['arguments']) };
  });

/** Does something in this answer have to change for OpenAI's clients? */
function isFaulty(body: JsonObject): boolean {
  const usage = isObject(body['usage']) ? body['usage'] : {};
  const details = isObject(usage['completion_tokens_details']) ? usage['completion_tokens_details'] : {};
  const isOutside =
    number(details['reasoning_tokens']) > 0 &&
    number(usage['prompt_tokens']) + number(usage['completion_tokens']) + number(details['reasoning_tokens']) ===
      number(usage['total_tokens']);
  const faultyChoice = list(body['choices']).some(({ message, finish_reason: finish }) => {
    if (!isObject(message)) return true;
    const isMirrored = text(message['reasoning']) === '' || text(message['reasoning_content']) !== '';
    const isCallFaulty = list(message['tool_calls']).some(
      (call) => call['type'] !== 'function' || text(call['id']) === '',
    );
    return (
      !('content' in message) ||
      Array.isArray(message['content']) ||
      !isMirrored ||
      isCallFaulty ||
      !FINISHES.includes(text(finish))
    );
  });
  const isFramed =
    body['object'] === 'chat.completion' && typeof body['created'] === 'number' && text(body['id']) !== '';
  return isOutside || faultyChoice || !isFramed || (isObject(body['usage']) && !('total_tokens' in usage));
}

const events = (sse: string): JsonObject[] =>
  sse
    .split(/\r\n|\r|\n/)
    .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
    .map((line): unknown => JSON.parse(line.slice(5)))
    .filter(isObject);

const choicesOf = (request: unknown): number =>
  isObject(request) && typeof request['n'] === 'number' ? request['n'] : 1;

(hasFixtures ? describe : describe.skip)('recorded answers', () => {
  describe.each(PROVIDERS)('of %s', (folder, strategy) => {
    const exchanges = readExchanges(folder, ['chat', 'error']).filter(({ api }) => api === 'chat');
    const rows = (keep: (exchange: RecordedExchange) => boolean) =>
      exchanges.filter(keep).map((exchange) => [exchange.id, exchange] as const);
    const whole = rows(({ kind, sse }) => kind === 'chat' && sse === null);
    const streams = rows(({ kind, sse }) => kind === 'chat' && sse !== null);
    const errors = rows(({ status }) => status >= 400);

    it('are there', () => {
      expect(whole.length + streams.length).toBeGreaterThan(0);
    });

    if (whole.length > 0) {
      it.each(whole)('reads %s', (_id, { body, headers, status }) => {
        const bytes = Buffer.from(JSON.stringify(body));
        if (!isObject(body)) throw new Error('The recorded body is no object.');

        const answer = strategy.readChatCompletion({ status, headers, body: bytes }, aCall(), aTarget(strategy));

        expect(answer.body === bytes).toBe(!isFaulty(body));
        const read: unknown = JSON.parse(answer.body.toString());
        const recorded = list(body['choices']);
        const choices = isObject(read) ? list(read['choices']) : [];
        expect(choices).toHaveLength(recorded.length);
        for (const [index, choice] of choices.entries()) {
          const message = isObject(choice['message']) ? choice['message'] : {};
          const original = isObject(recorded[index]?.['message']) ? recorded[index]['message'] : {};
          expect(said(message)).toEqual(said(original));
          expect(calls(message)).toEqual(calls(original));
          expect(FINISHES).toContain(choice['finish_reason']);
          expect(message['role']).toBe('assistant');
        }
        const usage = isObject(body['usage']) ? body['usage'] : null;
        expect(answer.facts.usage?.prompt_tokens ?? null).toBe(usage === null ? null : number(usage['prompt_tokens']));
        expect(answer.facts.model).toBe(body['model'] ?? undefined);
      });
    }

    if (streams.length > 0) {
      it.each(streams)('reads the stream %s the same wherever it is cut', (_id, { sse, requestBody }) => {
        const bytes = Buffer.from(sse ?? '');
        const call = aCall({ stream: true, n: choicesOf(requestBody), stream_options: { include_usage: true } });
        const atOnce = readStream(strategy, [bytes], call);
        const random = numbersOf(20_261_123);

        expect(atOnce.translator.status).toBe('complete');
        for (let round = 0; round < CUTS / 10; round++) {
          const positions = Array.from({ length: 10 }, () => random(bytes.length));
          expect(readStream(strategy, cutAt(bytes, positions), call).text).toBe(atOnce.text);
        }
        const everywhere = bytes.length <= SMALL_BYTES ? bytes.length : 0;
        for (let at = 1; at < everywhere; at++) {
          expect(readStream(strategy, cutAt(bytes, [at]), call).text).toBe(atOnce.text);
        }
        expect(
          readStream(
            strategy,
            Array.from(bytes, (byte) => Buffer.from([byte])),
            call,
          ).text,
        ).toBe(atOnce.text);
      });

      it.each(streams)('says what the stream %s said', (_id, { sse, requestBody }) => {
        const recorded = events(sse ?? '');
        const deltas = recorded
          .flatMap((event) => list(event['choices']))
          .filter(({ index }) => (index ?? 0) === 0)
          .map(({ delta }) => (isObject(delta) ? delta : {}));
        const native = recorded.map((event) => text(event['response'])).join('');
        const n = choicesOf(requestBody);
        const asked = readStream(
          strategy,
          [Buffer.from(sse ?? '')],
          aCall({ stream: true, n, stream_options: { include_usage: true } }),
        );
        const unasked = readStream(strategy, [Buffer.from(sse ?? '')], aCall({ stream: true, n }));

        const joined = joinStream(asked.text);

        expect(joined.content).toBe(native + deltas.map((delta) => said(delta).content).join(''));
        expect(joined.reasoning).toBe(deltas.map((delta) => said(delta).reasoning).join(''));
        expect(joined.toolCalls.map(({ name }) => name).join()).toBe(
          deltas
            .flatMap(calls)
            .map(({ name }) => name)
            .filter(Boolean)
            .join(),
        );
        expect(joined.toolCalls.map((call) => call.arguments).join('')).toBe(
          deltas
            .flatMap(calls)
            .map((call) => call.arguments)
            .join(''),
        );
        for (const call of joined.toolCalls) expect(() => JSON.parse(call.arguments)).not.toThrow();
        expect(joined.finishReasons).toHaveLength(1);
        expect([joined.dones, joined.endsWithDone]).toEqual([1, true]);
        const usages = recorded
          .map(({ usage, x_groq: own }) => usage ?? (isObject(own) ? own['usage'] : null))
          .filter(isObject);
        expect(asked.translator.facts.usage?.prompt_tokens).toBe(usages.at(-1)?.['prompt_tokens']);
        expect(unasked.translator.facts).toEqual(asked.translator.facts);
        expect(joinStream(unasked.text)).toMatchObject({
          content: joined.content,
          toolCalls: joined.toolCalls,
          usageChunks: 0,
          dones: 1,
        });
      });
    }

    if (errors.length > 0) {
      it.each(errors)('maps the error %s', (_id, { body, headers, status }) => {
        const error = strategy.readError(
          { status, headers, body: Buffer.from(JSON.stringify(body)) },
          aTarget(strategy),
        );

        expect(error.key).toBe('upstream_error');
        expect(error.message.length).toBeGreaterThan(10);
        expect(error.details.metadata?.['upstream_status']).toBe(status);
        expect(error.status >= 400 && error.status < 600).toBe(true);
      });
    }
  });

  it('passes OpenAI streams on byte for byte', () => {
    const strategy = new OpenAiStrategy();
    const call = (requestBody: unknown) =>
      aCall({ stream: true, n: choicesOf(requestBody), stream_options: { include_usage: true } });
    const recorded = readExchanges('openai', ['chat']).filter(({ sse }) => sse !== null);

    const changed = recorded.filter(
      ({ sse, requestBody }) => readStream(strategy, [Buffer.from(sse ?? '')], call(requestBody)).text !== sse,
    );

    expect(recorded.length).toBeGreaterThan(20);
    expect(changed.map(({ id }) => id)).toEqual([]);
  });

  it("takes xAI's 400 for a bad key as a 401, and counts its reasoning", () => {
    const strategy = new GrokStrategy();
    const exchanges = readExchanges('xai', ['chat', 'error']);
    const refusal = exchanges.find(({ status }) => status === 400);
    const thought = exchanges.find(
      ({ kind, body }) => kind === 'chat' && isObject(body) && isFaulty(body) && isObject(body['usage']),
    );
    const usage = isObject(thought?.body) && isObject(thought.body['usage']) ? thought.body['usage'] : {};

    const error = strategy.readError(
      { status: 400, headers: {}, body: Buffer.from(JSON.stringify(refusal?.body)) },
      aTarget(strategy),
    );
    const answer = strategy.readChatCompletion(
      { status: 200, headers: {}, body: Buffer.from(JSON.stringify(thought?.body)) },
      aCall(),
      aTarget(strategy),
    );

    expect([error.status, error.code, error.retryable]).toEqual([401, 'invalid_api_key', false]);
    expect(answer.facts.usage?.completion_tokens).toBe(number(usage['total_tokens']) - number(usage['prompt_tokens']));
  });

  it("ends a stream that holds Groq's error as failed, with its words and nothing after what was said", () => {
    const strategy = new GroqStrategy();
    const [exchange] = readExchanges('groq', ['error']).filter(({ sse }) => sse !== null);

    const { text: out, translator } = readStream(strategy, [Buffer.from(exchange?.sse ?? '')]);

    expect(translator.status).toBe('failed');
    expect([translator.error?.status, translator.error?.code]).toEqual([400, 'tool_use_failed']);
    expect(out).not.toContain('tool_use_failed');
    expect(out).not.toContain('[DONE]');
  });
});
