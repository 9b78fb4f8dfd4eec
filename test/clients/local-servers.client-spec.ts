import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { z } from 'zod';
import { isObject } from '../../src/providers/dialects/openai-chat/json-value.js';
import { joinStream } from '../support/chat-streams.js';
import { hasFixtures, readExchanges } from '../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { StubUpstream } from '../support/stub-upstream.js';

const FOLDERS = ['llamacpp', 'ollama', 'openai-compatible'];

const messageSchema = z.looseObject({
  content: z.string().nullish(),
  reasoning: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
      }),
    )
    .nullish(),
});
const recordedSchema = z.looseObject({
  choices: z.array(z.looseObject({ message: messageSchema.optional(), delta: messageSchema.nullish() })),
});

let upstream: StubUpstream;
let gateway: RunningGateway;

const said = (messages: readonly z.infer<typeof messageSchema>[]) => ({
  content: messages.map(({ content }) => content ?? '').join(''),
  reasoning: messages.map(({ reasoning_content: own, reasoning }) => own ?? reasoning ?? '').join(''),
  calls: messages.flatMap(({ tool_calls: calls }) => (calls ?? []).flatMap((call) => call.function?.name || [])),
  arguments: messages
    .flatMap(({ tool_calls: calls }) => calls ?? [])
    .map((call) => call.function?.arguments ?? '')
    .join(''),
});

/** Servers of one's own: a stored key that names its base URL, on a network that is not public. */
(hasFixtures ? describe : describe.skip)('servers of one’s own, by a stored key with a base URL', () => {
  const exchanges = FOLDERS.flatMap((folder) => readExchanges(folder, ['chat', 'error'])).filter(
    // Ollama's native API is another wire.
    ({ status, body, sse }) => status >= 400 || sse !== null || (isObject(body) && Array.isArray(body['choices'])),
  );
  const rows = exchanges.map((exchange) => [exchange.id, exchange] as const);
  const request = (body: unknown, model: string | null) => ({
    messages: [{ role: 'user' as const, content: 'Hello!' }],
    ...(isObject(body) ? body : {}),
    model: `openai/${model ?? 'some-model'}`,
  });

  beforeAll(async () => {
    upstream = await StubUpstream.start();
    gateway = await startGateway({ EGRESS_ALLOW_PRIVATE: 'true' });
    await gateway.storeKey('openai', 'sk-local-0123456789', 'default', {
      settings: { base_url: `${upstream.origin}/here` },
    });
  });

  afterAll(async () => {
    await gateway.close();
    await upstream.close();
  });

  const whole = rows.filter(([, { status, sse }]) => status < 400 && sse === null);
  const streams = rows.filter(([, { sse }]) => sse !== null);
  const errors = rows.filter(([, { status }]) => status >= 400);

  it('are recorded', () => {
    expect([whole.length > 20, streams.length > 15, errors.length > 0]).toEqual([true, true, true]);
  });

  it.each(whole)('answer %s', async (_id, { body, requestBody, model }) => {
    upstream.replies((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const client = new OpenAI({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });

    const completion = await client.chat.completions.create({ ...request(requestBody, model), stream: false });

    expect([upstream.last.path, upstream.last.headers.authorization]).toEqual([
      '/here/v1/chat/completions',
      'Bearer sk-local-0123456789',
    ]);
    expect(upstream.last.json()).toMatchObject({ model: model ?? 'some-model' });
    const [message] = completion.choices.map((choice) => messageSchema.parse(choice.message));
    const expected = recordedSchema
      .parse(body)
      .choices.slice(0, 1)
      .map((choice) => messageSchema.parse(choice.message));
    expect(said(message === undefined ? [] : [message])).toEqual(said(expected));
    for (const call of completion.choices[0]?.message.tool_calls ?? []) {
      expect([call.type, call.id === '']).toEqual(['function', false]);
      if (call.type === 'function') expect(() => JSON.parse(call.function.arguments)).not.toThrow();
    }
  });

  it.each(streams)('stream %s', async (_id, { sse, requestBody, model }) => {
    upstream.replies((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(sse);
    });

    const response = await fetch(`${gateway.base}/compat/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...request(requestBody, model), stream: true }),
    });

    const joined = joinStream(await response.text());
    const deltas = (sse ?? '')
      .split(/\r?\n/)
      .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
      .flatMap((line) => recordedSchema.parse(JSON.parse(line.slice(5))).choices)
      .map(({ delta }) => delta)
      .filter((delta) => delta != null);
    expect({
      content: joined.content,
      reasoning: joined.reasoning,
      calls: joined.toolCalls.map(({ name }) => name),
      arguments: joined.toolCalls.map((call) => call.arguments).join(''),
    }).toEqual(said(deltas));
    for (const call of joined.toolCalls) expect(() => JSON.parse(call.arguments)).not.toThrow();
    expect(joined).toMatchObject({ dones: 1, endsWithDone: true });
    expect(joined.finishReasons).toHaveLength(1);
  });

  it.each(errors)('fail with %s', async (_id, { body, status, requestBody, model }) => {
    upstream.replies((response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    const client = new OpenAI({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });

    await expect(
      client.chat.completions.create({ ...request(requestBody, model), stream: false }),
    ).rejects.toMatchObject({ status });
  });
});
