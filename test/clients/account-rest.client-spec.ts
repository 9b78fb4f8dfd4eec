import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Cloudflare from 'cloudflare';
import OpenAI from 'openai';
import { aCompletion, aResponse, aStream, hello } from '../support/builders.js';
import { startAccountDoors } from '../support/account-doors.js';
import { hasFixtures } from '../support/fixtures.js';
import { ADMIN_TOKEN } from '../support/gateway.js';
import { aRecordedStream } from '../support/responses-exchanges.js';
import { json, sse, type StubUpstream, text } from '../support/stub-upstream.js';
import type { StubbedGateway } from '../support/stubbed-gateway.js';
import { ANTHROPIC_SDKS } from './anthropic-sdks.js';
import { OPENAI_SDKS } from './openai-sdks.js';

/** SDKs at `/client/v4/accounts/{account_id}/ai`, as Cloudflare recommends for new work. */

let doors: StubbedGateway;
let upstream: StubUpstream;
let base: string;

beforeAll(async () => {
  doors = await startAccountDoors();
  ({ upstream } = doors);
  base = `${doors.gateway.origin}/client/v4`;
});

afterAll(() => doors.close());

beforeEach(() => upstream.replies(json(200, aCompletion())));

describe.each(OPENAI_SDKS)('%s at an account', (_version, Sdk) => {
  const sdk = (apiKey = ADMIN_TOKEN, headers: Record<string, string> = {}): OpenAI =>
    new Sdk({ apiKey, baseURL: `${base}/accounts/default/ai/v1`, maxRetries: 0, defaultHeaders: headers });
  const chat = (client: OpenAI, model: string) => client.chat.completions.create({ ...hello, model } as never);

  it.each([
    ['openai/gpt-5-mini', '/openai/v1/chat/completions'],
    ['xai/grok-4', '/grok/v1/chat/completions'],
    ['@cf/meta/llama-3.1-8b-instruct', '/workers-ai/client/v4/accounts/default/ai/v1/chat/completions'],
  ])('96 · is answered by %s, with the token as its key', async (model, path) => {
    const completion = await chat(sdk(), model);

    expect(completion.choices[0]?.message.content).toBe('Hello there.');
    expect(upstream.last.path).toBe(path);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  it('96 · streams', async () => {
    upstream.replies(sse(...aStream()));

    const stream = await sdk().chat.completions.create({ ...hello, model: 'openai/m', stream: true } as never);
    let said = '';
    for await (const chunk of stream as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>)
      said += chunk.choices[0]?.delta.content ?? '';

    expect(said).toBe('Hello there, world.');
  });

  it.each([
    ['openai/gpt-5-mini', '/openai/v1/responses', 'gpt-5-mini'],
    ['xai/grok-4', '/grok/v1/responses', 'grok-4'],
  ])('96 · is given a response of %s', async (model, path, name) => {
    upstream.replies(json(200, aResponse()));

    const response = await sdk().responses.create({ model, input: 'Hello', store: false });

    expect([response.id, response.output_text]).toEqual(['resp_1', 'Hello.']);
    expect([upstream.last.path, upstream.last.json()]).toEqual([path, { model: name, input: 'Hello', store: false }]);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  (hasFixtures ? describe : describe.skip)('on recordings', () => {
    it('96 · streams a response, with its named events', async () => {
      upstream.replies(text(200, aRecordedStream(), 'text/event-stream; charset=utf-8'));

      const events: string[] = [];
      for await (const event of await sdk().responses.create({ model: 'openai/gpt-5', input: 'Hello', stream: true }))
        events.push(event.type);

      expect([events[0], events.at(-1)]).toEqual(['response.created', 'response.completed']);
      expect(events).toContain('response.output_text.delta');
    });
  });

  it('96 · reads what a provider refuses a response for', async () => {
    upstream.replies(json(429, { error: { message: 'Slow down', type: 'requests', code: 'rate_limit_exceeded' } }));

    await expect(sdk().responses.create({ model: 'openai/m', input: 'Hello' })).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
    });
  });

  it('96 · goes to the gateway that a header names', async () => {
    await chat(sdk(ADMIN_TOKEN, { 'cf-aig-gateway-id': 'other' }), 'openai/gpt-5-mini');

    expect(upstream.last.headers.authorization).toBe('Bearer key-of-other');
  });

  it.each([
    ['a token nobody knows', () => chat(sdk(`aig_${'x'.repeat(43)}`), 'openai/m'), 401, /token/],
    ['a model of nobody', () => chat(sdk(), 'nobody/m'), 400, /not a provider/],
  ])('96 · reads what is refused: %s', async (_name, call, status, message) => {
    await expect(call()).rejects.toMatchObject({ status, message: expect.stringMatching(message) });
  });
});

describe.each(ANTHROPIC_SDKS)('%s at an account', (name, Sdk) => {
  // Before version 1 a key went in a header of Anthropic's own.
  const sdk = (token = ADMIN_TOKEN) =>
    new Sdk({
      ...(name.includes(' 0.') ? { apiKey: null, authToken: token } : { apiKey: token }),
      baseURL: `${base}/accounts/default/ai`,
      maxRetries: 0,
    });
  const asked = { model: 'anthropic/claude-haiku-4-6', max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-haiku-4-6',
    content: [{ type: 'text', text: 'Hello.' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 2 },
  };

  it('97 · creates a message, with the token as its key', async () => {
    upstream.replies(json(200, message));

    const answer = await sdk().messages.create(asked as never);

    expect(answer).toMatchObject(message);
    expect([upstream.last.path, upstream.last.json()]).toEqual([
      '/anthropic/v1/messages',
      { ...asked, model: 'claude-haiku-4-6' },
    ]);
    expect(upstream.last.headers).toMatchObject({
      'x-api-key': 'key-of-anthropic',
      'anthropic-version': name.includes(' 0.') ? '2023-06-01' : '2026-10-21',
    });
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  it('97 · streams a message', async () => {
    const events = [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello.' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ];
    const frames = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    upstream.replies(text(200, frames, 'text/event-stream'));

    const final = await sdk()
      .messages.stream(asked as never)
      .finalMessage();

    expect(final.content).toMatchObject([{ type: 'text', text: 'Hello.' }]);
  });

  it.each([
    ['a token nobody knows', () => sdk(`aig_${'x'.repeat(43)}`).messages.create(asked as never), 401, /token/],
    [
      'a model of somebody who speaks otherwise',
      () => sdk().messages.create({ ...asked, model: 'openai/gpt' } as never),
      400,
      /does not speak/,
    ],
  ])('97 · reads what is refused: %s', async (_name, call, status, told) => {
    await expect(call()).rejects.toMatchObject({ status, message: expect.stringMatching(told) });
    expect(upstream.received).toEqual([]);
  });
});

describe('the cloudflare SDK at an account', () => {
  it('98 · runs a model of Workers AI', async () => {
    upstream.replies(json(200, { result: { response: 'Hello there.' }, success: true, errors: [], messages: [] }));
    const client = new Cloudflare({ baseURL: base, apiToken: ADMIN_TOKEN, maxRetries: 0 });

    const answer = await client.ai.run('@cf/meta/llama-3.1-8b-instruct', { account_id: 'default', prompt: 'Hello' });

    expect(answer).toEqual({ response: 'Hello there.' });
    expect(upstream.last.path).toBe('/workers-ai/client/v4/accounts/default/ai/run/@cf/meta/llama-3.1-8b-instruct');
  });
});
