import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type OpenAI from 'openai';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { aChunk, aCompletion, aStream, aUsageChunk, hello } from '../support/builders.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { frame, json, sse, sseCut, sseHang, StubUpstream, text } from '../support/stub-upstream.js';
import { OPENAI_SDKS } from './openai-sdks.js';

const PROVIDERS = [
  'openai',
  'grok',
  'groq',
  'deepseek',
  'mistral',
  'cerebras',
  'openrouter',
  'fireworks',
  'baseten',
  'workers-ai',
  'huggingface',
] as const;

const SECRET = 'sk-stored-key-0123456789';

let upstream: StubUpstream;
let gateway: RunningGateway;
const records: CallRecord[] = [];

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify(
      Object.fromEntries(PROVIDERS.map((slug) => [slug, `${upstream.origin}/${slug}`])),
    ),
    UPSTREAM_HEADERS_TIMEOUT_MS: '1500',
    STREAM_HEARTBEAT_MS: '100',
  });
  for (const provider of PROVIDERS) await gateway.storeKey(provider, SECRET);
  gateway.app.get(CallRecorder, { strict: false }).calls$.subscribe((record) => records.push(record));
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const aTool = (name: string) => ({
  type: 'function' as const,
  function: {
    name,
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
});

const toolDelta = (index: number, call: Record<string, unknown>) => aChunk({ tool_calls: [{ index, ...call }] });

describe.each(OPENAI_SDKS)('%s', (_name, Sdk) => {
  const client = (options: Partial<ConstructorParameters<typeof OpenAI>[0]> = {}): OpenAI =>
    new Sdk({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0, ...options });
  /** `stream`, `parse` and `runTools` stood under `beta` in version 4. */
  const helpers = (): OpenAI['chat']['completions'] => {
    const { beta, chat } = client();
    return 'chat' in beta ? (beta.chat as OpenAI['chat']).completions : chat.completions;
  };
  const model = 'openai/gpt-4o';
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hello, world!' }];

  const caught = async (call: () => Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
    try {
      await call();
    } catch (error) {
      return error as InstanceType<typeof OpenAI.APIError>;
    }
    throw new Error('It did not throw.');
  };

  it('1 · creates a completion', async () => {
    upstream.replies(json(200, aCompletion('Hi!')));

    const completion = await client().chat.completions.create({ model, messages });

    expect(completion.choices[0]).toMatchObject({ message: { content: 'Hi!' }, finish_reason: 'stop' });
    expect(completion.usage).toEqual({ prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 });
    expect(completion._request_id).toMatch(/^[0-9A-Z]{26}$/);
  });

  it('2 · sends every optional parameter to OpenAI unchanged', async () => {
    upstream.replies(json(200, aCompletion()));
    const parameters = {
      max_completion_tokens: 100,
      frequency_penalty: 0.1,
      presence_penalty: -0.2,
      temperature: 0.5,
      top_p: 0.9,
      n: 1,
      seed: 7,
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { '50256': -100 },
      parallel_tool_calls: false,
      prediction: { type: 'content' as const, content: 'x' },
      store: true,
      metadata: { a: 'b' },
      service_tier: 'auto' as const,
      web_search_options: { search_context_size: 'low' as const },
      modalities: ['text' as const],
      stop: ['\n', 'END'],
      user: 'u-1',
      response_format: { type: 'json_object' as const },
      tools: [aTool('weather')],
      tool_choice: 'auto' as const,
      verbosity: 'low',
      prompt_cache_key: 'k',
      safety_identifier: 's',
      made_up_tomorrow: { deep: [1, null] },
    };

    await client().chat.completions.create({
      model,
      messages,
      ...parameters,
    } as OpenAI.ChatCompletionCreateParamsNonStreaming);

    expect(upstream.last.json()).toEqual({ model: 'gpt-4o', messages, ...parameters });
  });

  it.each(['system', 'developer'] as const)('3 · sends the %s role as it is', async (role) => {
    upstream.replies(json(200, aCompletion()));
    const both: OpenAI.ChatCompletionMessageParam[] = [{ role, content: 'Be brief.' }, ...messages];

    await client().chat.completions.create({ model, messages: both });

    expect(upstream.last.json()).toMatchObject({ messages: both });
  });

  it.each(['o3-mini', 'gpt-5.2', 'gpt-5-nano'])('4 · renames max_tokens for the reasoning model %s', async (name) => {
    upstream.replies(json(200, aCompletion()));

    await client().chat.completions.create({ model: `openai/${name}`, messages, max_tokens: 50 });

    expect(upstream.last.json()).toEqual({ model: name, messages, max_completion_tokens: 50 });
  });

  it.each([
    ['openai/gpt-4o', '/openai/v1/chat/completions', 'gpt-4o'],
    ['groq/openai/gpt-oss-120b', '/groq/openai/v1/chat/completions', 'openai/gpt-oss-120b'],
    ['mistral/mistral-small-latest', '/mistral/v1/chat/completions', 'mistral-small-latest'],
    ['deepseek/deepseek-flash', '/deepseek/chat/completions', 'deepseek-flash'],
    ['grok/grok-4', '/grok/v1/chat/completions', 'grok-4'],
    ['xai/grok-4', '/grok/v1/chat/completions', 'grok-4'],
    ['cerebras/gpt-oss-120b', '/cerebras/v1/chat/completions', 'gpt-oss-120b'],
    ['openrouter/anthropic/claude-sonnet-4.5', '/openrouter/api/v1/chat/completions', 'anthropic/claude-sonnet-4.5'],
    [
      'fireworks/accounts/fireworks/models/glm-5',
      '/fireworks/inference/v1/chat/completions',
      'accounts/fireworks/models/glm-5',
    ],
    ['baseten/deepseek-ai/DeepSeek-V3.1', '/baseten/v1/chat/completions', 'deepseek-ai/DeepSeek-V3.1'],
    ['huggingface/moonshotai/Kimi-K2:groq', '/huggingface/v1/chat/completions', 'moonshotai/Kimi-K2:groq'],
    [
      'workers-ai/@cf/meta/llama-3.3-70b-instruct-fp8-fast',
      '/workers-ai/client/v4/accounts/default/ai/v1/chat/completions',
      '@cf/meta/llama-3.3-70b-instruct-fp8-fast',
    ],
    [
      '@cf/meta/llama-3.1-8b-instruct',
      '/workers-ai/client/v4/accounts/default/ai/v1/chat/completions',
      '@cf/meta/llama-3.1-8b-instruct',
    ],
  ])('5 · reaches %s', async (name, path, bare) => {
    upstream.replies(json(200, aCompletion()));

    await client().chat.completions.create({ model: name, messages });

    expect(upstream.last.path).toBe(path);
    expect(upstream.last.json()).toMatchObject({ model: bare });
    expect(upstream.last.headers['authorization']).toBe(`Bearer ${SECRET}`);
  });

  it.each(['nope/m', 'gpt-4o', 'openai/'])('6 · tells what is wrong with the model "%s"', async (name) => {
    const error = await caught(() => client().chat.completions.create({ model: name, messages }));

    expect(error).toBeInstanceOf(Sdk.BadRequestError);
    expect(error.message).toMatch(/openai.*sandbox/);
    expect(error.param).toBe('model');
  });

  it('7 · streams: role first, text as it comes, finish reason', async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    upstream.replies(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(frame(aChunk({ role: 'assistant', content: '' })) + frame(aChunk({ content: 'Hel' })));
      await released;
      response.end(frame(aChunk({ content: 'lo' })) + frame(aChunk({}, 'stop')) + frame('[DONE]'));
    });

    const seen: string[] = [];
    for await (const chunk of await client().chat.completions.create({ model, messages, stream: true })) {
      const { delta, finish_reason } = chunk.choices[0]!;
      seen.push(finish_reason ?? (delta.role === undefined ? delta.content! : `role ${delta.role}`));
      if (delta.content === 'Hel') release();
    }

    expect(seen).toEqual(['role assistant', 'Hel', 'lo', 'stop']);
  });

  it('8 · sends the usage chunk to those who ask, and only to them', async () => {
    const collect = async (params: object): Promise<OpenAI.ChatCompletionChunk[]> => {
      upstream.replies(sse(...aStream()));
      const chunks: OpenAI.ChatCompletionChunk[] = [];
      for await (const chunk of await client().chat.completions.create({ model, messages, stream: true, ...params }))
        chunks.push(chunk);
      return chunks;
    };

    const asked = await collect({ stream_options: { include_usage: true } });
    expect(asked.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
    });

    const notAsked = await collect({});
    expect(notAsked).toHaveLength(asked.length - 1);
    expect(notAsked.every(({ choices }) => choices.length === 1)).toBe(true);
  });

  it.each(PROVIDERS)('9 · collects a stream of %s with the helper', async (provider) => {
    upstream.replies(sse(...aStream('One two three.')));

    const completion = await helpers()
      .stream({ model: `${provider}/some-model`, messages })
      .finalChatCompletion();

    expect(completion.choices[0]).toMatchObject({
      message: { role: 'assistant', content: 'One two three.' },
      finish_reason: 'stop',
    });
  });

  it('10 · streams two tool calls, interleaved', async () => {
    upstream.replies(
      sse(
        aChunk({ role: 'assistant', content: null }),
        toolDelta(0, { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '' } }),
        toolDelta(1, { id: 'call_b', type: 'function', function: { name: 'weather', arguments: '' } }),
        toolDelta(0, { function: { arguments: '{"city":' } }),
        toolDelta(1, { function: { arguments: '{"city":"Rome"' } }),
        toolDelta(0, { function: { arguments: '"Bonn"}' } }),
        toolDelta(1, { function: { arguments: '}' } }),
        aChunk({}, 'tool_calls'),
        '[DONE]',
      ),
    );

    const completion = await helpers()
      .stream({ model, messages, tools: [aTool('weather')] })
      .finalChatCompletion();

    const calls = completion.choices[0]!.message.tool_calls!;
    expect(calls.map((call) => [call.id, call.type, call.type === 'function' ? call.function.arguments : ''])).toEqual([
      ['call_a', 'function', '{"city":"Bonn"}'],
      ['call_b', 'function', '{"city":"Rome"}'],
    ]);
  });

  it('11 · streams structured output', async () => {
    upstream.replies(
      sse(
        aChunk({ role: 'assistant', content: '' }),
        aChunk({ content: '{"ok"' }),
        aChunk({ content: ':true}' }),
        aChunk({}, 'stop'),
        '[DONE]',
      ),
    );
    const response_format = {
      type: 'json_schema' as const,
      json_schema: {
        name: 'answer',
        strict: true,
        schema: {
          type: 'object',
          properties: { ok: { type: 'boolean' } },
          required: ['ok'],
          additionalProperties: false,
        },
      },
    };

    const completion = await helpers().stream({ model, messages, response_format }).finalChatCompletion();

    expect(upstream.last.json()).toMatchObject({ response_format });
    expect(JSON.parse(completion.choices[0]!.message.content!)).toEqual({ ok: true });
  });

  it('12 · streams logprobs, and two choices', async () => {
    const choice = (index: number, delta: object, finish_reason: string | null = null) => ({
      index,
      delta,
      finish_reason,
      logprobs:
        finish_reason === null
          ? { content: [{ token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [] }], refusal: null }
          : null,
    });
    upstream.replies(
      sse(
        aChunk({}, null, { choices: [choice(0, { role: 'assistant', content: 'a' })] }),
        aChunk({}, null, { choices: [choice(1, { role: 'assistant', content: 'b' })] }),
        aChunk({}, null, { choices: [choice(0, {}, 'stop')] }),
        aChunk({}, null, { choices: [choice(1, {}, 'length')] }),
        '[DONE]',
      ),
    );

    const completion = await helpers().stream({ model, messages, n: 2, logprobs: true }).finalChatCompletion();

    expect(completion.choices.map(({ message, finish_reason }) => [message.content, finish_reason])).toEqual([
      ['a', 'stop'],
      ['b', 'length'],
    ]);
    expect(completion.choices[0]!.logprobs!.content![0]).toMatchObject({ token: 'a', logprob: -0.5 });
  });

  it('13 · parses structured output, strict tools, refusals and cut answers', async () => {
    const response_format = {
      type: 'json_schema' as const,
      json_schema: { name: 'x', strict: true, schema: { type: 'object' } },
    };
    const parse = () => helpers().parse({ model, messages, response_format });

    upstream.replies(json(200, aCompletion('{"ok":true}')));
    expect((await parse()).choices[0]!.message.parsed).toEqual({ ok: true });

    upstream.replies(
      json(
        200,
        aCompletion('', {
          choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: 'No.' }, finish_reason: 'stop' }],
        }),
      ),
    );
    expect((await parse()).choices[0]!.message.refusal).toBe('No.');

    upstream.replies(
      json(
        200,
        aCompletion('', {
          choices: [{ index: 0, message: { role: 'assistant', content: '{"o' }, finish_reason: 'length' }],
        }),
      ),
    );
    expect((await caught(parse)).constructor.name).toBe('LengthFinishReasonError');

    upstream.replies(
      json(
        200,
        aCompletion('', {
          choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'content_filter' }],
        }),
      ),
    );
    expect((await caught(parse)).constructor.name).toBe('ContentFilterFinishReasonError');
  });

  it.each(['openai', 'mistral', 'groq', 'workers-ai'])(
    '14 · runs tools against %s, whatever the SDK adds to the second round',
    async (provider) => {
      const call = {
        id: 'call_0123456789',
        type: 'function',
        function: { name: 'weather', arguments: '{"city":"Bonn"}' },
      };
      upstream.replies(
        json(
          200,
          aCompletion('', {
            choices: [
              {
                index: 0,
                message: { role: 'assistant', content: null, tool_calls: [call] },
                finish_reason: 'tool_calls',
              },
            ],
          }),
        ),
        json(200, aCompletion('It rains.')),
      );
      const { function: definition } = aTool('weather');

      const runner = helpers().runTools({
        model: `${provider}/some-model`,
        messages,
        tools: [
          {
            type: 'function',
            function: { ...definition, function: () => 'rain', parse: JSON.parse, description: 'The weather.' },
          },
        ],
      });

      expect(await runner.finalContent()).toBe('It rains.');
      const second = upstream.received[1]!.json() as {
        messages: { role: string; tool_call_id?: string; tool_calls?: { id: string }[] }[];
      };
      expect(second.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
      expect(second.messages[2]!.tool_call_id).toBe(second.messages[1]!.tool_calls![0]!.id);
    },
  );

  it.each([['auto'], ['none'], ['required'], [{ type: 'function', function: { name: 'weather' } }]] as const)(
    '15 · sends tool_choice %j',
    async (tool_choice) => {
      upstream.replies(json(200, aCompletion()));

      await client().chat.completions.create({
        model,
        messages,
        tools: [aTool('weather')],
        tool_choice,
        parallel_tool_calls: false,
      } as OpenAI.ChatCompletionCreateParamsNonStreaming);

      expect(upstream.last.json()).toMatchObject({ tool_choice, parallel_tool_calls: false });
    },
  );

  it('19 · returns logprobs, fingerprint and tier untouched', async () => {
    const completion = aCompletion('a', { system_fingerprint: 'fp_1', service_tier: 'default' });
    upstream.replies(json(200, completion));

    expect(await client().chat.completions.create({ model, messages, seed: 1, logprobs: true })).toMatchObject(
      completion,
    );
  });

  it.each([
    [400, 'BadRequestError', 'context_length_exceeded'],
    [401, 'AuthenticationError', 'invalid_api_key'],
    [403, 'PermissionDeniedError', 'unsupported_country'],
    [404, 'NotFoundError', 'model_not_found'],
    [422, 'UnprocessableEntityError', 'invalid_value'],
    [429, 'RateLimitError', 'rate_limit_exceeded'],
    [500, 'InternalServerError', null],
    [503, 'InternalServerError', 'overloaded'],
  ] as const)('22 · throws what a %i of the provider calls for', async (status, errorClass, code) => {
    upstream.replies(
      json(status, { error: { message: 'The provider says no.', type: 'some_error', param: 'messages', code } }),
    );

    const error = await caught(() => client().chat.completions.create({ model, messages }));

    expect(error.constructor.name).toBe(errorClass);
    expect(error).toMatchObject({ status, code, type: 'some_error', param: 'messages' });
    expect(error.message).toContain('The provider says no.');
  });

  it.each([
    ['a gateway that does not exist', { path: '/v1/default/nope/compat' }, 400, 'BadRequestError', 'gateway_not_found'],
    ['a wrong token', { apiKey: 'aig_wrong' }, 401, 'AuthenticationError', 'invalid_api_key'],
    ['an upstream that does not answer', { reply: () => {} }, 504, 'InternalServerError', 'timeout'],
  ])(
    '23 · throws for %s',
    async (
      _what,
      { path, apiKey, reply }: { path?: string; apiKey?: string; reply?: () => void },
      status,
      errorClass,
      code,
    ) => {
      upstream.replies(reply ?? json(200, aCompletion()));
      const options = {
        ...(path === undefined ? {} : { baseURL: gateway.origin + path }),
        ...(apiKey === undefined ? {} : { apiKey }),
      };

      const error = await caught(() => client(options).chat.completions.create({ model, messages }));

      expect(error.constructor.name).toBe(errorClass);
      expect(error).toMatchObject({ status, code });
      expect(error.message.length).toBeGreaterThan(20);
    },
  );

  it('24 · retries what may succeed, as often as it is told, and nothing else', async () => {
    upstream.replies(
      json(
        429,
        { error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' } },
        { 'retry-after-ms': '5' },
      ),
    );
    await caught(() => client({ maxRetries: 2 }).chat.completions.create({ model, messages }));
    expect(upstream.received).toHaveLength(3);

    upstream.replies(
      json(
        429,
        { error: { message: 'No money', type: 'insufficient_quota', code: 'insufficient_quota' } },
        { 'x-should-retry': 'false' },
      ),
    );
    await caught(() => client({ maxRetries: 2 }).chat.completions.create({ model, messages }));
    expect(upstream.received).toHaveLength(1);
  });

  it('25 · survives a provider that answers HTML', async () => {
    upstream.replies(text(502, '<html><body>Bad gateway</body></html>'));

    const error = await caught(() => client().chat.completions.create({ model, messages }));

    expect(error.status).toBe(502);
    expect(error.message).toMatch(/openai/i);
  });

  it.each([
    [
      '26 · an error in mid-stream',
      sse(aChunk({ role: 'assistant', content: 'Hel' }), { error: { message: 'Overloaded', type: 'server_error' } }),
      /Overloaded/,
    ],
    ['26 · a stream that is cut', sseCut(aChunk({ role: 'assistant', content: 'Hel' })), /openai\/gpt-4o/],
  ])('%s throws while iterating', async (_what, reply, message) => {
    upstream.replies(reply);
    const seen: unknown[] = [];

    const error = await caught(async () => {
      for await (const chunk of await client().chat.completions.create({ model, messages, stream: true }))
        seen.push(chunk);
    });

    expect(seen).toHaveLength(1);
    expect(error.message).toMatch(message);
  });

  it('27 · a stream that ends with a finish reason but no [DONE] ends normally', async () => {
    upstream.replies(sse(aChunk({ role: 'assistant', content: 'Hi' }), aChunk({}, 'stop'), aUsageChunk()));
    records.length = 0;

    const seen: unknown[] = [];
    for await (const chunk of await client().chat.completions.create({ model, messages, stream: true }))
      seen.push(chunk);

    expect(seen).toHaveLength(2);
    expect(records.at(-1)).toMatchObject({ outcome: 'completed', finishReason: 'stop', usage: { total_tokens: 13 } });
  });

  it('28 · closes the upstream when the loop is left', async () => {
    upstream.replies(sseHang(aChunk({ role: 'assistant', content: 'Hel' })));

    for await (const chunk of await client().chat.completions.create({ model, messages, stream: true })) {
      expect(chunk.choices[0]!.delta.content).toBe('Hel');
      break;
    }

    await upstream.last.closed;
    await eventually(() => records.at(-1)?.outcome === 'aborted');
  });

  it('29 · closes the upstream when the client gives up waiting', async () => {
    upstream.replies(() => {});

    const error = await caught(() => client({ timeout: 200 }).chat.completions.create({ model, messages }));
    await upstream.last.closed;

    // Under Jest the fetch's error is of another realm, and newer SDKs do not know it for an abort.
    expect(error.constructor.name).toMatch(/^APIConnection(Timeout)?Error$/);
  });

  it('30 · keeps text whole that is cut inside a character', async () => {
    const words = 'Grüße, 世界 👋🏽 – “naïve”';
    upstream.replies(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const bytes = Buffer.from(aStream(words).map(frame).join(''));
      for (let i = 0; i < bytes.length; i += 7) {
        response.write(bytes.subarray(i, i + 7));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });

    let collected = '';
    for await (const chunk of await client().chat.completions.create({ model, messages, stream: true }))
      collected += chunk.choices[0]?.delta.content ?? '';

    expect(collected).toBe(words);
  });

  it('31 · waits through heartbeats', async () => {
    upstream.replies(async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(frame(aChunk({ role: 'assistant', content: 'Hel' })));
      await new Promise((resolve) => setTimeout(resolve, 500));
      response.end(frame(aChunk({ content: 'lo' })) + frame(aChunk({}, 'stop')) + frame('[DONE]'));
    });

    const completion = await helpers().stream({ model, messages }).finalChatCompletion();

    expect(completion.choices[0]!.message.content).toBe('Hello');
  });

  it('35 · uses the stored key when the token is the API key', async () => {
    upstream.replies(json(200, aCompletion()));

    await client().chat.completions.create({ model, messages });

    expect(upstream.last.headers['authorization']).toBe(`Bearer ${SECRET}`);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  it('35 · uses the key sent along when the token is in its own header', async () => {
    upstream.replies(json(200, aCompletion()));

    const own = client({ apiKey: 'sk-mine', defaultHeaders: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` } });
    await own.chat.completions.create({ model, messages });

    expect(upstream.last.headers['authorization']).toBe('Bearer sk-mine');
  });

  it('37 · does not mind a trailing slash, header case, or gzip', async () => {
    upstream.replies(json(200, aCompletion('Hi!')));

    const fussy = client({
      apiKey: 'unused',
      baseURL: `${gateway.base}/compat/`,
      defaultHeaders: { 'CF-AIG-Authorization': `bearer ${ADMIN_TOKEN}`, 'Accept-Encoding': 'gzip, br' },
    });

    expect((await fussy.chat.completions.create({ model, messages })).choices[0]!.message.content).toBe('Hi!');
    expect(hello.messages).toEqual(messages);
  });
});
