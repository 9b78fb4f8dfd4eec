import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type OpenAI from 'openai';
import { aCompletion, aStream } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sse, StubUpstream } from '../support/stub-upstream.js';
import { OPENAI_SDKS } from './openai-sdks.js';

let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }) });
  await gateway.storeKey('openai', 'sk-stored-key-0123456789');
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

describe.each(OPENAI_SDKS)('the response cache, read by %s', (version, Client) => {
  const client = () =>
    new Client({
      apiKey: ADMIN_TOKEN,
      baseURL: `${gateway.base}/compat`,
      maxRetries: 0,
      defaultHeaders: { 'cf-aig-cache-key': `of-${version}` },
    });
  const body: Pick<OpenAI.ChatCompletionCreateParams, 'model' | 'messages'> = {
    model: 'openai/gpt-4o',
    messages: [{ role: 'user', content: 'Hello, world!' }],
  };

  it('answers with the same completion', async () => {
    upstream.replies(json(200, aCompletion('Kept.')));
    const first = await client().chat.completions.create(body).withResponse();
    const second = await client().chat.completions.create(body).withResponse();

    expect([first, second].map(({ response }) => response.headers.get('cf-aig-cache-status'))).toEqual(['MISS', 'HIT']);
    expect(second.data.choices).toEqual(first.data.choices);
    expect(upstream.received).toHaveLength(1);
  });

  it('replays the same chunks', async () => {
    upstream.replies(sse(...aStream('Kept, word by word.')));
    const ask = async () => {
      const { data, response } = await client()
        .chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } })
        .withResponse();
      const chunks: unknown[] = [];
      for await (const chunk of data) chunks.push(chunk);
      return { chunks, cache: response.headers.get('cf-aig-cache-status') };
    };
    const first = await ask();
    const second = await ask();

    expect([first.cache, second.cache]).toEqual(['MISS', 'HIT']);
    expect(second.chunks).toEqual(first.chunks);
    expect(upstream.received).toHaveLength(1);
  });
});
