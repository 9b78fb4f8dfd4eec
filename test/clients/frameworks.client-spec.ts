import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContextOverflowError } from '@langchain/core/errors';
import { ChatMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { tool as langChainTool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { OpenAI as LlamaOpenAI, OpenAIEmbedding } from '@llamaindex/openai';
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool as agentTool } from '@openai/agents';
import { z } from 'zod';
import { toBase64 } from '../../src/providers/dialects/embeddings/vectors.js';
import { encodeLines } from '../support/bedrock-frames.js';
import { aChunk, aCompletion } from '../support/builders.js';
import { cutAt, numbersOf } from '../support/chat-streams.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sseCut, StubUpstream, type StubReply } from '../support/stub-upstream.js';

/** LangChain, the OpenAI Agents SDK and LlamaIndex on every provider family, through the whole gateway. */

const AWS_KEYS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  region: 'eu-central-1',
};

/** A provider of each family, and one of its models. */
const FAMILIES = [
  ['openai', 'openai/gpt-4o'],
  ['anthropic', 'anthropic/claude-haiku-4-5'],
  ['google-ai-studio', 'google-ai-studio/gemini-3-flash-preview'],
  ['aws-bedrock', 'bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0'],
  ['cohere', 'cohere/command-a-03-2025'],
] as const;
type Family = (typeof FAMILIES)[number][0];
/** The stored keys. */
const SECRETS: Record<Family, string> = {
  openai: 'sk-stored-key-0123456789',
  anthropic: 'sk-ant-stored-key-0123456789',
  'google-ai-studio': 'AIzaSy-stored-key-0123456789abcdefghij',
  'aws-bedrock': JSON.stringify(AWS_KEYS),
  cohere: 'cohere-stored-key-0123456789',
};
const modelOf = (family: Family): string => FAMILIES.find(([name]) => name === family)![1];

const read = (family: Family, name: string): Buffer =>
  readFileSync(new URL(`../../src/providers/${family}/__fixtures__/${name}`, import.meta.url));
const readJson = (family: Family, name: string): unknown => JSON.parse(read(family, name).toString());

const expectedSchema = z.object({
  content: z.string(),
  toolCalls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })),
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() }),
});
type Kind = 'text' | 'tool-call';
const expected = (family: Family, kind: Kind) => expectedSchema.parse(readJson(family, `${kind}.expected.json`));

/** The provider's own answer of that kind. */
const answers = (family: Family, kind: Kind): StubReply => json(200, readJson(family, `${kind}.response.json`));

/** The provider's own stream of that kind, in pieces that end anywhere. */
const streams =
  (family: Family, kind: Kind): StubReply =>
  async (response) => {
    const framed = family === 'aws-bedrock';
    const bytes = framed
      ? encodeLines(read(family, `${kind}.stream.jsonl`).toString())
      : read(family, `${kind}.stream.sse`);
    response.writeHead(200, { 'content-type': framed ? 'application/vnd.amazon.eventstream' : 'text/event-stream' });
    const next = numbersOf(1);
    const cuts = Array.from({ length: 40 }, () => next(bytes.length));
    for (const piece of cutAt(bytes, cuts)) {
      if (piece.length > 0) response.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };

/** Two vectors of numbers that 32 bits hold exactly. */
const VECTORS = [
  [0.5, -0.25, 1],
  [0.125, 2, -4],
];
const embeddingRequestSchema = z.looseObject({
  input: z.union([z.string(), z.array(z.string())]),
  encoding_format: z.string().optional(),
});
/** As OpenAI answers: encoded as asked, a vector a text. */
const embeds: StubReply = (response, request) => {
  const { input, encoding_format: encoding } = embeddingRequestSchema.parse(request.json());
  const vectors = VECTORS.slice(0, typeof input === 'string' ? 1 : input.length);
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: encoding === 'base64' ? toBase64(vector) : vector,
  }));
  const usage = { prompt_tokens: 4, total_tokens: 4 };
  void json(200, { object: 'list', data, model: 'text-embedding-3-small', usage })(response, request);
};

const aToolCall = (name: string, args: string) =>
  aCompletion('', {
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'call_1', type: 'function', function: { name, arguments: args } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
  });

const refusals = (status: number, code: string): StubReply =>
  json(status, { error: { message: 'Not now.', type: 'some_type', param: null, code } });

let upstream: StubUpstream;
let gateway: RunningGateway;
let baseURL: string;

beforeAll(async () => {
  setTracingDisabled(true);
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify(
      Object.fromEntries(FAMILIES.map(([family]) => [family, `${upstream.origin}/${family}`])),
    ),
  });
  for (const [family] of FAMILIES) await gateway.storeKey(family, SECRETS[family]);
  baseURL = `${gateway.base}/compat`;
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const collect = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
};

const caught = async (call: () => Promise<unknown>): Promise<unknown> => {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('It did not throw.');
};

describe('LangChain', () => {
  const chat = (model: string, options: Partial<ConstructorParameters<typeof ChatOpenAI>[0]> = {}) =>
    new ChatOpenAI({ model, apiKey: ADMIN_TOKEN, configuration: { baseURL }, maxRetries: 0, ...options });
  const question = [new HumanMessage('Hello!')];
  const messages = [new SystemMessage('Be brief.'), ...question];
  /** The role that LangChain gives to instructions for the models that it knows to reason. */
  const developer = new ChatMessage({ role: 'developer', content: 'Be brief.' });
  const answer = z.object({ rain: z.boolean() });
  const weather = langChainTool(() => 'It rains.', {
    name: 'get_weather',
    description: 'The weather of a city.',
    schema: z.object({ city: z.string() }),
  });

  describe.each(FAMILIES)('on %s', (family, model) => {
    const usageOf = (kind: Kind) => {
      const { prompt_tokens, completion_tokens, total_tokens } = expected(family, kind).usage;
      return { input_tokens: prompt_tokens, output_tokens: completion_tokens, total_tokens };
    };

    it('72 · invokes', async () => {
      upstream.replies(answers(family, 'text'));

      const message = await chat(model).invoke(messages);

      expect(message.text).toBe(expected(family, 'text').content);
      expect(message.usage_metadata).toMatchObject(usageOf('text'));
      expect(message.response_metadata['finish_reason']).toBe('stop');
    });

    it('72 · streams, with usage', async () => {
      upstream.replies(streams(family, 'text'));

      const whole = (await collect(await chat(model).stream(messages))).reduce((before, chunk) => before.concat(chunk));

      expect(whole.text).toBe(expected(family, 'text').content);
      expect(whole.usage_metadata).toMatchObject(usageOf('text'));
    });

    it('72 · answers a batch of five', async () => {
      upstream.replies(answers(family, 'text'));

      const batch = await chat(model).batch(['a', 'b', 'c', 'd', 'e']);

      expect(batch.map((message) => message.text)).toEqual(
        Array.from({ length: 5 }, () => expected(family, 'text').content),
      );
      expect(upstream.received).toHaveLength(5);
    });

    const bound = () => chat(model).bindTools([weather]);
    const called = async (way: string) =>
      way === 'whole'
        ? bound().invoke(messages)
        : (await collect(await bound().stream(messages))).reduce((before, chunk) => before.concat(chunk));

    it.each(['whole', 'streamed'])('73 · reads the calls of bound tools, %s', async (way) => {
      upstream.replies(way === 'whole' ? answers(family, 'tool-call') : streams(family, 'tool-call'));

      const message = await called(way);

      const { content, toolCalls } = expected(family, 'tool-call');
      const calls = message.tool_calls ?? [];
      expect(calls.map(({ name, args }) => ({ name, arguments: args }))).toEqual(toolCalls);
      expect(new Set(calls.map(({ id }) => id ?? '')).size).toBe(toolCalls.length);
      expect(calls.every(({ id }) => id !== undefined && id !== '')).toBe(true);
      expect(message.text).toBe(content);
    });

    it.each(['whole', 'streamed'])('73 · gives results back for calls that came %s', async (way) => {
      const toolCall = way === 'whole' ? answers(family, 'tool-call') : streams(family, 'tool-call');
      upstream.replies(toolCall, answers(family, 'text'));
      const asked = await called(way);
      const results = (asked.tool_calls ?? []).map(
        ({ id }) => new ToolMessage({ tool_call_id: id ?? '', content: 'the result of a tool' }),
      );

      const message = await bound().invoke([...messages, asked, ...results]);

      expect(message.text).toBe(expected(family, 'text').content);
      expect(results.length).toBe(expected(family, 'tool-call').toolCalls.length);
      expect(upstream.last.body.toString().split('the result of a tool')).toHaveLength(results.length + 1);
    });

    it("74 · is understood in a reasoning model's fields", async () => {
      upstream.replies(answers(family, 'text'));

      const message = await chat(model, { modelKwargs: { max_completion_tokens: 1234 } }).invoke([
        developer,
        ...question,
      ]);

      expect(message.text).toBe(expected(family, 'text').content);
      const sent = upstream.last.body.toString();
      expect(sent).toMatch(/Be brief\..*Hello!|Hello!.*Be brief\./);
      expect(sent).toMatch(/"(?:max_completion_tokens|max_tokens|maxTokens|maxOutputTokens)":1234/);
    });

    it('76 · knows a rate limit', async () => {
      upstream.replies(json(429, readJson(family, 'error-429.json')));

      const error = await caught(() => chat(model).invoke(messages));

      expect(error).toMatchObject({ status: 429, lc_error_code: 'MODEL_RATE_LIMIT' });
    });
  });

  it.each([
    ['jsonSchema', aCompletion('{"rain":true}'), { response_format: { type: 'json_schema' } }],
    ['functionCalling', aToolCall('extract', '{"rain":true}'), { tool_choice: { function: { name: 'extract' } } }],
    ['jsonMode', aCompletion('{"rain":true}'), { response_format: { type: 'json_object' } }],
  ] as const)('73 · has structured output by %s', async (method, completion, request) => {
    upstream.replies(json(200, completion));

    const result = await chat('openai/gpt-4o')
      .withStructuredOutput(answer, { method })
      .invoke('Does it rain? In JSON.');

    expect(result).toEqual({ rain: true });
    expect(upstream.last.json()).toMatchObject(request);
  });

  const claude = (content: object, stop_reason: string) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-5',
    content: [content],
    stop_reason,
    usage: { input_tokens: 9, output_tokens: 4 },
  });
  const gemini = (part: object) => ({
    candidates: [{ content: { parts: [part], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
    modelVersion: 'gemini-3-flash-preview',
  });
  const converse = (content: object, stopReason: string) => ({
    output: { message: { role: 'assistant', content: [content] } },
    stopReason,
    usage: { inputTokens: 9, outputTokens: 4, totalTokens: 13 },
  });
  const command = (message: object, finish_reason: string) => ({
    id: 'c1',
    message: { role: 'assistant', ...message },
    finish_reason,
    usage: { tokens: { input_tokens: 9, output_tokens: 4 } },
  });
  const rain = '{"rain":true}';
  const extract = { name: 'extract', input: { rain: true } };

  it.each([
    ['anthropic', 'jsonSchema', claude({ type: 'text', text: rain }, 'end_turn')],
    ['anthropic', 'functionCalling', claude({ type: 'tool_use', id: 'toolu_1', ...extract }, 'tool_use')],
    ['anthropic', 'jsonMode', claude({ type: 'text', text: rain }, 'end_turn')],
    ['google-ai-studio', 'jsonSchema', gemini({ text: rain })],
    ['google-ai-studio', 'functionCalling', gemini({ functionCall: { name: 'extract', args: { rain: true } } })],
    ['google-ai-studio', 'jsonMode', gemini({ text: rain })],
    ['aws-bedrock', 'jsonSchema', converse({ text: rain }, 'end_turn')],
    ['aws-bedrock', 'functionCalling', converse({ toolUse: { toolUseId: 'tooluse_1', ...extract } }, 'tool_use')],
    ['aws-bedrock', 'jsonMode', converse({ text: rain }, 'end_turn')],
    ['cohere', 'jsonSchema', command({ content: [{ type: 'text', text: rain }] }, 'COMPLETE')],
    [
      'cohere',
      'functionCalling',
      command(
        { tool_calls: [{ id: 'c', type: 'function', function: { name: 'extract', arguments: rain } }] },
        'TOOL_CALL',
      ),
    ],
    ['cohere', 'jsonMode', command({ content: [{ type: 'text', text: rain }] }, 'COMPLETE')],
  ] as const)('73 · has structured output of %s by %s', async (family, method, reply) => {
    upstream.replies(json(200, reply));

    const result = await chat(modelOf(family))
      .withStructuredOutput(answer, { method })
      .invoke('Does it rain? In JSON.');

    expect(result).toEqual({ rain: true });
    // The mode without a schema says only that it is to be JSON.
    const asked = method === 'jsonMode' ? /JSON object|json_object|application\/json/ : /"rain\\?"/;
    expect(upstream.last.body.toString()).toMatch(asked);
  });

  it('74 · writes to a reasoning model by its prefixed name as that one reads', async () => {
    upstream.replies(json(200, aCompletion('Hi!')));

    const message = await chat('openai/o3-mini', {
      maxTokens: 100,
      modelKwargs: { reasoning_effort: 'low' },
    }).invoke([developer, ...question]);

    expect(message.text).toBe('Hi!');
    expect(upstream.last.json()).toMatchObject({
      model: 'o3-mini',
      max_completion_tokens: 100,
      reasoning_effort: 'low',
      messages: [{ role: 'developer' }, { role: 'user' }],
    });
    expect(upstream.last.json()).not.toHaveProperty('max_tokens');
  });

  it('74 · is told that its reasoning model lacks a provider prefix, before anyone is asked', async () => {
    upstream.replies(json(200, aCompletion('Hi!')));

    const error = await caught(() => chat('o3-mini', { reasoning: { effort: 'low' } }).invoke(messages));

    expect(error).toMatchObject({ status: 400, code: 'model_not_found', param: 'model' });
    expect(String(error)).toMatch(/provider prefix.*openai/);
    expect(upstream.received).toHaveLength(0);
  });

  it('72 · knows that a stream was cut', async () => {
    upstream.replies(sseCut(aChunk({ role: 'assistant', content: 'Hel' })));

    const error = await caught(async () => collect(await chat('openai/gpt-4o').stream(messages)));

    expect(String(error)).toContain('connection_lost');
  });

  it('75 · embeds two documents, which come as base64 or as numbers', async () => {
    upstream.replies(embeds);
    const embeddings = (options: Partial<ConstructorParameters<typeof OpenAIEmbeddings>[0]>) =>
      new OpenAIEmbeddings({
        model: 'openai/text-embedding-3-small',
        apiKey: ADMIN_TOKEN,
        configuration: { baseURL },
        maxRetries: 0,
        ...options,
      });

    for (const options of [{}, { encodingFormat: 'float' }] as const) {
      const vectors = await embeddings(options).embedDocuments(['a', 'b']);

      expect(vectors.map((vector) => Array.from(vector))).toEqual(VECTORS);
    }
    expect(upstream.last.json()).toMatchObject({ model: 'text-embedding-3-small', input: ['a', 'b'] });
  });

  it.each([
    ['a rate limit', 429, 'rate_limit_exceeded', 'MODEL_RATE_LIMIT'],
    ['a refused key', 401, 'invalid_api_key', 'MODEL_AUTHENTICATION'],
    ['a missing model', 404, 'model_not_found', 'MODEL_NOT_FOUND'],
  ])('76 · knows %s of the provider', async (_name, status, code, known) => {
    upstream.replies(refusals(status, code));

    const error = await caught(() => chat('openai/gpt-4o').invoke(messages));

    expect(error).toMatchObject({ status, code, message: expect.stringContaining('Not now.') });
    expect(error).toHaveProperty('lc_error_code', known);
  });

  it('76 · knows a full context by what OpenAI says of it', async () => {
    const message = "This model's maximum context length is 4 tokens.";
    const code = 'context_length_exceeded';
    upstream.replies(json(400, { error: { message, type: 'invalid_request_error', param: 'messages', code } }));

    const error = await caught(() => chat('openai/gpt-4o').invoke(messages));

    expect(ContextOverflowError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
  });

  it('76 · knows that the gateway does not know its key', async () => {
    const error = await caught(() => chat('openai/gpt-4o', { apiKey: 'not-a-token' }).invoke(messages));

    expect(error).toMatchObject({ status: 401, lc_error_code: 'MODEL_AUTHENTICATION' });
  });
});

describe('the OpenAI Agents SDK', () => {
  const runner = () =>
    new Runner({
      modelProvider: new OpenAIProvider({ apiKey: ADMIN_TOKEN, baseURL, useResponses: false }),
      tracingDisabled: true,
    });
  /** An agent that has the tools which the fixture calls. */
  const agentWith = (model: string, names: readonly string[]) =>
    new Agent({
      name: 'Forecaster',
      instructions: 'Be brief.',
      model,
      tools: [...new Set(names)].map((name) =>
        agentTool({
          name,
          description: `A tool by the name of ${name}.`,
          parameters: {
            type: 'object',
            properties: { city: { type: 'string' } },
            required: ['city'],
            additionalProperties: true,
          },
          strict: false,
          execute: () => 'the result of a tool',
        }),
      ),
    });

  describe.each(FAMILIES)('on %s', (family, model) => {
    const calls = expected(family, 'tool-call').toolCalls;
    const { content: said, usage } = expected(family, 'text');

    it('77 · runs', async () => {
      upstream.replies(answers(family, 'text'));

      const result = await runner().run(agentWith(model, []), 'Hello!');

      expect(result.finalOutput).toBe(said);
      expect(result.runContext.usage).toMatchObject({
        inputTokens: usage.prompt_tokens,
        outputTokens: usage.completion_tokens,
      });
    });

    it('77 · runs streamed', async () => {
      upstream.replies(streams(family, 'text'));

      const result = await runner().run(agentWith(model, []), 'Hello!', { stream: true });
      const text = (await collect(result.toTextStream())).join('');
      await result.completed;

      expect(text).toBe(said);
      expect(result.finalOutput).toBe(said);
    });

    it('77 · runs with tools', async () => {
      upstream.replies(answers(family, 'tool-call'), answers(family, 'text'));
      const agent = agentWith(
        model,
        calls.map(({ name }) => name),
      );

      const result = await runner().run(agent, 'Weather?');

      expect(result.finalOutput).toBe(said);
      expect(upstream.received).toHaveLength(2);
      expect(upstream.last.body.toString().split('the result of a tool')).toHaveLength(calls.length + 1);
    });

    it('77 · runs streamed with tools', async () => {
      upstream.replies(streams(family, 'tool-call'), streams(family, 'text'));
      const agent = agentWith(
        model,
        calls.map(({ name }) => name),
      );

      const result = await runner().run(agent, 'Weather?', { stream: true });
      await result.completed;

      expect(result.finalOutput).toBe(said);
      expect(upstream.received).toHaveLength(2);
      expect(upstream.last.body.toString().split('the result of a tool')).toHaveLength(calls.length + 1);
    });
  });

  it.each([
    ['anthropic', 'EqoBCkgIARABGAIiQFixtureSignature+/=='],
    ['google-ai-studio', 'Zml4dHVyZS1zaWduYXR1cmUtb2Ytb25lLWNhbGw='],
  ] as const)('77 · gives the signature of %s back with the calls, unaware', async (family, signature) => {
    upstream.replies(answers(family, 'tool-call'), answers(family, 'text'));
    const names = expected(family, 'tool-call').toolCalls.map(({ name }) => name);

    await runner().run(agentWith(modelOf(family), names), 'Weather?');

    expect(upstream.last.body.toString()).toContain(signature);
  });

  it('77 · knows that a stream was cut', async () => {
    upstream.replies(sseCut(aChunk({ role: 'assistant', content: 'Hel' })));

    const error = await caught(async () => {
      const result = await runner().run(agentWith('openai/gpt-4o', []), 'Hello!', { stream: true });
      await collect(result);
    });

    expect(String(error)).toContain('connection_lost');
  });

  it('77 · throws what the provider refused with', async () => {
    upstream.replies(refusals(400, 'some_code'));

    const error = await caught(() => runner().run(agentWith('openai/gpt-4o', []), 'Hello!'));

    expect(error).toMatchObject({ status: 400, code: 'some_code' });
    expect(String(error)).toContain('Not now.');
  });

  it('77 · sends strict tools, and reads output of a type', async () => {
    upstream.replies(json(200, aToolCall('get_weather', '{"city":"Bonn"}')), json(200, aCompletion('{"rain":true}')));
    const asked: string[] = [];
    const agent = new Agent({
      name: 'Forecaster',
      model: 'openai/gpt-4o',
      outputType: z.object({ rain: z.boolean() }),
      tools: [
        agentTool({
          name: 'get_weather',
          description: 'The weather of a city.',
          parameters: z.object({ city: z.string() }),
          execute: ({ city }) => {
            asked.push(city);
            return 'rain';
          },
        }),
      ],
    });

    const result = await runner().run(agent, 'Weather?');

    expect(result.finalOutput).toEqual({ rain: true });
    expect(asked).toEqual(['Bonn']);
    expect(upstream.last.json()).toMatchObject({
      model: 'gpt-4o',
      tools: [{ type: 'function', function: { name: 'get_weather', strict: true } }],
      response_format: { type: 'json_schema' },
    });
  });
});

describe('LlamaIndex', () => {
  const llm = (model: string, options: Partial<ConstructorParameters<typeof LlamaOpenAI>[0]> = {}) =>
    new LlamaOpenAI({ model, apiKey: ADMIN_TOKEN, baseURL, maxRetries: 0, ...options });
  const messages = [{ role: 'user' as const, content: 'Hello!' }];

  describe.each(FAMILIES)('on %s', (family, model) => {
    it('78 · chats', async () => {
      upstream.replies(answers(family, 'text'));

      const { message } = await llm(model).chat({ messages });

      expect(message.content).toBe(expected(family, 'text').content);
    });

    it('78 · streams', async () => {
      upstream.replies(streams(family, 'text'));

      const chunks = await collect(await llm(model).chat({ messages, stream: true }));

      expect(chunks.map(({ delta }) => delta).join('')).toBe(expected(family, 'text').content);
    });
  });

  it('78 · embeds', async () => {
    upstream.replies(embeds);
    const embedding = new OpenAIEmbedding({ model: 'openai/text-embedding-3-small', apiKey: ADMIN_TOKEN, baseURL });

    const vectors = await embedding.getTextEmbeddings(['a', 'b']);

    expect(vectors).toEqual(VECTORS);
  });

  it('78 · is told that a reasoning model has no temperature, before the provider is asked', async () => {
    upstream.replies(json(200, aCompletion('Hi!')));

    const error = await caught(() => llm('openai/o3-mini').chat({ messages }));

    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'temperature' });
    expect(String(error)).toMatch(/temperature.*leave it out/);
    expect(upstream.received).toHaveLength(0);
  });

  it('78 · reaches a reasoning model when its temperature is the default', async () => {
    upstream.replies(json(200, aCompletion('Hi!')));

    const { message } = await llm('openai/o3-mini', { temperature: 1, maxTokens: 100 }).chat({ messages });

    expect(message.content).toBe('Hi!');
    expect(upstream.last.json()).toEqual({ model: 'o3-mini', messages, max_completion_tokens: 100, stream: false });
  });

  it('78 · knows that a stream was cut', async () => {
    upstream.replies(sseCut(aChunk({ role: 'assistant', content: 'Hel' })));

    const error = await caught(async () => collect(await llm('openai/gpt-4o').chat({ messages, stream: true })));

    expect(String(error)).toContain('connection_lost');
  });
});
