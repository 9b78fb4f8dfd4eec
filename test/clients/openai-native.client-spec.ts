import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { APIError, toFile } from 'openai';
import { aCompletion, aResponse, aStream, hello } from '../support/builders.js';
import { hasFixtures } from '../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway } from '../support/gateway.js';
import { json, sse, type StubUpstream, text, type StubReply } from '../support/stub-upstream.js';
import { aRecordedStream } from '../support/responses-exchanges.js';
import { startStubbedGateway, type StubbedGateway } from '../support/stubbed-gateway.js';
import { bothWays, meaningOf } from './both-ways.js';
import { OPENAI_SDKS } from './openai-sdks.js';

/** OpenAI's SDK on providers' own paths: what it reads, and what the provider receives, is what it would be without the gateway. */

const KEY = 'sk-stored-key-0123456789';
const PROVIDERS = [
  'openai',
  'groq',
  'deepseek',
  'grok',
  'mistral',
  'openrouter',
  'perplexity-ai',
  'cerebras',
  'azure-openai',
];

let stubbed: StubbedGateway;
let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  stubbed = await startStubbedGateway(PROVIDERS);
  ({ upstream, gateway } = stubbed);
  for (const provider of PROVIDERS) await gateway.storeKey(provider, KEY);
});

afterAll(() => stubbed.close());

describe.each(OPENAI_SDKS)('%s', (_name, Sdk) => {
  const bases = (): { direct: string; gateway: string } => ({
    direct: `${upstream.origin}/openai/v1`,
    gateway: `${gateway.base}/openai`,
  });
  const sdk = (baseURL: string): OpenAI => new Sdk({ apiKey: ADMIN_TOKEN, baseURL, maxRetries: 0 });

  const CALLS: readonly (readonly [string, StubReply, (client: OpenAI) => Promise<unknown>])[] = [
    [
      'a chat',
      json(200, aCompletion()),
      (client) => client.chat.completions.create({ ...hello, model: 'gpt-5', seed: 7 } as never),
    ],
    [
      'a streamed chat',
      sse(...aStream()),
      async (client) => {
        const chunks = [];
        const stream = await client.chat.completions.create({ ...hello, model: 'gpt-5', stream: true } as never);
        for await (const chunk of stream as unknown as AsyncIterable<unknown>) chunks.push(chunk);
        return chunks;
      },
    ],
    [
      'embeddings',
      json(200, { object: 'list', data: [{ object: 'embedding', index: 0, embedding: 'AAAAPwAAgL4=' }] }),
      (client) => client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] }),
    ],
    ['a response', json(200, aResponse()), (client) => client.responses.create({ model: 'gpt-5', input: 'Hello' })],
    [
      'an image',
      json(200, { created: 1, data: [{ b64_json: 'iVBORw0KGgo=' }] }),
      (client) => client.images.generate({ model: 'gpt-image-1', prompt: 'a cat' }),
    ],
  ];

  it.each(CALLS)('38 · passes %s through untouched', async (_call, reply, call) => {
    const { direct, passed } = await bothWays(upstream, bases(), reply, (base) => call(sdk(base)));

    expect(passed.result).toEqual(direct.result);
    expect(meaningOf(passed.request)).toEqual(meaningOf(direct.request));
    expect(passed.request.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  (hasFixtures ? describe : describe.skip)('on recordings', () => {
    it('38 · streams a response with its named events', async () => {
      const { direct, passed } = await bothWays(
        upstream,
        bases(),
        text(200, aRecordedStream(), 'text/event-stream; charset=utf-8'),
        async (base) => {
          const events: string[] = [];
          const stream = sdk(base).responses.stream({ model: 'gpt-5', input: 'Hello' });
          for await (const event of stream) events.push(event.type);
          return { events, final: await stream.finalResponse() };
        },
      );

      expect(passed.result).toEqual(direct.result);
      expect(passed.result.events).toContain('response.output_text.delta');
      expect(passed.result.final.output.length).toBeGreaterThan(0);
      expect(meaningOf(passed.request)).toEqual(meaningOf(direct.request));
    });
  });

  it('38 · brings speech back byte for byte', async () => {
    const audio = randomBytes(300_000);
    const reply: StubReply = (response) => {
      response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(audio);
    };

    const { passed } = await bothWays(upstream, bases(), reply, async (base) => {
      const speech = await sdk(base).audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello' });
      return { type: speech.headers.get('content-type'), bytes: Buffer.from(await speech.arrayBuffer()) };
    });

    expect(passed.result.type).toBe('audio/mpeg');
    expect(passed.result.bytes.equals(audio)).toBe(true);
  });

  it('38 · takes 20 MB of speech to the provider byte for byte', async () => {
    const audio = randomBytes(20 * 1024 * 1024);

    upstream.replies(json(200, { text: 'Hello.' }));

    const heard = await sdk(bases().gateway).audio.transcriptions.create({
      model: 'whisper-1',
      file: await toFile(audio, 'speech.wav'),
    });

    expect(heard.text).toBe('Hello.');
    expect(upstream.last.headers['content-type']).toMatch(/^multipart\/form-data; *boundary=/);
    expect(upstream.last.body.includes(audio)).toBe(true);
  });

  it.each([
    ['groq', '/groq', '/groq/openai/v1/chat/completions'],
    ['deepseek', '/deepseek', '/deepseek/chat/completions'],
    ['grok', '/grok/v1', '/grok/v1/chat/completions'],
    ['mistral', '/mistral/v1', '/mistral/v1/chat/completions'],
    ['openrouter', '/openrouter/v1', '/openrouter/api/v1/chat/completions'],
    ['perplexity-ai', '/perplexity-ai', '/perplexity-ai/chat/completions'],
    ['cerebras', '/cerebras/v1', '/cerebras/v1/chat/completions'],
    ['azure-openai', '/azure-openai/res/dep', '/azure-openai/openai/deployments/dep/chat/completions'],
  ])('39 · reaches %s at %s, with its query', async (_provider, base, path) => {
    upstream.replies(json(200, aCompletion()));
    const query = { 'api-version': '2024-10-21' };

    const completion = await new Sdk({
      apiKey: ADMIN_TOKEN,
      baseURL: gateway.base + base,
      defaultQuery: query,
    }).chat.completions.create({ ...hello, model: 'm' } as never);

    expect(completion.choices[0]?.message.content).toBe('Hello there.');
    expect(upstream.last.path).toBe(`${path}?api-version=2024-10-21`);
  });

  it.each([
    ['JSON', 'application/json', '{ "error": {"message":"No such model", "type":"x",\n "code":"model_not_found"} }'],
    ['a page', 'text/html', '<html><body>Bad gateway</body></html>'],
  ])("40 · gives the provider's error as it is: %s", async (_kind, type, body) => {
    upstream.replies(text(404, body, type));
    const raw = await fetch(`${gateway.base}/openai/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: '{}',
    });
    const { direct, passed } = await bothWays(upstream, bases(), text(404, body, type), (base) =>
      sdk(base)
        .chat.completions.create({ ...hello, model: 'm' } as never)
        .then(
          () => null,
          (error: unknown) => (error instanceof APIError || error instanceof Error ? error.message : null),
        ),
    );

    expect([raw.status, raw.headers.get('content-type'), await raw.text()]).toEqual([404, type, body]);
    expect(passed.result).toBe(direct.result);
  });

  it.each([
    ['GET', { data: [], object: 'list' }, (client: OpenAI) => client.files.list({ limit: 3 })],
    ['GET', { id: 'file-1', object: 'file' }, (client: OpenAI) => client.files.retrieve('file-1')],
    ['DELETE', { id: 'file-1', deleted: true }, (client: OpenAI) => deleteFile(client, 'file-1')],
    ['GET', { id: 'batch_1', object: 'batch' }, (client: OpenAI) => client.batches.retrieve('batch_1')],
    ['POST', { id: 'batch_1', object: 'batch' }, (client: OpenAI) => client.batches.cancel('batch_1')],
  ] as const)('41 · passes %s calls through: %j', async (method, answer, call) => {
    const { direct, passed } = await bothWays(upstream, bases(), json(200, answer), async (base) =>
      JSON.stringify(await call(sdk(base))),
    );

    expect(passed.request.method).toBe(method);
    expect(meaningOf(passed.request)).toEqual(meaningOf(direct.request));
    expect(passed.result).toBe(direct.result);
  });
});

/** Version 4 calls it `del`. */
function deleteFile(client: OpenAI, id: string): Promise<unknown> {
  const { files } = client;
  return 'del' in files ? (files as { del(id: string): Promise<unknown> }).del(id) : files.delete(id);
}
