import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GenerateContentParameters, type GoogleGenAI } from '@google/genai';
import * as genai1 from 'google-genai-1';
import * as genai3 from 'google-genai-3';
import { hasFixtures, readExchanges } from '../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream, text } from '../support/stub-upstream.js';
import { bothWays, meaningOf } from './both-ways.js';

/** Google's SDK on `/google-ai-studio`: what it reads, and what Google receives, is what it would be without the gateway. */

const KEY = 'AIzaSy-stored-key-0123456789abcdefghij';
const OWN = 'AIzaSy-own-key-0123456789abcdefghij';

type Sdk = new (options: {
  apiKey: string;
  apiVersion?: string;
  httpOptions: { baseUrl: string; headers?: Record<string, string> };
}) => GoogleGenAI;

/** What they send differs (the version in the path); what is used of them here does not. */
const SDKS: readonly (readonly [string, Sdk, typeof genai1.ApiError])[] = [
  ['@google/genai 1.52', genai1.GoogleGenAI as unknown as Sdk, genai1.ApiError],
  ['@google/genai 3.1', genai3.GoogleGenAI as unknown as Sdk, genai3.ApiError],
];

let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({
    PROVIDER_BASE_URLS: JSON.stringify({ 'google-ai-studio': `${upstream.origin}/google` }),
  });
  await gateway.storeKey('google-ai-studio', KEY);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const ASKED: GenerateContentParameters = {
  model: 'gemini-2.5-flash',
  contents: [
    {
      role: 'user',
      parts: [{ text: 'What is this?  é 漢' }, { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
    },
    {
      role: 'model',
      parts: [{ functionCall: { name: 'weather', args: { city: 'Oslo' } }, thoughtSignature: 'c2lnbmF0dXJl' }],
    },
    { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { sky: 'rain' } } }] },
  ],
  config: {
    systemInstruction: 'Be brief.',
    temperature: 0.5,
    tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: { type: 'object' } }] }],
    safetySettings: [],
  },
};

const ANSWER = {
  candidates: [
    {
      content: {
        role: 'model',
        parts: [{ functionCall: { name: 'weather', args: { city: 'Oslo' } }, thoughtSignature: 'c2ln' }],
      },
      finishReason: 'STOP',
      index: 0,
    },
  ],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
  modelVersion: 'gemini-2.5-flash',
};

describe.each(SDKS)('%s', (name, GoogleGenAi, ApiError) => {
  const version = name.includes('1.') ? 'v1beta' : 'v1';
  const bases = () => ({ direct: `${upstream.origin}/google`, gateway: `${gateway.base}/google-ai-studio` });
  const sdk = (
    baseUrl: string,
    options: { apiKey?: string; apiVersion?: string; headers?: Record<string, string> } = {},
  ) => {
    const { apiKey = ADMIN_TOKEN, headers, ...rest } = options;
    return new GoogleGenAi({
      apiKey,
      ...rest,
      httpOptions: { baseUrl, ...(headers === undefined ? {} : { headers }) },
    });
  };
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
  /** Of an answer the SDK keeps the headers, which are ours. */
  const told = (response: { candidates?: unknown; usageMetadata?: unknown; modelVersion?: unknown }) =>
    plain({ candidates: response.candidates, usage: response.usageMetadata, model: response.modelVersion });

  it.each([undefined, 'v1', 'v1beta'])(
    '86, 89 · generates content, of which nothing is changed (version: %s)',
    async (apiVersion) => {
      const { direct, passed } = await bothWays(upstream, bases(), json(200, ANSWER), async (base) =>
        told(await sdk(base, apiVersion === undefined ? {} : { apiVersion }).models.generateContent(ASKED)),
      );

      expect(passed.result).toEqual(direct.result);
      expect(meaningOf(passed.request)).toEqual(meaningOf(direct.request));
      expect(passed.request.path).toBe(`/google/${apiVersion ?? version}/models/gemini-2.5-flash:generateContent`);
    },
  );

  const recorded = readExchanges('google-ai-studio', ['chat']).filter(
    ({ sse, status }) => sse !== null && sse !== '' && status === 200,
  );
  (hasFixtures ? describe : describe.skip)('on recordings', () => {
    it('86, 87 · streams what was recorded, without a [DONE] of ours', async () => {
      expect(recorded.length).toBeGreaterThan(20);
      for (const { id, sse } of recorded) {
        const reply = text(200, sse ?? '', 'text/event-stream');
        const { direct, passed } = await bothWays(upstream, bases(), reply, async (base) => {
          const chunks: unknown[] = [];
          for await (const chunk of await sdk(base).models.generateContentStream(ASKED)) chunks.push(told(chunk));
          return chunks;
        });
        const raw = await fetch(`${bases().gateway}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`, {
          method: 'POST',
          headers: { 'x-goog-api-key': ADMIN_TOKEN },
          body: '{"contents":[]}',
        });

        expect([id, passed.result]).toEqual([id, direct.result]);
        expect(meaningOf(passed.request)).toEqual(meaningOf(direct.request));
        expect([id, await raw.text()]).toEqual([id, sse]);
      }
    });
  });

  it('88 · embeds a batch, and counts tokens', async () => {
    const vectors = { embeddings: [{ values: [0.5, -1] }, { values: [0.25, 2] }] };
    const embedded = await bothWays(upstream, bases(), json(200, vectors), async (base) =>
      plain(
        (await sdk(base).models.embedContent({ model: 'gemini-embedding-001', contents: ['a', 'b'] })).embeddings ?? [],
      ),
    );
    const counted = await bothWays(upstream, bases(), json(200, { totalTokens: 14 }), async (base) => {
      const { totalTokens } = await sdk(base).models.countTokens({ model: 'gemini-2.5-flash', contents: 'Hello' });
      return totalTokens;
    });

    expect(embedded.passed.result).toEqual(vectors.embeddings);
    expect(embedded.passed.request.path).toMatch(/:batchEmbedContents$/);
    expect(meaningOf(embedded.passed.request)).toEqual(meaningOf(embedded.direct.request));
    expect(counted.passed.result).toBe(14);
    expect(meaningOf(counted.passed.request)).toEqual(meaningOf(counted.direct.request));
  });

  it.each([
    ['the header', {}, 'x-goog-api-key', '', KEY],
    ['the query', {}, '', `?key=${ADMIN_TOKEN}`, KEY],
    [
      'the header, with a key of its own',
      { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
      'x-goog-api-key',
      '',
      OWN,
    ],
    ['the query, with a key of its own', { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` }, '', `?key=${OWN}`, OWN],
  ])('90 · shows Google one key: a token in %s', async (_name, headers, header, query, key) => {
    upstream.replies(json(200, ANSWER));
    const shown = 'cf-aig-authorization' in headers ? OWN : ADMIN_TOKEN;

    await fetch(`${bases().gateway}/v1beta/models/m:generateContent${query}`, {
      method: 'POST',
      headers: { ...headers, ...(header === '' ? {} : { [header]: shown }) },
      body: '{"contents":[]}',
    });

    const { path, headers: received } = upstream.last;
    const keys = [received['x-goog-api-key'], new URL(path, 'http://x').searchParams.get('key')];
    expect(keys.filter((value) => value != null)).toEqual([key]);
    expect(path + JSON.stringify(received)).not.toContain(ADMIN_TOKEN);
  });

  it('90 · shows the stored key to those of whom the SDK sends the token', async () => {
    upstream.replies(json(200, ANSWER));
    await sdk(bases().gateway).models.generateContent(ASKED);
    const stored = upstream.last.headers['x-goog-api-key'];
    await sdk(bases().gateway, {
      apiKey: OWN,
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
    }).models.generateContent(ASKED);

    expect([stored, upstream.last.headers['x-goog-api-key']]).toEqual([KEY, OWN]);
    expect(upstream.last.headers).not.toHaveProperty('cf-aig-authorization');
  });

  it.each([400, 403, 429, 503])('91 · throws a %i with its status and body', async (status) => {
    const body = { error: { code: status, message: 'Not now', status: 'UNAVAILABLE', details: [{ reason: 'x' }] } };
    const { direct, passed } = await bothWays(upstream, bases(), json(status, body), async (base) => {
      const error: unknown = await sdk(base)
        .models.generateContent(ASKED)
        .catch((thrown: unknown) => thrown);
      return error instanceof ApiError ? { status: error.status, message: error.message } : error;
    });

    expect(passed.result).toEqual(direct.result);
    expect(passed.result).toEqual({ status, message: JSON.stringify(body) });
  });

  it('91 · throws what the gateway refuses', async () => {
    const error: unknown = await sdk(`${gateway.origin}/v1/default/nowhere/google-ai-studio`)
      .models.generateContent(ASKED)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ status: 400, message: expect.stringContaining('"code":2001') });
  });
});
