import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { APICallError, embedMany, generateText, streamText } from 'ai';
import { createWorkersAI } from 'workers-ai-provider';
import { hasFixtures, readExchanges } from '../../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../../support/gateway.js';
import { json, sse, StubUpstream, text } from '../../support/stub-upstream.js';
import { sendGatewayTrafficTo } from '../cloudflare-hosts.js';

/** Cloudflare's `workers-ai-provider`, at a gateway and at the account: it believes to speak to Cloudflare. */

const LLAMA = '@cf/meta/llama-3.3-70b-instruct-fp8-fast';
const KEY = 'cf-stored-key-0123456789';

const enveloped = (result: unknown) => ({ result, success: true, errors: [], messages: [] });

describe.each([
  ['at a gateway', { gateway: { id: 'default' } }],
  ['at the account', {}],
])('workers-ai-provider 4.0 %s', (_name, options) => {
  let upstream: StubUpstream;
  let gateway: RunningGateway;
  let restore: () => void;

  beforeAll(async () => {
    Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
    upstream = await StubUpstream.start();
    gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ 'workers-ai': upstream.origin }) });
    await gateway.storeKey('workers-ai', KEY);
    restore = sendGatewayTrafficTo(gateway.origin);
  });
  afterAll(async () => {
    restore();
    await gateway.close();
    await upstream.close();
  });
  beforeEach(() => upstream.replies(json(200, enveloped({ response: 'Hello there.' }))));

  const workersAi = () => createWorkersAI({ accountId: 'default', apiKey: ADMIN_TOKEN, ...options });
  const common = { prompt: 'Hello, world!', maxRetries: 0 };

  it('92, 95 · runs a model by its path, the token as its key, and reads the envelope', async () => {
    const answer = { response: 'Hello there.', usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 } };
    upstream.replies(json(200, enveloped(answer)));

    const { text: said, usage } = await generateText({ ...common, model: workersAi()(LLAMA) });

    expect([said, usage.totalTokens]).toEqual(['Hello there.', 13]);
    expect(upstream.last.path).toBe(`/client/v4/accounts/default/ai/run/${LLAMA}`);
    expect(upstream.last.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
  });

  it('93 · streams', async () => {
    upstream.replies(
      sse({ response: 'Hello ' }, { response: 'there.', usage: { prompt_tokens: 9, completion_tokens: 4 } }, '[DONE]'),
    );

    const parts: string[] = [];
    for await (const part of streamText({ ...common, model: workersAi()(LLAMA) }).textStream) parts.push(part);

    expect(parts).toEqual(['Hello ', 'there.']);
    expect(upstream.last.json()).toMatchObject({ stream: true });
    expect(upstream.received).toHaveLength(1);
  });

  const recorded = readExchanges('workers-ai', ['chat']).filter(({ sse: events }) => events !== null);
  (hasFixtures ? describe : describe.skip)('on recordings', () => {
    it.each(recorded.map(({ id, sse: events }) => [id, events ?? ''] as const))(
      '93 · streams %s byte for byte',
      async (_id, events) => {
        upstream.replies(text(200, events, 'text/event-stream'));

        const response = await fetch(
          'gateway' in options
            ? `${gateway.base}/workers-ai/run/${LLAMA}`
            : `${gateway.origin}/client/v4/accounts/default/ai/run/${LLAMA}`,
          { method: 'POST', headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, body: '{"prompt":"x","stream":true}' },
        );

        expect([response.headers.get('content-type'), await response.text()]).toEqual(['text/event-stream', events]);
      },
    );
  });

  it('94 · makes embeddings', async () => {
    const data = [
      [0.5, -1],
      [0.25, 2],
    ];
    upstream.replies(json(200, enveloped({ shape: [2, 2], data })));

    const { embeddings } = await embedMany({
      model: workersAi().textEmbedding('@cf/baai/bge-base-en-v1.5'),
      values: ['a', 'b'],
    });

    expect(embeddings).toEqual(data);
    expect(upstream.last.json()).toMatchObject({ text: ['a', 'b'] });
  });

  it('94 · throws what Workers AI says', async () => {
    upstream.replies(json(400, { result: null, success: false, errors: [{ code: 5007, message: 'No such model' }] }));

    const error: unknown = await generateText({ ...common, model: workersAi()(LLAMA) }).catch(
      (thrown: unknown) => thrown,
    );

    expect(APICallError.isInstance(error) && [error.statusCode, error.isRetryable]).toEqual([400, false]);
    expect(String(error)).toContain('No such model');
  });

  it('94 · asks again after a 429', async () => {
    const busy = json(
      429,
      { result: null, success: false, errors: [{ code: 3040, message: 'Busy' }] },
      { 'retry-after': '0' },
    );
    upstream.replies(busy, json(200, enveloped({ response: 'Hello there.' })));

    const { text: said } = await generateText({ ...common, maxRetries: 1, model: workersAi()(LLAMA) });

    expect([said, upstream.received.length]).toEqual(['Hello there.', 2]);
  });
});
