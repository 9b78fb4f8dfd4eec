import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { fromBase64, toBase64 } from '../../src/providers/dialects/embeddings/vectors.js';
import { ADMIN_TOKEN, type RunningGateway } from '../support/gateway.js';
import { json, type StubReply, type StubUpstream } from '../support/stub-upstream.js';
import { startStubbedGateway, type StubbedGateway } from '../support/stubbed-gateway.js';
import { OPENAI_SDKS } from './openai-sdks.js';

const SECRET = 'sk-stored-key-0123456789';
const PROVIDERS = ['openai', 'mistral', 'cohere', 'groq', 'aws-bedrock'];
/** Numbers that 32 bits hold exactly. */
const VECTORS = [
  [0.5, -0.25, 1],
  [0.125, 2, -4],
];

let stubbed: StubbedGateway;
let upstream: StubUpstream;
let gateway: RunningGateway;
let records: StubbedGateway['records'];

beforeAll(async () => {
  stubbed = await startStubbedGateway(PROVIDERS);
  ({ upstream, gateway, records } = stubbed);
  for (const provider of ['openai', 'mistral', 'cohere', 'aws-bedrock']) await gateway.storeKey(provider, SECRET);
});

afterAll(() => stubbed.close());

const requestSchema = z.looseObject({
  input: z.union([z.string(), z.array(z.string())]),
  encoding_format: z.string().optional(),
});

const listOf = (embeddings: readonly unknown[]) => ({
  object: 'list',
  data: embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  model: 'embedder',
  usage: { prompt_tokens: 4, total_tokens: 4 },
});

/** As OpenAI answers: encoded as asked, a vector a text. */
const asOpenAi: StubReply = (response, request) => {
  const { input, encoding_format: encoding } = requestSchema.parse(request.json());
  const vectors = VECTORS.slice(0, typeof input === 'string' ? 1 : input.length);
  void json(200, listOf(encoding === 'base64' ? vectors.map(toBase64) : vectors))(response, request);
};

/** Who speaks numbers only, whatever is asked. */
const asNumbers = json(200, listOf(VECTORS));

describe.each(OPENAI_SDKS)('embeddings with %s', (_name, Sdk) => {
  const client = () => new Sdk({ apiKey: ADMIN_TOKEN, baseURL: `${gateway.base}/compat`, maxRetries: 0 });

  it('come as numbers when nothing is said, which the SDK asks for as base64', async () => {
    upstream.replies(asOpenAi);

    const { data, usage, model } = await client().embeddings.create({ model: 'openai/embedder', input: ['a', 'b'] });

    expect(data.map(({ embedding }) => Array.from(embedding))).toEqual(VECTORS);
    expect(usage).toEqual({ prompt_tokens: 4, total_tokens: 4 });
    expect(model).toBe('embedder');
    expect(upstream.last.path).toBe('/openai/v1/embeddings');
    expect(upstream.last.headers.authorization).toBe(`Bearer ${SECRET}`);
    expect(upstream.last.json()).toMatchObject({ model: 'embedder', input: ['a', 'b'], encoding_format: 'base64' });
  });

  it('come as numbers from who speaks nothing else, though the SDK asks for base64', async () => {
    upstream.replies(asNumbers);

    const { data } = await client().embeddings.create({ model: 'mistral/mistral-embed', input: ['a', 'b'] });

    expect(data.map(({ embedding }) => Array.from(embedding))).toEqual(VECTORS);
    expect(upstream.last.json()).toEqual({ model: 'mistral-embed', input: ['a', 'b'] });
  });

  it.each(['float', 'base64'] as const)('come as %s when that is asked for', async (encoding) => {
    for (const [model, reply] of [
      ['openai/embedder', asOpenAi],
      ['mistral/embedder', asNumbers],
    ] as const) {
      upstream.replies(reply);

      const { data } = await client().embeddings.create({ model, input: ['a', 'b'], encoding_format: encoding });

      const read = data.map(({ embedding }): unknown => embedding);
      expect(read).toEqual(encoding === 'float' ? VECTORS : VECTORS.map(toBase64));
    }
  });

  it('have the size that is asked for, also by another name', async () => {
    upstream.replies(asNumbers);

    await client().embeddings.create({ model: 'mistral/mistral-embed', input: ['a', 'b'], dimensions: 3 });

    expect(upstream.last.json()).toMatchObject({ output_dimension: 3 });
  });

  it('come from a wire of another kind', async () => {
    upstream.replies(json(200, { embeddings: { float: VECTORS }, meta: { billed_units: { input_tokens: 9 } } }));

    const { data, usage } = await client().embeddings.create({ model: 'cohere/embed-v4.0', input: ['a', 'b'] });

    expect(data.map(({ embedding }) => Array.from(embedding))).toEqual(VECTORS);
    expect(usage).toEqual({ prompt_tokens: 9, total_tokens: 9 });
    expect(upstream.last.json()).toMatchObject({ texts: ['a', 'b'], embedding_types: ['float'] });
  });

  it('come from who takes one text a request, in order', async () => {
    upstream.replies((response, request) => {
      const { inputText } = z.object({ inputText: z.string() }).parse(request.json());
      void json(200, { embedding: VECTORS[inputText === 'a' ? 0 : 1], inputTextTokenCount: 2 })(response, request);
    });

    const { data, usage } = await client().embeddings.create({
      model: 'aws-bedrock/amazon.titan-embed-text-v2:0',
      input: ['b', 'a', 'b', 'a', 'b', 'a'],
    });

    const [a, b] = VECTORS;
    expect(data.map(({ embedding }) => Array.from(embedding))).toEqual([b, a, b, a, b, a]);
    expect(usage).toEqual({ prompt_tokens: 12, total_tokens: 12 });
    expect(upstream.received).toHaveLength(6);
  });

  it('are refused with what would work by who makes none', async () => {
    await expect(client().embeddings.create({ model: 'groq/llama', input: 'a' })).rejects.toMatchObject({
      status: 400,
      param: 'model',
      message: expect.stringMatching(/Groq makes no embeddings\. Ask one of: .*cohere.*openai/),
    });
  });

  it.each([
    ['input', { input: [] }],
    ['encoding_format', { input: 'a', encoding_format: 'hex' }],
    ['dimensions', { input: 'a', dimensions: 0 }],
  ])('are refused where %s makes no sense', async (param, body) => {
    const asked = { model: 'openai/embedder', ...body } as unknown as Parameters<
      ReturnType<typeof client>['embeddings']['create']
    >[0];

    await expect(client().embeddings.create(asked)).rejects.toMatchObject({ status: 400, param });
  });

  it("fail as the provider's error says", async () => {
    upstream.replies(json(429, { error: { message: 'Slow down.', type: 'requests', code: 'rate_limit_exceeded' } }));

    await expect(client().embeddings.create({ model: 'openai/embedder', input: 'a' })).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
    });
  });

  it('list the models that the stored keys reach', async () => {
    const models = [];
    for await (const model of client().models.list()) models.push(model);

    const providers = new Set(models.map(({ owned_by: owner }) => owner));
    expect([...providers].toSorted()).toEqual(['aws-bedrock', 'cohere', 'mistral', 'openai', 'sandbox']);
    expect(models).toContainEqual({ id: 'openai/gpt-4o', object: 'model', created: 0, owned_by: 'openai' });
    expect(models.map(({ id }) => id)).toContain('mistral/mistral-embed');
    expect(models.every(({ id, owned_by: owner }) => id.startsWith(`${owner}/`))).toBe(true);
  });
});

describe('embeddings', () => {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${gateway.base}/compat/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('are numbers to who says nothing by hand', async () => {
    upstream.replies(json(200, listOf([toBase64(VECTORS[0]!)])));

    const response = await post({ model: 'openai/embedder', input: 'a' });

    expect(await response.json()).toMatchObject({ data: [{ embedding: VECTORS[0] }] });
    expect(fromBase64(toBase64(VECTORS[0]!))).toEqual(VECTORS[0]);
  });

  it('are tried again, recorded and told of in headers like any call', async () => {
    upstream.replies(json(503, { error: { message: 'Busy.' } }), asOpenAi);
    records.length = 0;

    const response = await post(
      { model: 'openai/embedder', input: 'a' },
      { 'cf-aig-max-attempts': '2', 'cf-aig-retry-delay': '0' },
    );
    await response.json();

    expect(response.status).toBe(200);
    expect(upstream.received).toHaveLength(2);
    expect(response.headers.get('cf-aig-provider')).toBe('openai');
    expect(records).toMatchObject([
      {
        provider: 'openai',
        requestedModel: 'openai/embedder',
        streamed: false,
        outcome: 'completed',
        usage: { prompt_tokens: 4 },
      },
    ]);
    expect(records[0]?.attempts).toHaveLength(2);
  });
});

describe('models', () => {
  it('are told to no one without a token', async () => {
    const response = await fetch(`${gateway.base}/compat/models`);

    expect(response.status).toBe(401);
  });
});
