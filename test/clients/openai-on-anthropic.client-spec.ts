import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { isObject, type JsonObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { frames, toFrames } from '../support/anthropic-calls.js';
import { toOpenAiRequest } from '../support/anthropic-requests.js';
import { inPieces } from '../support/cut-replies.js';
import { hasFixtures, readExchanges, type RecordedExchange } from '../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway } from '../support/gateway.js';
import { json, type StubUpstream, type StubReply } from '../support/stub-upstream.js';
import { startStubbedGateway, type StubbedGateway } from '../support/stubbed-gateway.js';
import { OPENAI_SDKS } from './openai-sdks.js';

const SECRET = 'sk-ant-stored-key-0123456789';
const FIXTURES = fileURLToPath(new URL('../../src/providers/anthropic/__fixtures__', import.meta.url));
const fixture = (name: string): Buffer => readFileSync(`${FIXTURES}/${name}`);
const fixtureJson = (name: string) => JSON.parse(fixture(name).toString()) as JsonObject;

const events = (bytes: Buffer, seed = 1): StubReply => inPieces(bytes, 'text/event-stream; charset=utf-8', seed);

const aMessage = (rest: JsonObject): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content: [{ type: 'text', text: 'It rains.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 9, output_tokens: 4 },
  ...rest,
});

/** One text by itself travels as a string. */
function plainOf(content: unknown): unknown {
  const [only, ...rest] = Array.isArray(content) ? content.filter(isObject) : [];
  return only?.['type'] === 'text' && rest.length === 0 ? only['text'] : content;
}

let stubbed: StubbedGateway;
let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  stubbed = await startStubbedGateway(['anthropic']);
  ({ upstream, gateway } = stubbed);
  await gateway.storeKey('anthropic', SECRET);
});

afterAll(() => stubbed.close());

describe.each(OPENAI_SDKS)('%s on Claude', (name, Sdk) => {
  const client = (options: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}): OpenAI =>
    new Sdk({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0, ...options });
  /** `stream`, `parse` and `runTools` stood under `beta` in version 4. */
  const helpers = (): OpenAI['chat']['completions'] => {
    const { beta, chat } = client();
    return 'chat' in beta ? (beta.chat as OpenAI['chat']).completions : chat.completions;
  };
  const model = 'anthropic/claude-haiku-4-5';
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Weather?' }];
  const caught = async (call: () => Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
    try {
      await call();
    } catch (error) {
      return error as InstanceType<typeof OpenAI.APIError>;
    }
    throw new Error('It did not throw.');
  };

  it('creates a completion, with instructions and a picture', async () => {
    upstream.replies(json(200, fixtureJson('text.response.json')));

    const completion = await client().chat.completions.create(
      {
        model,
        max_completion_tokens: 100,
        messages: [
          { role: 'developer', content: 'Be brief.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is it?' },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
            ],
          },
        ],
      },
      { headers: { 'anthropic-beta': 'context-1m-2025-08-07' } },
    );

    expect(completion.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'Grüße 👋 from the "fixture".' },
      finish_reason: 'stop',
    });
    expect(completion.usage).toMatchObject({ prompt_tokens: 129, completion_tokens: 12, total_tokens: 141 });
    expect(upstream.last).toMatchObject({ method: 'POST', path: '/anthropic/v1/messages' });
    expect(upstream.last.headers).toMatchObject({
      'x-api-key': SECRET,
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'context-1m-2025-08-07',
    });
    expect(upstream.last.headers['authorization']).toBeUndefined();
    expect(upstream.last.json()).toEqual({
      model: 'claude-haiku-4-5',
      max_tokens: 100,
      system: 'Be brief.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
          ],
        },
      ],
    });
  });

  it.each([true, false])('streams calls with its helper, usage asked for: %s', async (wantsUsage) => {
    upstream.replies(events(fixture('tool-call.stream.sse')));

    const stream = helpers().stream({
      model,
      messages,
      ...(wantsUsage ? { stream_options: { include_usage: true } } : {}),
    });
    const { choices, usage } = await stream.finalChatCompletion();

    expect(choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'I look it up.',
        tool_calls: [
          { id: 'toolu_fixture_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
          {
            id: 'toolu_fixture_2',
            type: 'function',
            function: { name: 'weather', arguments: '{"city":"Paris","unit":"C"}' },
          },
        ],
      },
    });
    expect(usage?.total_tokens).toBe(wantsUsage ? 505 : undefined);
    expect(upstream.last.json()).toMatchObject({ stream: true });
    expect(upstream.last.json()).not.toHaveProperty('stream_options');
  });

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

  it('parses an answer in the form of a schema, by the setting and by a tool', async () => {
    upstream.replies(json(200, aMessage({ content: [{ type: 'text', text: '{"rain":true}' }] })));
    const native = await helpers().parse({ model, messages, response_format });
    expect(native.choices[0]?.message.parsed).toEqual({ rain: true });
    expect(upstream.last.json()).toMatchObject({ output_config: { format: { type: 'json_schema' } } });

    const content = [{ type: 'tool_use', id: 'toolu_1', name: 'give_answer', input: { rain: false } }];
    upstream.replies(json(200, aMessage({ content, stop_reason: 'tool_use' })));
    const emulated = await helpers().parse({ model: 'anthropic/claude-sonnet-4-0', messages, response_format });
    expect(emulated.choices[0]?.message.parsed).toEqual({ rain: false });

    upstream.replies(events(toFrames(aMessage({ content, stop_reason: 'tool_use' }))));
    const streamed = helpers().stream({ model: 'anthropic/claude-sonnet-4-0', messages, response_format });
    const [choice] = (await streamed.finalChatCompletion()).choices;
    expect(JSON.parse(choice?.message.content ?? '')).toEqual({ rain: false });
  });

  it.each([
    ['length', 'max_tokens', 'LengthFinishReasonError'],
    ['content_filter', 'refusal', 'ContentFilterFinishReasonError'],
  ])('knows by %s that an answer cannot be parsed', async (_finish, native, errorClass) => {
    upstream.replies(json(200, aMessage({ content: [{ type: 'text', text: '{"ra' }], stop_reason: native })));

    const error = await caught(() => helpers().parse({ model, messages, response_format }));

    expect(error.constructor.name).toBe(errorClass);
  });

  const signed = { type: 'thinking', thinking: 'Rain? I ask.', signature: 'EqoBsig+/==' };
  const call = (id: string) => ({ type: 'tool_use', id, name: 'weather', input: { city: 'Bonn' } });
  const first = aMessage({
    content: [signed, { type: 'text', text: 'Hm.' }, call('toolu_1')],
    stop_reason: 'tool_use',
  });
  const again = aMessage({ content: [{ ...signed, signature: 'second==' }, call('toolu_2')], stop_reason: 'tool_use' });
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

  /** What Anthropic must be asked in the third round; the blocks before each call as they were signed, or left out. */
  const thirdRound = (withThinking: boolean) => {
    const assistant = (message: JsonObject) => ({
      role: 'assistant',
      content: (message['content'] as JsonObject[]).filter(({ type }) => withThinking || type !== 'thinking'),
    });
    const result = (id: string) => ({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: id, content: 'rain' }],
    });
    const question = { role: 'user', content: 'Weather?' };
    return [question, assistant(first), result('toolu_1'), assistant(again), result('toolu_2')];
  };
  const replies = (way: string): StubReply[] =>
    [first, again, aMessage({})].map((message, seed) =>
      way === 'whole' ? json(200, message) : events(toFrames(message), seed),
    );
  const budget = { type: 'enabled', budget_tokens: 1024 };

  it.each(['whole', 'streamed'])(
    'gives signed thinking back unaware, where messages go back as they came, %s',
    async (way) => {
      upstream.replies(...replies(way));
      const conversation = [...messages];
      const [{ function: definition }] = [tools[0]!];
      const { name: toolName, description, parameters } = definition;
      const request = {
        model,
        messages: conversation,
        tools: [{ type: 'function' as const, function: { name: toolName, description, parameters } }],
        reasoning_effort: 'low' as const,
      };

      for (let round = 0; round < 3; round++) {
        const completion =
          way === 'whole'
            ? await client().chat.completions.create(request)
            : await helpers().stream(request).finalChatCompletion();
        const message = completion.choices[0]!.message;
        conversation.push(message);
        for (const { id } of message.tool_calls ?? [])
          conversation.push({ role: 'tool', tool_call_id: id, content: 'rain' });
      }

      expect(upstream.received).toHaveLength(3);
      expect(upstream.last.json()).toMatchObject({ thinking: budget, messages: thirdRound(true) });
    },
  );

  // Later versions send of a message only what OpenAI has: the thinking is gone, and the loop goes on without.
  const keepsAll = name.startsWith('openai 4');

  it.each([
    ['whole', 'claude-haiku-4-5', keepsAll ? budget : undefined],
    ['streamed', 'claude-haiku-4-5', keepsAll ? budget : undefined],
    ['whole', 'claude-opus-5', { type: 'adaptive', display: 'summarized' }],
  ])('runs tools for two rounds while Claude thinks, %s with %s', async (way, claude, thinking) => {
    upstream.replies(...replies(way));
    const request = { model: `anthropic/${claude}`, messages, tools, reasoning_effort: 'low' as const };

    const runner = way === 'whole' ? helpers().runTools(request) : helpers().runTools({ ...request, stream: true });

    expect(await runner.finalContent()).toBe('It rains.');
    expect(upstream.received).toHaveLength(3);
    const last = upstream.last.json() as JsonObject;
    expect(last['thinking']).toEqual(thinking);
    expect(last['messages']).toEqual(
      thirdRound(keepsAll).map(({ role, content }) => ({ role, content: plainOf(content) })),
    );
  });

  it.each([
    [
      400,
      'invalid_request_error',
      'prompt is too long: 5 tokens > 4 maximum',
      'BadRequestError',
      400,
      'context_length_exceeded',
    ],
    [401, 'authentication_error', 'invalid x-api-key', 'AuthenticationError', 401, 'invalid_api_key'],
    [403, 'permission_error', 'Not allowed.', 'PermissionDeniedError', 403, null],
    [404, 'not_found_error', 'model: claude-nope', 'NotFoundError', 404, 'model_not_found'],
    [429, 'rate_limit_error', 'Slow down.', 'RateLimitError', 429, 'rate_limit_exceeded'],
    [500, 'api_error', 'Oops.', 'InternalServerError', 500, null],
    [529, 'overloaded_error', 'Overloaded', 'InternalServerError', 503, 'overloaded'],
  ])('throws what a %i of the type %s calls for', async (status, type, message, errorClass, mapped, code) => {
    upstream.replies(json(status, { type: 'error', error: { type, message }, request_id: 'req_1' }));

    const error = await caught(() => client().chat.completions.create({ model, messages }));

    expect(error.constructor.name).toBe(errorClass);
    expect(error).toMatchObject({ status: mapped, code });
    expect(error.message).toContain(message);
  });

  const overloaded = frames({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } });

  it('throws before a stream begins whose first event is an error', async () => {
    upstream.replies(events(overloaded));

    const error = await caught(() => client().chat.completions.create({ model, messages, stream: true }));

    expect(error).toMatchObject({ status: 503, code: 'overloaded' });
  });

  it('throws out of a stream that fails or breaks off on its way', async () => {
    const bytes = toFrames(aMessage({}));
    const half = Buffer.from(bytes.toString().split('\n\n').slice(0, 4).join('\n\n') + '\n\n');
    const read = async (): Promise<void> => {
      for await (const _chunk of await client().chat.completions.create({ model, messages, stream: true })) continue;
    };

    upstream.replies(events(Buffer.concat([half, overloaded])));
    expect((await caught(read)).message).toContain('Overloaded');
    upstream.replies(events(half));
    expect((await caught(read)).message).toContain('ended before it was complete');
  });

  it('is told what Claude cannot do, before Claude is asked', async () => {
    upstream.replies(json(200, aMessage({})));

    const error = await caught(() => client().chat.completions.create({ model, messages, n: 2 }));

    expect(error).toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'n' });
    expect(upstream.received).toHaveLength(0);
  });
});

(hasFixtures ? describe : describe.skip)('recorded traffic of Anthropic through the whole gateway', () => {
  const exchanges = readExchanges('anthropic', ['chat'])
    .filter(({ id }) => !id.includes('spliced-message-start'))
    .map((exchange) => [exchange.id, exchange] as const);
  const sdk = (): OpenAI => new OpenAI({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });
  const requestOf = ({ requestBody, model }: RecordedExchange): OpenAI.ChatCompletionCreateParamsNonStreaming => {
    const plain = { messages: [{ role: 'user', content: 'Hello!' }], model };
    const request = isObject(requestBody) ? toOpenAiRequest(requestBody) : plain;
    const { stream: _stream, ...rest } = request as JsonObject;
    return {
      ...rest,
      model: `anthropic/${String(request.model)}`,
    } as unknown as OpenAI.ChatCompletionCreateParamsNonStreaming;
  };
  const textIn = (content: unknown): string =>
    (Array.isArray(content) ? content.filter(isObject) : [])
      .map(({ type, text }) => (type === 'text' ? String(text) : ''))
      .join('');
  /** The texts of a recorded stream, by the test's own reading. */
  const textOfStream = (sse: string): string =>
    sse
      .split(/\r?\n/)
      .filter((line) => line.startsWith('data:'))
      .map((line) => JSON.parse(line.slice(5)) as { delta?: { type?: string; text?: string } })
      .map(({ delta }) => (delta?.type === 'text_delta' ? (delta.text ?? '') : ''))
      .join('');

  it.each(exchanges)('answers %s', async (_id, exchange) => {
    const { sse, body } = exchange;
    upstream.replies(sse === null ? json(200, body) : events(Buffer.from(sse), 3));
    const request = requestOf(exchange);

    const completion =
      sse === null
        ? await sdk().chat.completions.create(request)
        : await sdk()
            .chat.completions.stream({ ...request, stream: true })
            .finalChatCompletion();

    const [choice] = completion.choices;
    expect(choice?.message.content ?? '').toBe(
      sse === null ? textIn((body as JsonObject)['content']) : textOfStream(sse),
    );
    expect(['stop', 'length', 'tool_calls', 'content_filter']).toContain(choice?.finish_reason);
    for (const each of choice?.message.tool_calls ?? []) {
      if (each.type === 'function') expect(isObject(JSON.parse(each.function.arguments))).toBe(true);
    }
  });
});
