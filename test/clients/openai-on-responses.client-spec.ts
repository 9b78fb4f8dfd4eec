import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type OpenAI from 'openai';
import { z } from 'zod';
import { hasFixtures, readExchanges } from '../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { isOfResponsesWire, recordedResponse, saidBy } from '../support/responses-exchanges.js';
import { json, StubUpstream, type StubReply } from '../support/stub-upstream.js';
import { OPENAI_SDKS } from './openai-sdks.js';

/** A model that only the Responses endpoint serves, at OpenAI and at a resource of Azure's. */
const MODELS = [
  ['openai/gpt-5-pro', '/v1/responses'],
  ['azure-openai/gpt-5-pro', '/openai/v1/responses'],
] as const;

let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({ EGRESS_ALLOW_PRIVATE: 'true' });
  for (const provider of ['openai', 'azure-openai'])
    await gateway.storeKey(provider, 'sk-stored-key-0123456789', 'default', {
      settings: { base_url: upstream.origin },
    });
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const reasoning = {
  type: 'reasoning',
  id: 'rs_1',
  summary: [{ type: 'summary_text', text: 'The city is known.' }],
  encrypted_content: 'AAAA',
};
const call = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'get_weather',
  arguments: '{"city":"Oslo"}',
};
const said = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'It is 4 °C.', annotations: [] }],
};
const response = (output: readonly unknown[]) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1_790_000_000,
  model: 'gpt-5-pro',
  status: 'completed',
  output,
  usage: { input_tokens: 5, output_tokens: 7, total_tokens: 12, output_tokens_details: { reasoning_tokens: 3 } },
});

/** Without event names, as the whole of it came in one piece: what matters is in the data. */
const stream =
  (output: readonly unknown[]): StubReply =>
  (raw) => {
    const events = [
      { type: 'response.created', response: { ...response([]), status: 'in_progress', usage: null } },
      ...output.map((item, index) => ({ type: 'response.output_item.done', output_index: index, item })),
      { type: 'response.completed', response: response(output) },
    ];
    raw.writeHead(200, { 'content-type': 'text/event-stream' });
    raw.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
  };

const inputSchema = z.looseObject({
  input: z.array(z.looseObject({ type: z.string() })),
  stream: z.boolean().optional(),
});
const itemTypes = (): string[] => inputSchema.parse(upstream.last.json()).input.map(({ type }) => type);

describe.each(OPENAI_SDKS)('chat by the Responses endpoint with %s', (_name, Sdk) => {
  const client = () => new Sdk({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });
  /** `stream` and `runTools` stood under `beta` in version 4. */
  const helpers = (): OpenAI['chat']['completions'] =>
    (client().beta as unknown as Partial<Pick<OpenAI, 'chat'>>).chat?.completions ?? client().chat.completions;
  const weather = {
    type: 'function' as const,
    function: {
      name: 'get_weather',
      description: 'The weather in a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      parse: (text: string) => z.object({ city: z.string() }).parse(JSON.parse(text)),
      function: ({ city }: { city: string }) => `4 °C in ${city}`,
    },
  };

  it.each(MODELS)('answers %s', async (model, path) => {
    upstream.replies(json(200, response([reasoning, said])));

    const completion = await client().chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Weather?' }],
    });

    expect(upstream.last.path).toBe(path);
    expect(upstream.last.headers[model.startsWith('azure') ? 'api-key' : 'authorization']).toContain(
      'sk-stored-key-0123456789',
    );
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'It is 4 °C.', reasoning_content: 'The city is known.' },
    });
    expect(completion.usage).toMatchObject({
      prompt_tokens: 5,
      completion_tokens: 7,
      completion_tokens_details: { reasoning_tokens: 3 },
    });
  });

  it.each(MODELS)('runs tools with %s to the end', async (model, path) => {
    upstream.replies(json(200, response([reasoning, call])), json(200, response([said])));

    const runner = helpers().runTools({
      model,
      messages: [{ role: 'user', content: 'Weather?' }],
      tools: [weather],
    });

    expect(await runner.finalContent()).toBe('It is 4 °C.');
    expect(upstream.received.map((request) => request.path)).toEqual([path, path]);
    // Whether the helper replays more of a message than its request's type has differs by version.
    expect(itemTypes().filter((type) => type !== 'reasoning')).toEqual([
      'message',
      'function_call',
      'function_call_output',
    ]);
    expect(upstream.last.json()).toMatchObject({
      store: false,
      input: expect.arrayContaining([
        { type: 'function_call_output', call_id: 'call_1', output: '4 °C in Oslo' },
      ]) as unknown,
    });
  });

  it.each(MODELS)('gives the reasoning of %s back with the message that is echoed', async (model, path) => {
    upstream.replies(json(200, response([reasoning, call])), json(200, response([said])));
    const question = { role: 'user' as const, content: 'Weather?' };

    const first = await client().chat.completions.create({ model, messages: [question] });
    const message = first.choices[0]!.message;
    await client().chat.completions.create({
      model,
      messages: [question, message, { role: 'tool', tool_call_id: 'call_1', content: '4 °C' }],
    });

    expect(upstream.last.path).toBe(path);
    expect(itemTypes()).toEqual(['message', 'reasoning', 'function_call', 'function_call_output']);
    expect(inputSchema.parse(upstream.last.json()).input[1]).toEqual(reasoning);
  });

  it.each(MODELS)('streams %s, tools and usage included', async (model, path) => {
    upstream.replies(stream([reasoning, said, call]));

    const helper = helpers().stream({
      model,
      messages: [{ role: 'user', content: 'Weather?' }],
      stream_options: { include_usage: true },
    });
    const completion = await helper.finalChatCompletion();

    expect([upstream.last.path, inputSchema.parse(upstream.last.json()).stream]).toEqual([path, true]);
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'It is 4 °C.',
        tool_calls: [{ id: 'call_1', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }],
      },
    });
    expect(completion.usage?.total_tokens).toBe(12);
  });

  it('fails as an answer says that failed under a 200', async () => {
    upstream.replies(
      json(200, { ...response([]), status: 'failed', error: { code: 'rate_limit_exceeded', message: 'Slow down.' } }),
    );

    await expect(
      client().chat.completions.create({ model: 'openai/gpt-5-pro', messages: [{ role: 'user', content: 'x' }] }),
    ).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });
});

(hasFixtures ? describe : describe.skip)('recorded answers of the Responses wire through the whole gateway', () => {
  const rows = ['openai', 'azure-openai']
    .flatMap((folder) => readExchanges(folder, ['responses']))
    .filter(isOfResponsesWire)
    .map((exchange) => [exchange.id, exchange] as const);

  it.each(rows)('%s', async (_id, exchange) => {
    const expected = saidBy(recordedResponse(exchange));
    upstream.replies((raw) => {
      raw.writeHead(200, { 'content-type': exchange.sse === null ? 'application/json' : 'text/event-stream' });
      raw.end(exchange.sse ?? JSON.stringify(exchange.body));
    });
    const [, Sdk] = OPENAI_SDKS[1]!;
    const client = new Sdk({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });
    const asked = { model: `${exchange.provider}/gpt-5-pro`, messages: [{ role: 'user' as const, content: 'Hello!' }] };

    const completion: OpenAI.ChatCompletion =
      exchange.sse === null
        ? await client.chat.completions.create(asked)
        : await client.chat.completions.stream(asked).finalChatCompletion();

    const message = completion.choices[0]?.message;
    expect([message?.content ?? '', message?.refusal ?? '']).toEqual([expected.content, expected.refusal]);
    expect(
      (message?.tool_calls ?? []).map((each) =>
        each.type === 'function' ? { id: each.id, name: each.function.name, arguments: each.function.arguments } : each,
      ),
    ).toEqual(expected.calls);
  });
});
