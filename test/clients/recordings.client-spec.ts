import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { isObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { cutAt, joinStream, numbersOf } from '../support/chat-streams.js';
import { hasFixtures, readExchanges, type RecordedExchange } from '../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { StubUpstream, type StubReply } from '../support/stub-upstream.js';

/**
 * Recorded answers of every provider of OpenAI's dialect, replayed by an upstream on loopback and read by the real SDK through the
 * whole gateway. Streams arrive in up to 200 pieces, cut at seeded byte positions.
 */
const FOLDERS: Readonly<Record<string, string>> = {
  openai: 'openai',
  groq: 'groq',
  mistral: 'mistral',
  deepseek: 'deepseek',
  cerebras: 'cerebras',
  xai: 'grok',
  openrouter: 'openrouter',
  'workers-ai': 'workers-ai',
  huggingface: 'huggingface',
};

const CUTS = 200;

let upstream: StubUpstream;
let gateway: RunningGateway;

const describeRecorded = hasFixtures ? describe : describe.skip;

const textOf = ({ body, sse }: RecordedExchange): string =>
  sse ?? (typeof body === 'string' ? body : JSON.stringify(body));

/** Plays an exchange's answer, a stream in pieces. */
function replay(exchange: RecordedExchange, seed: number): StubReply {
  const bytes = Buffer.from(textOf(exchange));
  return async (response) => {
    const contentType = exchange.sse === null ? 'application/json' : 'text/event-stream';
    response.writeHead(exchange.status, { 'content-type': contentType });
    const next = numbersOf(seed);
    const cuts =
      exchange.sse === null ? [] : Array.from({ length: Math.min(CUTS, bytes.length) }, () => next(bytes.length));
    for (const piece of cutAt(bytes, cuts)) {
      if (piece.length === 0) continue;
      response.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
}

/** The recorded request as the gateway is asked it, or a plain one where it was not kept. */
function requestOf(
  { requestBody, stream, model }: RecordedExchange,
  provider: string,
): OpenAI.ChatCompletionCreateParams {
  const recorded =
    isObject(requestBody) && Array.isArray(requestBody['messages'])
      ? requestBody
      : { messages: [{ role: 'user', content: 'Hello!' }] };
  const name = typeof recorded['model'] === 'string' ? recorded['model'] : (model ?? 'some-model');
  return { ...recorded, stream, model: `${provider}/${name}` } as unknown as OpenAI.ChatCompletionCreateParams;
}

const post = (body: unknown): Promise<Response> =>
  fetch(`${gateway.base}/compat/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const withoutUsageChunk = (sse: string): string =>
  sse
    .split('\n\n')
    .filter((event) => !/"choices":\s*\[\]/.test(event) || !/"usage":\s*\{/.test(event))
    .join('\n\n');

describeRecorded('recorded traffic through the whole gateway', () => {
  const sdk = (): OpenAI => new OpenAI({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({
      PROVIDER_BASE_URLS: JSON.stringify(
        Object.fromEntries(Object.values(FOLDERS).map((slug) => [slug, upstream.origin])),
      ),
    });
    for (const slug of Object.values(FOLDERS)) await gateway.storeKey(slug, 'sk-stored-key-0123456789');
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  describe.each(Object.entries(FOLDERS))('%s', (folder, provider) => {
    const exchanges = readExchanges(folder, ['chat']);
    const whole = exchanges.filter(({ status, sse, stream }) => status === 200 && sse === null && !stream);
    const streams = exchanges.filter(({ status, sse }) => status === 200 && sse !== null);

    // Of Workers AI only streams are at hand.
    if (whole.length > 0)
      it.each(whole.map((exchange) => [exchange.id, exchange] as const))('answers %s', async (_id, exchange) => {
        upstream.replies(replay(exchange, 1));
        const recorded = exchange.body as OpenAI.ChatCompletion;

        const completion = (await sdk().chat.completions.create(
          requestOf(exchange, provider),
        )) as OpenAI.ChatCompletion;

        expect(completion.choices).toHaveLength(recorded.choices.length);
        completion.choices.forEach(({ message, finish_reason }, i) => {
          const native = recorded.choices[i]!;
          expect(['stop', 'length', 'tool_calls', 'content_filter', 'function_call']).toContain(finish_reason);
          if (typeof native.message.content === 'string') expect(message.content ?? '').toBe(native.message.content);
          expect(
            (message.tool_calls ?? []).map((call) => (call.type === 'function' ? [call.id, call.function.name] : [])),
          ).toEqual(
            (native.message.tool_calls ?? []).map((call) => ('function' in call ? [call.id, call.function.name] : [])),
          );
          for (const call of message.tool_calls ?? [])
            if (call.type === 'function') JSON.parse(call.function.arguments);
        });
        if (recorded.usage) {
          const { prompt_tokens, completion_tokens, total_tokens } = completion.usage!;
          // Mistral counts audio in the total only.
          if (provider === 'mistral') expect(total_tokens).toBeGreaterThanOrEqual(prompt_tokens + completion_tokens);
          else expect(total_tokens).toBe(prompt_tokens + completion_tokens);
        }
      });

    it.each(streams.map((exchange) => [exchange.id, exchange] as const))('streams %s', async (_id, exchange) => {
      const request = requestOf(exchange, provider);
      const isBroken = /"error":\s*\{/.test(exchange.sse!);
      upstream.replies(replay(exchange, 2));

      const chunks: OpenAI.ChatCompletionChunk[] = [];
      const read = async (): Promise<void> => {
        const stream = (await sdk().chat.completions.create(request)) as AsyncIterable<OpenAI.ChatCompletionChunk>;
        for await (const chunk of stream) chunks.push(chunk);
      };

      if (isBroken) {
        await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError);
        return;
      }
      await read();
      upstream.replies(replay(exchange, 3));
      const text = await (await post(request)).text();
      const joined = joinStream(text);
      const first = (choice: number): string =>
        chunks.map(({ choices }) => choices.find(({ index }) => index === choice)?.delta.content ?? '').join('');
      expect(joined.content).toBe(first(0));
      expect(joined.finishReasons).toHaveLength(1);
      expect(joined.endsWithDone).toBe(true);
      expect(joined.dones).toBe(1);
      if (provider === 'openai') {
        const wantsUsage = 'stream_options' in request && request.stream_options?.include_usage === true;
        expect(text).toBe(wantsUsage ? exchange.sse : withoutUsageChunk(exchange.sse!));
      }
    });
  });

  it('hands on every whole answer of OpenAI, byte for byte', async () => {
    for (const exchange of readExchanges('openai', ['chat']).filter(
      ({ status, sse, stream }) => status === 200 && sse === null && !stream,
    )) {
      upstream.replies(replay(exchange, 1));

      const text = await (await post(requestOf(exchange, 'openai'))).text();

      expect(text).toBe(textOf(exchange));
    }
  });

  it.each(
    Object.entries(FOLDERS).flatMap(([folder, provider]) =>
      readExchanges(folder, ['error'])
        .filter(({ api }) => api === 'chat')
        .map((exchange) => [exchange.id, provider, exchange] as const),
    ),
  )('tells the error %s', async (_id, provider, exchange) => {
    upstream.replies(replay(exchange, 1));
    const request = { ...requestOf(exchange, provider), n: undefined, logprobs: undefined };

    const failure: unknown = await sdk()
      .chat.completions.create(request as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming)
      .then(
        () => null,
        (error: unknown) => error,
      );

    if (exchange.stream) return;
    expect(failure).toBeInstanceOf(OpenAI.APIError);
    const { status, message, type } = failure as InstanceType<typeof OpenAI.APIError>;
    expect(status).toBeGreaterThanOrEqual(400);
    expect(message.length).toBeGreaterThan(10);
    expect(typeof type).toBe('string');
  });
});
