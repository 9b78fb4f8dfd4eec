import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { signRequest } from '../../src/providers/aws-bedrock/sigv4.js';
import { isObject, isText, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { anEvent, anException, encodeFrames, encodeLines, framesOf } from '../support/bedrock-frames.js';
import { InexpressibleError, toOpenAiRequest as fromConverse } from '../support/bedrock-requests.js';
import { inPieces } from '../support/cut-replies.js';
import { toOpenAiRequest as fromCohere } from '../support/cohere-requests.js';
import { hasFixtures, readExchanges, type RecordedExchange } from '../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway } from '../support/gateway.js';
import { json, type StubUpstream, type ReceivedRequest, type StubReply } from '../support/stub-upstream.js';
import { startStubbedGateway, type StubbedGateway } from '../support/stubbed-gateway.js';
import { OPENAI_SDKS } from './openai-sdks.js';

/** The real SDKs on two providers with wires of their own: Amazon Bedrock's Converse and Cohere's v2 chat. */

const KEYS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session-token-0123456789',
  region: 'eu-central-1',
};
const COHERE_KEY = 'cohere-stored-key-0123456789';
const CLAUDE = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';

const fixture = (provider: string, name: string): string =>
  readFileSync(
    fileURLToPath(new URL(`../../src/providers/${provider}/__fixtures__/${name}`, import.meta.url)),
  ).toString();
const fixtureJson = (provider: string, name: string) => JSON.parse(fixture(provider, name)) as JsonObject;

const frames = (bytes: Buffer, seed = 1): StubReply => inPieces(bytes, 'application/vnd.amazon.eventstream', seed);
const events = (text: string, seed = 1): StubReply => inPieces(Buffer.from(text), 'text/event-stream', seed);

let stubbed: StubbedGateway;
let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  stubbed = await startStubbedGateway(['aws-bedrock', 'cohere']);
  ({ upstream, gateway } = stubbed);
  await gateway.storeKey('aws-bedrock', JSON.stringify(KEYS));
  await gateway.storeKey('cohere', COHERE_KEY);
});

afterAll(() => stubbed.close());

const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Weather?' }];
const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'weather',
      description: 'The weather.',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      function: () => 'rain',
      parse: JSON.parse,
    },
  },
];
const response_format = {
  type: 'json_schema' as const,
  json_schema: {
    name: 'weather',
    strict: true,
    schema: {
      type: 'object',
      properties: { rain: { type: 'boolean' } },
      required: ['rain'],
      additionalProperties: false,
    },
  },
};

/** The signature that the request should have, made of what really arrived. */
function signatureOf({ method, path, headers, body }: ReceivedRequest): string | undefined {
  const { host = '', 'content-type': type = '', 'x-amz-date': date } = headers;
  const signedAt = Date.parse(String(date).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')) / 1000;
  const request = { method, path, headers: { host, 'content-type': type }, body };
  return signRequest(request, { keys: KEYS, region: KEYS.region, service: 'bedrock', signedAt })[1];
}

const toolMessages = (body: unknown): JsonObject[] => {
  const all = isObject(body) && Array.isArray(body['messages']) ? body['messages'] : [];
  return all.filter(isObject);
};

describe.each(OPENAI_SDKS)('%s', (_name, Sdk) => {
  const client = (options: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}): OpenAI =>
    new Sdk({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0, ...options });
  /** `stream`, `parse` and `runTools` stood under `beta` in version 4. */
  const helpers = (): OpenAI['chat']['completions'] => {
    const { beta, chat } = client();
    return 'chat' in beta ? (beta.chat as OpenAI['chat']).completions : chat.completions;
  };
  const caught = async (call: () => Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
    try {
      await call();
    } catch (error) {
      return error as InstanceType<typeof OpenAI.APIError>;
    }
    throw new Error('It did not throw.');
  };

  describe('on Bedrock', () => {
    const model = `bedrock/${CLAUDE}`;
    const usage = { inputTokens: 9, outputTokens: 4, totalTokens: 13 };
    const answer = (content: readonly JsonObject[], stopReason = 'end_turn') => ({
      output: { message: { role: 'assistant', content } },
      stopReason,
      usage,
    });

    it('creates a completion, signed as it is sent', async () => {
      upstream.replies(json(200, fixtureJson('aws-bedrock', 'text.response.json')));

      const completion = await client().chat.completions.create({
        model,
        max_completion_tokens: 100,
        messages: [
          { role: 'developer', content: 'Be brief.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            ],
          },
        ],
      });

      expect(completion).toMatchObject({
        model: CLAUDE,
        choices: [{ message: { content: 'Grüße, wörld 🌍!', reasoning_content: 'A greeting. Greet back.' } }],
        usage: { prompt_tokens: 13, completion_tokens: 12, total_tokens: 25 },
      });
      const { last } = upstream;
      expect([last.method, last.path]).toEqual([
        'POST',
        '/aws-bedrock/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse',
      ]);
      expect(last.json()).toEqual({
        system: [{ text: 'Be brief.' }],
        messages: [
          { role: 'user', content: [{ text: 'What is it?' }, { image: { format: 'png', source: { bytes: 'AAAA' } } }] },
        ],
        inferenceConfig: { maxTokens: 100 },
      });
      expect(last.headers['authorization']).toBe(signatureOf(last));
      expect(last.headers['x-amz-security-token']).toBe(KEYS.sessionToken);
      expect(
        Date.now() -
          Date.parse(
            String(last.headers['x-amz-date']).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'),
          ),
      ).toBeLessThan(60_000);
    });

    it.each([true, false])('streams calls with its helper, usage asked for: %s', async (wantsUsage) => {
      upstream.replies(frames(encodeLines(fixture('aws-bedrock', 'tool-call.stream.jsonl'))));

      const stream = helpers().stream({
        model,
        messages,
        ...(wantsUsage ? { stream_options: { include_usage: true } } : {}),
      });
      const { choices, usage: told } = await stream.finalChatCompletion();

      expect(choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: {
          content: 'Let me look.',
          tool_calls: [
            { id: 'tooluse_weather0001', function: { name: 'get_weather', arguments: '{"city": "Paris"}' } },
            { id: 'tooluse_time0002', function: { name: 'get_time', arguments: '{}' } },
          ],
        },
      });
      expect(told?.total_tokens).toBe(wantsUsage ? 47 : undefined);
      expect(upstream.last.path).toMatch(/converse-stream$/);
      expect(upstream.last.headers['authorization']).toBe(signatureOf(upstream.last));
    });

    it('parses an answer in the form of a schema, by the setting and by a tool', async () => {
      upstream.replies(json(200, answer([{ text: '{"rain":true}' }])));
      const native = await helpers().parse({ model, messages, response_format });
      expect(native.choices[0]?.message.parsed).toEqual({ rain: true });
      expect(upstream.last.json()).toMatchObject({ outputConfig: { textFormat: { type: 'json_schema' } } });

      const input = { rain: false };
      upstream.replies(json(200, answer([{ toolUse: { toolUseId: 't', name: 'give_answer', input } }], 'tool_use')));
      const emulated = await helpers().parse({
        model: 'aws-bedrock/us.amazon.nova-pro-v1:0',
        messages,
        response_format,
      });
      expect(emulated.choices[0]?.message.parsed).toEqual(input);
    });

    const thought = { reasoningContent: { reasoningText: { text: 'Rain? I ask.', signature: 'EqoBsig+/==' } } };
    const toolUse = (id: string) => ({ toolUse: { toolUseId: id, name: 'weather', input: { city: 'Bonn' } } });
    const rounds = [
      answer([thought, { text: 'Hm.' }, toolUse('tooluse_1')], 'tool_use'),
      answer([{ ...thought }, toolUse('tooluse_2')], 'tool_use'),
      answer([{ text: 'It rains.' }]),
    ];

    it('gives signed thinking back unaware, where messages go back as they came', async () => {
      upstream.replies(...rounds.map((round) => json(200, round)));
      const conversation = [...messages];
      const [{ function: definition }] = [tools[0]!];
      const { name, description, parameters } = definition;

      for (let round = 0; round < rounds.length; round++) {
        const { choices } = await client().chat.completions.create({
          model,
          messages: conversation,
          tools: [{ type: 'function', function: { name, description, parameters } }],
          reasoning_effort: 'low',
        });
        const { message } = choices[0]!;
        conversation.push(message);
        for (const { id } of message.tool_calls ?? [])
          conversation.push({ role: 'tool', tool_call_id: id, content: 'rain' });
      }

      expect(upstream.received).toHaveLength(3);
      expect(upstream.last.json()).toMatchObject({
        additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1024 } },
        messages: [
          { role: 'user', content: [{ text: 'Weather?' }] },
          { role: 'assistant', content: [thought, { text: 'Hm.' }, toolUse('tooluse_1')] },
          { role: 'user', content: [{ toolResult: { toolUseId: 'tooluse_1', content: [{ text: 'rain' }] } }] },
          { role: 'assistant', content: [thought, toolUse('tooluse_2')] },
          { role: 'user', content: [{ toolResult: { toolUseId: 'tooluse_2', content: [{ text: 'rain' }] } }] },
        ],
      });
    });

    it.each(['whole', 'streamed'])('runs tools for two rounds, %s', async (way) => {
      const call = (id: string) =>
        encodeFrames([
          anEvent('messageStart', { role: 'assistant' }),
          anEvent('contentBlockStart', {
            contentBlockIndex: 0,
            start: { toolUse: { toolUseId: id, name: 'weather' } },
          }),
          anEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { toolUse: { input: '{"city":"Bonn"}' } } }),
          anEvent('contentBlockStop', { contentBlockIndex: 0 }),
          anEvent('messageStop', { stopReason: 'tool_use' }),
          anEvent('metadata', { usage }),
        ]);
      const said = encodeFrames([
        anEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'It rains.' } }),
        anEvent('messageStop', { stopReason: 'end_turn' }),
        anEvent('metadata', { usage }),
      ]);
      upstream.replies(
        ...(way === 'whole'
          ? rounds.map((round) => json(200, round))
          : [call('tooluse_1'), call('tooluse_2'), said].map((bytes, seed) => frames(bytes, seed))),
      );
      const request = { model, messages, tools };

      const runner = way === 'whole' ? helpers().runTools(request) : helpers().runTools({ ...request, stream: true });

      expect(await runner.finalContent()).toBe('It rains.');
      expect(upstream.received).toHaveLength(3);
      expect(toolMessages(upstream.last.json()).map(({ role }) => role)).toEqual([
        'user',
        'assistant',
        'user',
        'assistant',
        'user',
      ]);
    });

    it.each([
      [400, 'ValidationException', 'BadRequestError', 400, null],
      [403, 'AccessDeniedException', 'PermissionDeniedError', 403, null],
      [403, 'UnrecognizedClientException', 'AuthenticationError', 401, 'invalid_api_key'],
      [404, 'ResourceNotFoundException', 'NotFoundError', 404, 'model_not_found'],
      [429, 'ThrottlingException', 'RateLimitError', 429, 'rate_limit_exceeded'],
      [503, 'ServiceUnavailableException', 'InternalServerError', 503, 'overloaded'],
    ])('throws what a %i %s calls for', async (status, type, errorClass, mapped, code) => {
      upstream.replies(json(status, { message: 'It is so.' }, { 'x-amzn-errortype': `${type}:http://x/` }));

      const error = await caught(() => client().chat.completions.create({ model, messages }));

      expect(error.constructor.name).toBe(errorClass);
      expect(error).toMatchObject({ status: mapped, code });
      expect(error.message).toContain('It is so.');
    });

    it('throws before a stream begins whose first message is an exception, and out of one that fails or breaks off', async () => {
      const half = encodeFrames([anEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'It ' } })]);
      const exception = encodeFrames([anException('throttlingException', 'Slow down.')]);
      const read = async (): Promise<void> => {
        for await (const _chunk of await client().chat.completions.create({ model, messages, stream: true })) continue;
      };

      upstream.replies(frames(exception));
      expect(await caught(read)).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
      upstream.replies(frames(Buffer.concat([half, exception])));
      expect((await caught(read)).message).toContain('Slow down.');
      upstream.replies(frames(half));
      expect((await caught(read)).message).toContain('ended before it was complete');
    });
  });

  describe('on Cohere', () => {
    const model = 'cohere/command-a-03-2025';

    it('creates a completion', async () => {
      upstream.replies(json(200, fixtureJson('cohere', 'text.response.json')));

      const completion = await client().chat.completions.create({
        model,
        messages,
        max_completion_tokens: 9,
        top_p: 0.5,
      });

      expect(completion).toMatchObject({
        model: 'command-a-03-2025',
        choices: [
          {
            finish_reason: 'stop',
            message: {
              content: 'Grüße, wörld 🌍!',
              annotations: [
                {
                  type: 'url_citation',
                  url_citation: { url: 'https://example.com/worlds', start_index: 7, end_index: 12 },
                },
              ],
            },
          },
        ],
        usage: { total_tokens: 21, completion_tokens_details: { reasoning_tokens: 5 } },
      });
      expect(upstream.last).toMatchObject({ method: 'POST', path: '/cohere/v2/chat' });
      expect(upstream.last.headers['authorization']).toBe(`Bearer ${COHERE_KEY}`);
      expect(upstream.last.json()).toEqual({ model: 'command-a-03-2025', messages, max_tokens: 9, p: 0.5 });
    });

    it.each([true, false])('streams calls with its helper, usage asked for: %s', async (wantsUsage) => {
      upstream.replies(events(fixture('cohere', 'tool-call.stream.sse')));

      const stream = helpers().stream({
        model,
        messages,
        ...(wantsUsage ? { stream_options: { include_usage: true } } : {}),
      });
      const { choices, usage } = await stream.finalChatCompletion();

      expect(choices[0]?.finish_reason).toBe('tool_calls');
      expect(choices[0]?.message.tool_calls).toMatchObject([
        { id: 'get_weather_0a1b2c3d4e5f', function: { name: 'get_weather', arguments: '{"city":"Paris"}' } },
        { id: 'get_time_5f4e3d2c1b0a', function: { name: 'get_time', arguments: '{}' } },
      ]);
      expect(usage?.total_tokens).toBe(wantsUsage ? 47 : undefined);
      expect(upstream.last.json()).not.toHaveProperty('stream_options');
    });

    it('parses an answer in the form of a schema', async () => {
      const message = { role: 'assistant', content: [{ type: 'text', text: '{"rain":true}' }] };
      upstream.replies(json(200, { id: 'x', message, finish_reason: 'COMPLETE' }));

      const completion = await helpers().parse({ model, messages, response_format });

      expect(completion.choices[0]?.message.parsed).toEqual({ rain: true });
      expect(upstream.last.json()).toMatchObject({
        response_format: { type: 'json_object', json_schema: response_format.json_schema.schema },
      });
    });

    it.each(['whole', 'streamed'])('runs tools for two rounds, %s', async (way) => {
      const call = (id: string) => ({
        id,
        type: 'function',
        function: { name: 'weather', arguments: '{"city":"Bonn"}' },
      });
      const round = (id: string) => ({
        id: 'x',
        message: { role: 'assistant', tool_plan: 'I ask.', tool_calls: [call(id)] },
        finish_reason: 'TOOL_CALL',
      });
      const end = {
        id: 'x',
        message: { role: 'assistant', content: [{ type: 'text', text: 'It rains.' }] },
        finish_reason: 'COMPLETE',
      };
      const sse = (...all: readonly JsonObject[]): string =>
        all.map((each) => `event: ${String(each['type'])}\ndata: ${JSON.stringify(each)}\n\n`).join('');
      const streamed = (id: string) =>
        sse(
          { type: 'message-start', id: 'x' },
          { type: 'tool-plan-delta', delta: { message: { tool_plan: 'I ask.' } } },
          { type: 'tool-call-start', index: 0, delta: { message: { tool_calls: call(id) } } },
          { type: 'tool-call-end', index: 0 },
          { type: 'message-end', delta: { finish_reason: 'TOOL_CALL' } },
        );
      const last = sse(
        { type: 'content-delta', index: 0, delta: { message: { content: { text: 'It rains.' } } } },
        { type: 'message-end', delta: { finish_reason: 'COMPLETE' } },
      );
      upstream.replies(
        ...(way === 'whole'
          ? [round('w1'), round('w2'), end].map((body) => json(200, body))
          : [streamed('w1'), streamed('w2'), last].map((text, seed) => events(text, seed))),
      );
      const request = { model, messages, tools };

      const runner = way === 'whole' ? helpers().runTools(request) : helpers().runTools({ ...request, stream: true });

      expect(await runner.finalContent()).toBe('It rains.');
      expect(upstream.received).toHaveLength(3);
      const sent = toolMessages(upstream.last.json());
      expect(sent.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'tool']);
      expect(sent.flatMap(({ tool_calls: calls }) => calls ?? [])).toEqual([call('w1'), call('w2')]);
    });

    it.each([
      [400, 'BadRequestError', 400, null],
      [401, 'AuthenticationError', 401, 'invalid_api_key'],
      [422, 'BadRequestError', 400, null],
      [429, 'RateLimitError', 429, 'rate_limit_exceeded'],
      [498, 'BadRequestError', 400, 'content_filter'],
      [503, 'InternalServerError', 503, 'overloaded'],
    ])('throws what a %i calls for', async (status, errorClass, mapped, code) => {
      upstream.replies(json(status, { id: 'x', message: 'It is so.' }));

      const error = await caught(() => client().chat.completions.create({ model, messages }));

      expect(error.constructor.name).toBe(errorClass);
      expect(error).toMatchObject({ status: mapped, code });
      expect(error.message).toContain('It is so.');
    });

    it('is told what Cohere cannot do, before Cohere is asked', async () => {
      upstream.replies(json(200, {}));

      const error = await caught(() => client().chat.completions.create({ model, messages, n: 2 }));

      expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'n' });
      expect(upstream.received).toHaveLength(0);
    });
  });
});

(hasFixtures ? describe : describe.skip)('recorded traffic of Bedrock and Cohere through the whole gateway', () => {
  const sdk = (): OpenAI => new OpenAI({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });
  const rows = (folder: string) =>
    readExchanges(folder, ['chat', 'error'])
      .filter(({ api }) => api === 'chat')
      .map((exchange) => [exchange.id, exchange] as const);

  /** The recorded request as the gateway is asked it, or a plain one where it was not kept or cannot be said. */
  function requestOf(exchange: RecordedExchange, provider: string, model: string) {
    const plain = { model: `${provider}/${model}`, messages: [{ role: 'user', content: 'Hello!' }] };
    if (!isObject(exchange.requestBody)) return plain;
    try {
      return provider === 'cohere' ? fromCohere(exchange.requestBody) : fromConverse(exchange.requestBody, model);
    } catch (error) {
      if (error instanceof InexpressibleError) return plain;
      throw error;
    }
  }

  /** What the SDK makes of the answer: the error's status, or a message that is whole. */
  async function outcomeOf(reply: StubReply, isStream: boolean, request: JsonObject): Promise<unknown> {
    upstream.replies(reply);
    const { stream: _stream, ...rest } = request;
    const params = rest as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
    try {
      const { choices } = isStream
        ? await sdk()
            .chat.completions.stream({ ...params, stream: true })
            .finalChatCompletion()
        : await sdk().chat.completions.create(params);
      return wholeness(choices[0]);
    } catch (error) {
      if (!(error instanceof OpenAI.APIError) || error.status === undefined) throw error;
      return { isError: error.status >= 400 };
    }
  }

  function wholeness(choice: OpenAI.ChatCompletion.Choice | undefined): JsonObject {
    const { tool_calls: calls = [], content, ...rest } = choice?.message ?? {};
    const { reasoning_content: reasoning } = rest as JsonObject;
    return {
      finishes: ['stop', 'length', 'tool_calls', 'content_filter'].includes(choice?.finish_reason ?? ''),
      parses: calls.every((call) => call.type !== 'function' || isObject(JSON.parse(call.function.arguments))),
      says: calls.length > 0 || isText(content) || isText(reasoning),
    };
  }

  const expected = ({ status }: RecordedExchange) =>
    status >= 400 ? { isError: true } : { finishes: true, parses: true, says: true };

  it.each(rows('bedrock'))('answers %s', async (_id, exchange) => {
    const model = decodeURIComponent(/\/model\/([^/]+)\//.exec(exchange.url ?? '')?.[1] ?? 'some-model');
    const isStream = exchange.url?.endsWith('-stream') === true;
    const headers = Object.fromEntries(Object.entries(exchange.headers).map(([name, value]) => [name, String(value)]));
    const reply =
      exchange.frames === null
        ? json(exchange.status, exchange.body, headers)
        : frames(exchange.frameBytes ?? encodeFrames(framesOf(exchange.frames)), 3);

    expect(await outcomeOf(reply, isStream, requestOf(exchange, 'aws-bedrock', model))).toEqual(expected(exchange));
  });

  it.each(rows('cohere'))('answers %s', async (_id, exchange) => {
    const { sse, status, body } = exchange;
    const reply = sse === null ? json(status, body) : events(sse, 3);

    const request = requestOf(exchange, 'cohere', exchange.model ?? 'command-r');
    expect(await outcomeOf(reply, sse !== null, request)).toEqual(expected(exchange));
  });
});
