import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { z } from 'zod';
import { hasFixtures } from '../support/fixtures.js';
import { geminiExchanges, recordedAnswer, responsesOf } from '../support/gemini-exchanges.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream, type StubReply } from '../support/stub-upstream.js';
import { OPENAI_SDKS } from './openai-sdks.js';

/** The real OpenAI SDK against Gemini, on AI Studio and on Vertex, through the whole gateway. */

const fixture = (provider: string, name: string): string =>
  readFileSync(new URL(`../../src/providers/${provider}/__fixtures__/${name}`, import.meta.url), 'utf8');

const SECRETS = {
  'google-ai-studio': 'AIzaSy-stored-key-0123456789abcdefghij',
  'google-vertex-ai': '',
};
const MODELS = [
  ['google-ai-studio', 'google-ai-studio/gemini-3-flash-preview'],
  ['google-vertex-ai', 'google-vertex-ai/google/gemini-3-flash-preview'],
] as const;

let upstream: StubUpstream;
let tokenServer: StubUpstream;
let gateway: RunningGateway;

const answers = (body: string): StubReply => json(200, JSON.parse(body));
const streams =
  (text: string): StubReply =>
  async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    // As Gemini writes: CR LF, and pieces that do not end where events end.
    const bytes = Buffer.from(text.replaceAll('\n', '\r\n'));
    for (let at = 0; at < bytes.length; at += 97) {
      response.write(bytes.subarray(at, at + 97));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };

const sentSchema = z.looseObject({
  contents: z.array(z.looseObject({ role: z.string(), parts: z.array(z.looseObject({})) })),
  generationConfig: z.looseObject({}).optional(),
});
const sent = () => sentSchema.parse(upstream.last.json());

beforeAll(async () => {
  upstream = await StubUpstream.start();
  tokenServer = await StubUpstream.start();
  tokenServer.replies(json(200, { access_token: 'ya29.of-the-account', expires_in: 3600 }));
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({
      'google-ai-studio': upstream.origin,
      'google-vertex-ai': `${upstream.origin}/vertex`,
    }),
    EGRESS_ALLOW_PRIVATE: 'true',
  });
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const account = {
    type: 'service_account',
    client_email: 'robot@p.iam.gserviceaccount.com',
    private_key: privateKey,
    project_id: 'my-project',
    region: 'europe-west1',
    token_uri: `${tokenServer.origin}/token`,
  };
  await gateway.storeKey('google-ai-studio', SECRETS['google-ai-studio']);
  await gateway.storeKey('google-vertex-ai', JSON.stringify(account));
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
  await tokenServer.close();
});

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' } },
      required: ['city', 'days'],
      additionalProperties: false,
    },
  },
};

const SIGNATURE = 'Zml4dHVyZS1zaWduYXR1cmUtb2Ytb25lLWNhbGw=';
/** From version 6 on the SDK's runner sends back of a call what OpenAI knows only: Google's placeholder stands for the signature. */
const LOST = 'skip_thought_signature_validator';

describe.each(OPENAI_SDKS)('%s', (sdkName, Sdk) => {
  const client = () => new Sdk({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });
  /** `stream`, `parse` and `runTools` stood under `beta` in version 4. */
  const helpers = (): OpenAI['chat']['completions'] => {
    const { beta, chat } = client();
    return 'chat' in beta ? (beta.chat as OpenAI['chat']).completions : chat.completions;
  };
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hello!' },
  ];

  describe.each(MODELS)('on %s', (provider, model) => {
    it('creates a completion', async () => {
      upstream.replies(answers(fixture(provider, 'text.response.json')));

      const completion = await client().chat.completions.create({ model, messages, max_tokens: 50 });

      const [choice] = completion.choices;
      expect(choice?.message).toMatchObject({ role: 'assistant', content: 'Hello, wörld! 👋' });
      expect(choice?.message).toHaveProperty('reasoning_content', 'The user greets me.');
      expect(choice?.finish_reason).toBe('stop');
      expect(completion.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 29, total_tokens: 41 });
      expect(upstream.last.path).toBe(
        provider === 'google-ai-studio'
          ? '/v1beta/models/gemini-3-flash-preview:generateContent'
          : '/vertex/v1/projects/my-project/locations/europe-west1/publishers/google/models/gemini-3-flash-preview:generateContent',
      );
      expect(upstream.last.headers).toMatchObject(
        provider === 'google-ai-studio'
          ? { 'x-goog-api-key': SECRETS['google-ai-studio'] }
          : { authorization: 'Bearer ya29.of-the-account' },
      );
      expect(sent().generationConfig).toEqual({ maxOutputTokens: 50 });
    });

    it('streams by its helper', async () => {
      upstream.replies(streams(fixture(provider, 'text.stream.sse')));
      const seen: string[] = [];

      const stream = helpers().stream({ model, messages, stream_options: { include_usage: true } });
      stream.on('content', (delta) => seen.push(delta));
      const completion = await stream.finalChatCompletion();

      expect(seen.join('')).toBe('Hello, wörld! 👋');
      expect(completion.choices[0]?.message.content).toBe('Hello, wörld! 👋');
      expect(completion.choices[0]?.finish_reason).toBe('stop');
      expect(completion.usage?.total_tokens).toBe(41);
      expect(upstream.last.path).toMatch(/:streamGenerateContent\?alt=sse$/);
    });

    it('parses an answer by a schema', async () => {
      const response = JSON.parse(fixture(provider, 'text.response.json')) as {
        candidates: [{ content: { parts: { text: string }[] } }];
      };
      response.candidates[0].content.parts = [{ text: '{"city":"Zürich"}' }];
      upstream.replies(json(200, response));
      const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

      const completion = await helpers().parse({
        model,
        messages,
        response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } },
      });

      expect(completion.choices[0]?.message.parsed).toEqual({ city: 'Zürich' });
      expect(sent().generationConfig).toEqual({ responseMimeType: 'application/json', responseJsonSchema: schema });
    });

    it.each([false, true])('runs tools over two rounds (stream: %s)', async (stream) => {
      const cities: unknown[] = [];
      upstream.replies(
        ...(stream
          ? [streams(fixture(provider, 'tool-call.stream.sse')), streams(fixture(provider, 'text.stream.sse'))]
          : [answers(fixture(provider, 'tool-call.response.json')), answers(fixture(provider, 'text.response.json'))]),
      );
      const tool = {
        ...weather,
        function: {
          ...weather.function,
          parse: JSON.parse,
          function: (args: object) => {
            cities.push(args);
            return Promise.resolve({ degrees: 21 });
          },
        },
      };

      const params = { model, messages, tools: [tool] };
      const runner = stream ? helpers().runTools({ ...params, stream: true }) : helpers().runTools(params);
      const text = await runner.finalContent();

      expect(text).toBe('Hello, wörld! 👋');
      expect(cities).toEqual([{ city: 'Zürich', days: 2 }]);
      expect(upstream.received).toHaveLength(2);
      const [, model1, results] = sent().contents;
      expect(model1).toMatchObject({
        role: 'model',
        parts: [
          {
            functionCall: { name: 'get_weather', args: { city: 'Zürich', days: 2 } },
            thoughtSignature: sdkName.startsWith('openai 4') ? SIGNATURE : LOST,
          },
        ],
      });
      expect(results).toMatchObject({
        role: 'user',
        parts: [{ functionResponse: { name: 'get_weather', response: { degrees: 21 } } }],
      });
    });

    it.each([false, true])('takes its own message back, signature and all (stream: %s)', async (stream) => {
      upstream.replies(
        stream
          ? streams(fixture(provider, 'tool-call.stream.sse'))
          : answers(fixture(provider, 'tool-call.response.json')),
      );
      const params = { model, messages, tools: [weather] };
      const completion = stream
        ? await helpers().stream(params).finalChatCompletion()
        : await client().chat.completions.create(params);
      const message = completion.choices[0]!.message;
      upstream.replies(answers(fixture(provider, 'text.response.json')));

      await client().chat.completions.create({
        ...params,
        messages: [
          ...messages,
          message,
          { role: 'tool', tool_call_id: message.tool_calls![0]!.id, content: '{"degrees":21}' },
        ],
      });

      const parts = sent().contents.flatMap((content) => content.parts);
      expect(parts.map((part) => part['thoughtSignature'])).toEqual([undefined, SIGNATURE, undefined]);
    });

    it('throws what the provider said', async () => {
      upstream.replies(json(429, JSON.parse(fixture(provider, 'error-429.json'))));

      const failure = client().chat.completions.create({ model, messages });

      await expect(failure).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    });
  });
});

describe('a stream that came as one JSON body', () => {
  it('reaches the caller as the stream it asked for', async () => {
    const events = fixture('google-ai-studio', 'text.stream.sse')
      .trim()
      .split('\n\n')
      .map((event): unknown => JSON.parse(event.slice(5)));
    upstream.replies(json(200, events));
    const sdk = new OpenAI({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });

    const stream = sdk.chat.completions.stream({
      model: 'google-ai-studio/gemini-2.5-flash',
      messages: [{ role: 'user', content: 'Hi' }],
      stream_options: { include_usage: true },
    });
    const completion = await stream.finalChatCompletion();

    expect(completion.choices[0]).toMatchObject({ message: { content: 'Hello, wörld! 👋' }, finish_reason: 'stop' });
    expect(completion.usage?.total_tokens).toBe(41);
  });
});

(hasFixtures ? describe : describe.skip)('recorded answers through the whole gateway', () => {
  const sdk = () => new OpenAI({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });
  const model = 'google-ai-studio/gemini-3-flash-preview';
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hello!' }];
  const exchanges = geminiExchanges(['chat']);

  it.each(exchanges.map((exchange) => [exchange.id, exchange] as const))('reads %s', async (_id, exchange) => {
    const recorded = recordedAnswer(responsesOf(exchange));
    upstream.replies(
      exchange.sse === null
        ? json(200, exchange.body)
        : (response) => {
            response.writeHead(200, { 'content-type': 'text/event-stream' }).end(exchange.sse);
          },
    );

    const completion = exchange.stream
      ? await sdk().chat.completions.stream({ model, messages }).finalChatCompletion()
      : await sdk().chat.completions.create({ model, messages });

    const message = completion.choices[0]?.message;
    expect(message?.content ?? '').toBe(recorded.content);
    expect((message?.tool_calls ?? []).length).toBe(recorded.calls.length);
    for (const call of message?.tool_calls ?? []) if ('function' in call) JSON.parse(call.function.arguments);
  });

  it.each(geminiExchanges(['error']).map((exchange) => [exchange.id, exchange] as const))(
    'throws %s',
    async (_id, { body, status }) => {
      upstream.replies(json(status, body));

      const failure = sdk().chat.completions.create({ model, messages });

      await expect(failure).rejects.toMatchObject({
        status: expect.any(Number),
        message: expect.stringMatching(/.{20}/),
      });
    },
  );
});
