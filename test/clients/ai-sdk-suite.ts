import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type * as openai from '@ai-sdk/openai';
import type * as openaiCompatible from '@ai-sdk/openai-compatible';
import type * as ai from 'ai';
import type { ToolSet } from 'ai';
import { z } from 'zod';
import { encodeLines } from '../support/bedrock-frames.js';
import { aChunk, aCompletion, aResponse, aStream } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sse, sseCut, sseHang, StubUpstream, type StubReply } from '../support/stub-upstream.js';

/** Vercel's AI SDK through the whole gateway, for each family of wires; the providers answer with their own fixtures. */

/**
 * Vercel's AI SDK in one of the versions people run, with its own providers. What the tests use of them has kept its shape, so
 * all are seen as version 6.
 */
export interface AiSdk {
  readonly name: 'ai 5.0' | 'ai 6.0' | 'ai 7.0';
  readonly ai: typeof ai;
  readonly createOpenAI: typeof openai.createOpenAI;
  readonly createOpenAICompatible: typeof openaiCompatible.createOpenAICompatible;
}

const KEYS = {
  openai: 'sk-stored-key-0123456789',
  anthropic: 'sk-ant-stored-key-0123456789',
  'google-ai-studio': 'AIzaSy-stored-key-0123456789abcdefghij',
  'aws-bedrock': JSON.stringify({
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    region: 'eu-central-1',
  }),
  cohere: 'cohere-stored-key-0123456789',
  deepseek: 'sk-deepseek-stored-0123456789',
};
type Provider = keyof typeof KEYS;

const FAMILIES: readonly (readonly [provider: Provider, model: string])[] = [
  ['openai', 'openai/gpt-4o'],
  ['anthropic', 'anthropic/claude-haiku-4-5'],
  ['google-ai-studio', 'google-ai-studio/gemini-3-flash-preview'],
  ['aws-bedrock', 'aws-bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0'],
  ['cohere', 'cohere/command-a-reasoning-08-2025'],
  ['deepseek', 'deepseek/deepseek-reasoner'],
];

const fixture = (provider: Provider, name: string): string =>
  readFileSync(new URL(`../../src/providers/${provider}/__fixtures__/${name}`, import.meta.url), 'utf8');

const expectedSchema = z.object({
  content: z.string(),
  reasoning: z.string(),
  toolCalls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() }),
});
const expected = (provider: Provider, name: string) =>
  expectedSchema.parse(JSON.parse(fixture(provider, `${name}.expected.json`)));

const whole = (provider: Provider, name: string): StubReply =>
  json(200, JSON.parse(fixture(provider, `${name}.response.json`)));

/** A provider's stream in small pieces that do not end where events end. */
const streamed =
  (provider: Provider, name: string): StubReply =>
  async (response) => {
    const isBinary = provider === 'aws-bedrock';
    const type = isBinary ? 'application/vnd.amazon.eventstream' : 'text/event-stream';
    response.writeHead(200, { 'content-type': type });
    const bytes = isBinary
      ? encodeLines(fixture(provider, `${name}.stream.jsonl`))
      : Buffer.from(fixture(provider, `${name}.stream.sse`));
    for (let at = 0; at < bytes.length; at += 97) {
      response.write(bytes.subarray(at, at + 97));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };

/** A text as each family answers with it. */
const ANSWERS: Readonly<Record<Provider, (text: string) => unknown>> = {
  openai: aCompletion,
  deepseek: aCompletion,
  anthropic: (text) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 9, output_tokens: 4 },
  }),
  'google-ai-studio': (text) => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
  }),
  'aws-bedrock': (text) => ({
    output: { message: { role: 'assistant', content: [{ text }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 9, outputTokens: 4, totalTokens: 13 },
  }),
  cohere: (text) => ({
    id: 'c0ffee',
    message: { role: 'assistant', content: [{ type: 'text', text }] },
    finish_reason: 'COMPLETE',
    usage: { tokens: { input_tokens: 9, output_tokens: 4 } },
  }),
};

const VECTORS = [
  [0.5, -0.25, 1],
  [0.125, 2, -4],
];
const SIGNATURE = 'Zml4dHVyZS1zaWduYXR1cmUtb2Ytb25lLWNhbGw=';
/** Google's own placeholder for a signature that was lost on the way. */
const LOST = 'skip_thought_signature_validator';
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const PDF = Buffer.from('%PDF-1.4 a page');
const WAV = Buffer.from('RIFF....WAVEfmt ');

let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  upstream = await StubUpstream.start();
  const providers = Object.entries(KEYS);
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify(
      Object.fromEntries(providers.map(([provider]) => [provider, `${upstream.origin}/${provider}`])),
    ),
  });
  for (const [provider, secret] of providers) await gateway.storeKey(provider, secret);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const prompt = 'Weather?';

export function describeAiSdk(sdk: AiSdk): void {
  describe.each([sdk])('$name', ({ name: sdkName, ai, createOpenAI, createOpenAICompatible }) => {
    const { embed, embedMany, generateObject, generateText, stepCountIs, streamObject, streamText, tool } = ai;
    const provider = (options: Partial<Parameters<typeof createOpenAICompatible>[0]> = {}) =>
      createOpenAICompatible({ name: 'aig', baseURL: `${gateway.base}/compat`, apiKey: ADMIN_TOKEN, ...options });
    const common = { prompt, maxRetries: 0, onError: () => {} };

    const caught = async (call: () => Promise<unknown>): Promise<InstanceType<typeof ai.APICallError>> => {
      try {
        await call();
      } catch (error) {
        if (ai.APICallError.isInstance(error)) return error;
        throw error;
      }
      throw new Error('It did not throw.');
    };

    /** The tools of every fixture; the answer of each is an object. */
    const weatherTools = (asked: unknown[]): ToolSet =>
      Object.fromEntries(
        ['weather', 'get_weather', 'get_time'].map((name) => [
          name,
          tool({
            description: `Tells the ${name}.`,
            inputSchema: z.object({
              city: z.string().optional(),
              days: z.int().optional(),
              unit: z.string().optional(),
            }),
            execute: (input) => {
              asked.push(input);
              return Promise.resolve({ degrees: 21 });
            },
          }),
        ]),
      );

    describe.each(FAMILIES)('on %s', (family, model) => {
      it('61 · generates a text, its reasoning and its usage', async () => {
        upstream.replies(whole(family, 'text'));

        const result = await generateText({ ...common, model: provider()(model), system: 'Be brief.' });

        const { content, reasoning, usage } = expected(family, 'text');
        expect(result.text).toBe(content);
        expect(result.reasoningText ?? '').toBe(reasoning);
        expect(result.finishReason).toBe('stop');
        expect(result.usage).toMatchObject({
          inputTokens: usage.prompt_tokens,
          outputTokens: usage.completion_tokens,
          totalTokens: usage.total_tokens,
        });
      });

      it.each([true, false])(
        '61, 62, 65 · streams a text to its finish reason, usage asked for: %s',
        async (includeUsage) => {
          upstream.replies(streamed(family, 'text'));

          const result = streamText({ ...common, model: provider({ includeUsage })(model) });
          const parts: string[] = [];
          for await (const part of result.fullStream) parts.push(part.type);

          const { content, reasoning, usage } = expected(family, 'text');
          expect(parts).not.toContain('error');
          expect(parts.filter((type) => type === 'text-delta').length).toBeGreaterThan(1);
          expect(await result.text).toBe(content);
          expect((await result.reasoningText) ?? '').toBe(reasoning);
          expect(await result.finishReason).toBe('stop');
          // DeepSeek tells it in the last chunk of the text, asked or not.
          const isTold = includeUsage || family === 'deepseek';
          expect((await result.usage).totalTokens).toBe(isTold ? usage.total_tokens : undefined);
        },
      );

      it.each(['whole', 'streamed'])('63 · runs tools and goes on with their answers, %s', async (way) => {
        const reply = way === 'whole' ? whole : streamed;
        upstream.replies(reply(family, 'tool-call'), reply(family, 'text'));
        const asked: unknown[] = [];
        const request = { ...common, model: provider()(model), tools: weatherTools(asked), stopWhen: stepCountIs(3) };

        const result = way === 'whole' ? await generateText(request) : streamText(request);
        const steps = await result.steps;

        const { toolCalls } = expected(family, 'tool-call');
        expect(steps).toHaveLength(2);
        expect(steps[0]).toMatchObject({ finishReason: 'tool-calls' });
        expect(steps[0]?.toolCalls).toMatchObject(
          toolCalls.map(({ name, arguments: input }) => ({ toolName: name, input })),
        );
        expect(asked).toEqual(toolCalls.map(({ arguments: input }) => input));
        expect(await result.text).toBe(expected(family, 'text').content);
        expect(upstream.received).toHaveLength(2);
        expect(
          upstream.last.body
            .toString()
            .replaceAll('\\', '')
            .match(/"degrees":21/g),
        ).toHaveLength(toolCalls.length);
      });

      it('68 · throws what the provider said, by HTTP', async () => {
        upstream.replies(json(429, JSON.parse(fixture(family, 'error-429.json'))));

        const error = await caught(() => generateText({ ...common, model: provider()(model) }));

        const said = z
          .object({ message: z.string().optional(), error: z.object({ message: z.string() }).optional() })
          .parse(JSON.parse(fixture(family, 'error-429.json')));
        expect(error).toMatchObject({ statusCode: 429, isRetryable: true });
        expect(error.message).toBe(said.error?.message ?? said.message);
      });

      it('68 · gives an error that comes before a stream as one', async () => {
        upstream.replies(json(429, JSON.parse(fixture(family, 'error-429.json'))));
        const errors: unknown[] = [];

        const result = streamText({
          ...common,
          model: provider()(model),
          onError: ({ error }) => void errors.push(error),
        });
        await result.consumeStream();

        expect(errors).toMatchObject([{ statusCode: 429 }]);
      });

      it.each([true, false])(
        '64 · generates an object, with its schema sent: %s',
        async (supportsStructuredOutputs) => {
          upstream.replies(json(200, ANSWERS[family]('{"rain":true}')));

          const { object } = await generateObject({
            ...common,
            model: provider({ supportsStructuredOutputs })(model),
            schema: z.object({ rain: z.boolean() }),
            // DeepSeek enforces no schema, and the gateway promises none in its name.
            ...(family === 'deepseek' ? { providerOptions: { aig: { strictJsonSchema: false } } } : {}),
          });

          expect(object).toEqual({ rain: true });
          const isSent = upstream.last.body.toString().includes('rain');
          expect(isSent).toBe(supportsStructuredOutputs);
        },
      );
    });

    it('62 · ends a stream that breaks off with an error', async () => {
      const model = provider()('openai/gpt-4o');
      upstream.replies(sseCut(...aStream().slice(0, 3)));
      const errors: unknown[] = [];

      const result = streamText({ ...common, model, onError: ({ error }) => void errors.push(error) });
      const parts: string[] = [];
      for await (const part of result.fullStream) parts.push(part.type);

      expect(parts).toContain('error');
      expect(parts.at(-1)).toBe('finish');
      expect(JSON.stringify(errors)).toContain('connection_lost');
    });

    it('62 · lets go of the provider when the caller leaves', async () => {
      upstream.replies(sseHang(...aStream().slice(0, 3)));
      const leaving = new AbortController();

      const model = provider()('openai/gpt-4o');
      const result = streamText({ ...common, model, abortSignal: leaving.signal });
      for await (const { type } of result.fullStream) if (type === 'text-delta') leaving.abort();

      await upstream.last.closed;
      expect(upstream.openAnswers).toBe(0);
    });

    it('63 · reads two calls whose arguments come interleaved', async () => {
      const delta = (index: number, call: object) => aChunk({ tool_calls: [{ index, ...call }] });
      upstream.replies(
        sse(
          delta(0, { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '' } }),
          delta(1, { id: 'call_b', type: 'function', function: { name: 'weather', arguments: '' } }),
          delta(0, { function: { arguments: '{"city":' } }),
          delta(1, { function: { arguments: '{"city":"B"' } }),
          delta(0, { function: { arguments: '"A"}' } }),
          delta(1, { function: { arguments: '}' } }),
          aChunk({}, 'tool_calls'),
          '[DONE]',
        ),
      );

      const result = streamText({ ...common, model: provider()('openai/gpt-4o'), tools: weatherTools([]) });

      expect(await result.toolCalls).toMatchObject([
        { toolCallId: 'call_a', toolName: 'weather', input: { city: 'A' } },
        { toolCallId: 'call_b', toolName: 'weather', input: { city: 'B' } },
      ]);
    });

    it('64 · streams an object', async () => {
      upstream.replies(sse(...aStream('{"rain": true}')));
      const model = provider({ supportsStructuredOutputs: true })('openai/gpt-4o');

      const result = streamObject({ ...common, model, schema: z.object({ rain: z.boolean() }) });

      for await (const _part of result.partialObjectStream) continue;

      expect(await result.object).toEqual({ rain: true });
      expect(upstream.last.json()).toMatchObject({
        response_format: {
          type: 'json_schema',
          // Version 5 does not ask for strictness.
          json_schema: { name: 'response', ...(sdkName === 'ai 5.0' ? {} : { strict: true }) },
        },
      });
    });

    it('65 · goes on over a step of tools without the signed thinking, which the SDK does not keep', async () => {
      upstream.replies(whole('anthropic', 'tool-call'), whole('anthropic', 'text'));

      const result = await generateText({
        ...common,
        model: provider()('anthropic/claude-haiku-4-5'),
        tools: weatherTools([]),
        stopWhen: stepCountIs(3),
        providerOptions: { aig: { reasoningEffort: 'low' } },
      });

      expect(result.steps[0]?.reasoningText).toBe(expected('anthropic', 'tool-call').reasoning);
      const [first, second] = upstream.received.map((request) =>
        z
          .object({ thinking: z.unknown().optional(), messages: z.array(z.object({ content: z.unknown() })) })
          .parse(request.json()),
      );
      expect(first?.thinking).toMatchObject({ type: 'enabled' });
      expect(second?.thinking).toBeUndefined();
      expect(second?.messages[1]?.content).toMatchObject([
        { type: 'text' },
        { type: 'tool_use' },
        { type: 'tool_use' },
      ]);
    });

    // Version 5 drops signatures; version 6 gives back those it got under the name of Google, version 7 all.
    it.each([
      ['google', 'whole', sdkName === 'ai 5.0' ? LOST : SIGNATURE],
      ['google', 'streamed', sdkName === 'ai 5.0' ? LOST : SIGNATURE],
      ['aig', 'whole', sdkName === 'ai 7.0' ? SIGNATURE : LOST],
      ['aig', 'streamed', sdkName === 'ai 7.0' ? SIGNATURE : LOST],
    ])('66 · signs thoughts over two steps of tools, as the provider %s, %s', async (name, way, signature) => {
      const reply = way === 'whole' ? whole : streamed;
      const call = reply('google-ai-studio', 'tool-call');
      upstream.replies(call, call, reply('google-ai-studio', 'text'));
      const model = provider({ name })('google-ai-studio/gemini-3-flash-preview');
      const request = { ...common, model, tools: weatherTools([]), stopWhen: stepCountIs(4) };

      const result = way === 'whole' ? await generateText(request) : streamText(request);

      expect(await result.steps).toHaveLength(3);
      expect(upstream.received).toHaveLength(3);
      const sent = z
        .object({
          contents: z.array(z.object({ parts: z.array(z.looseObject({ thoughtSignature: z.string().optional() })) })),
        })
        .parse(upstream.last.json());
      const signatures = sent.contents.flatMap(({ parts }) => parts.map((part) => part.thoughtSignature));
      expect(signatures).toEqual([undefined, signature, undefined, signature, undefined]);
    });

    const openai = () => createOpenAI({ baseURL: `${gateway.base}/compat`, apiKey: ADMIN_TOKEN });
    const clients = {
      compatible: (name: string) => provider()(name),
      openai: (name: string) => openai().chat(name),
    };
    const files = {
      image: { type: 'file' as const, data: PNG, mediaType: 'image/png' },
      pdf: { type: 'file' as const, data: PDF, mediaType: 'application/pdf', filename: 'page.pdf' },
      audio: { type: 'file' as const, data: WAV, mediaType: 'audio/wav' },
    };
    const [png, pdf, wav] = [PNG, PDF, WAV].map((bytes) => bytes.toString('base64'));
    const parts = [
      ['image', 'openai', { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }],
      ['image', 'anthropic', { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }],
      ['image', 'google-ai-studio', { inlineData: { mimeType: 'image/png', data: png } }],
      ['image', 'aws-bedrock', { image: { format: 'png', source: { bytes: png } } }],
      ['image', 'cohere', { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }],
      [
        'pdf',
        'openai',
        { type: 'file', file: { filename: 'page.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
      ],
      ['pdf', 'anthropic', { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } }],
      ['pdf', 'google-ai-studio', { inlineData: { mimeType: 'application/pdf', data: pdf } }],
      ['pdf', 'aws-bedrock', { document: { format: 'pdf', name: 'page', source: { bytes: pdf } } }],
      ['audio', 'openai', { type: 'input_audio', input_audio: { data: wav, format: 'wav' } }],
      ['audio', 'google-ai-studio', { inlineData: { mimeType: 'audio/wav', data: wav } }],
    ] as const;

    describe.each(['compatible', 'openai'] as const)('with its %s provider', (client) => {
      // The compatible provider of version 5 takes images only.
      const taken = parts.filter(([kind]) => kind === 'image' || client === 'openai' || sdkName !== 'ai 5.0');

      it.each(taken)('67 · gives the %s to %s', async (kind, family, part) => {
        upstream.replies(json(200, ANSWERS[family]('Seen.')));
        const [, name] = FAMILIES.find(([each]) => each === family)!;

        const { text } = await generateText({
          maxRetries: 0,
          model: clients[client](name),
          messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, files[kind]] }],
        });

        expect(text).toBe('Seen.');
        const body = upstream.last.json() as { messages?: object[]; contents?: object[] };
        const [turn] = body.messages ?? body.contents ?? [];
        const content = Object.values(turn ?? {}).find((each) => Array.isArray(each));
        expect(content).toEqual([expect.objectContaining({ text: 'What is it?' }), expect.objectContaining(part)]);
      });
    });

    it.each([
      ['audio', 'anthropic', 'Audio|audio'],
      ['pdf', 'cohere', 'text only'],
    ] as const)('67 · says that the %s is nothing for %s', async (kind, family, reason) => {
      const [, name] = FAMILIES.find(([each]) => each === family)!;
      upstream.replies(json(200, ANSWERS[family]('Seen.')));

      const error = await caught(() =>
        generateText({
          maxRetries: 0,
          model: clients.openai(name),
          messages: [{ role: 'user', content: [files[kind]] }],
        }),
      );

      expect(error).toMatchObject({ statusCode: 400, isRetryable: false });
      expect(error.message).toMatch(new RegExp(reason));
      expect(upstream.received).toHaveLength(0);
    });

    it('68 · gives the message of an error out of a stream that had begun', async () => {
      upstream.replies(
        sse(...aStream().slice(0, 3), { error: { message: 'The model fell over.', type: 'server_error' } }),
      );
      const errors: unknown[] = [];

      const model = provider()('openai/gpt-4o');
      const result = streamText({ ...common, model, onError: ({ error }) => void errors.push(error) });
      await result.consumeStream();

      expect(JSON.stringify(errors)).toContain('The model fell over.');
    });

    it.each([
      ['nope/m', 400],
      ['openai/', 400],
    ])('68 · says what is wrong with the model "%s"', async (name, status) => {
      const error = await caught(() => generateText({ ...common, model: provider()(name) }));

      expect(error.statusCode).toBe(status);
      expect(error.message).toMatch(/openai.*sandbox/);
      expect(error.isRetryable).toBe(false);
    });

    it('68 · tries again as the provider asks', async () => {
      const busy = json(429, JSON.parse(fixture('openai', 'error-429.json')), { 'retry-after-ms': '5' });
      upstream.replies(busy, busy, whole('openai', 'text'));

      const { text } = await generateText({ prompt, model: provider()('openai/gpt-4o') });

      expect(text).toBe(expected('openai', 'text').content);
      expect(upstream.received).toHaveLength(3);
    });

    const asOpenAi = (vectors: readonly number[][]) => ({
      object: 'list',
      data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
      model: 'embedder',
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });

    it.each([
      ['openai/text-embedding-3-small', asOpenAi],
      ['cohere/embed-v4.0', (vectors: readonly number[][]) => ({ embeddings: { float: vectors } })],
      [
        'google-ai-studio/gemini-embedding-001',
        (vectors: readonly number[][]) => ({ embeddings: vectors.map((values) => ({ values })) }),
      ],
    ])('69 · embeds one text, and many at once, by %s', async (name, answerOf) => {
      upstream.replies(json(200, answerOf(VECTORS)), json(200, answerOf(VECTORS.slice(0, 1))));
      const model = provider().textEmbeddingModel(name);

      const many = await embedMany({ model, values: ['a', 'b'], maxRetries: 0 });
      const one = await embed({ model, value: 'a', maxRetries: 0 });

      expect(many.embeddings).toEqual(VECTORS);
      expect(one.embedding).toEqual(VECTORS[0]);
      expect(upstream.received).toHaveLength(2);
    });

    it('70 · speaks to the chat of its OpenAI provider', async () => {
      upstream.replies(whole('openai', 'text'));
      const model = openai().chat('openai/gpt-4o');

      const { text } = await generateText({ ...common, model });

      expect(text).toBe(expected('openai', 'text').content);
    });

    it("70 · speaks OpenAI's Responses where nothing else is said", async () => {
      upstream.replies(json(200, aResponse('gpt-4o')));
      const model = openai()('openai/gpt-4o');

      const { text } = await generateText({ ...common, model });

      expect(text).toBe('Hello.');
      expect(upstream.last.path).toMatch(/\/v1\/responses$/);
      expect(upstream.last.json()).toMatchObject({ model: 'gpt-4o' });
    });

    it('71 · passes on what only the caller knows', async () => {
      upstream.replies(whole('openai', 'text'));
      const own = { made_up_tomorrow: { deep: [1, null] }, prompt_cache_key: 'k', logit_bias: { '50256': -100 } };

      await generateText({
        ...common,
        model: provider()('openai/gpt-4o'),
        temperature: 0.5,
        topP: 0.9,
        maxOutputTokens: 50,
        stopSequences: ['END'],
        seed: 7,
        frequencyPenalty: 0.1,
        presencePenalty: -0.2,
        providerOptions: { aig: own },
      });

      expect(upstream.last.json()).toEqual({
        model: 'gpt-4o',
        messages: [{ role: 'user', content: prompt }],
        temperature: 0.5,
        top_p: 0.9,
        max_tokens: 50,
        stop: ['END'],
        seed: 7,
        frequency_penalty: 0.1,
        presence_penalty: -0.2,
        ...own,
      });
    });
  });
}
