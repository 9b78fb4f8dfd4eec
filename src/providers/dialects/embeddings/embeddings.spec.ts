import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aTarget, TEST_SECRET } from '../../../../test/support/chat-streams.js';
import { hasFixtures, readExchanges, type RecordedExchange } from '../../../../test/support/fixtures.js';
import { Secret } from '../../../common/secret.js';
import { embeddingsRequestSchema } from '../../../contract/embeddings-request.schema.js';
import { BedrockStrategy } from '../../aws-bedrock/aws-bedrock.strategy.js';
import { AzureOpenAiStrategy } from '../../azure-openai/azure-openai.strategy.js';
import { CohereStrategy } from '../../cohere/cohere.strategy.js';
import { FireworksStrategy } from '../../fireworks/fireworks.strategy.js';
import { GoogleAiStudioStrategy } from '../../google-ai-studio/google-ai-studio.strategy.js';
import { GoogleVertexAiStrategy } from '../../google-vertex-ai/google-vertex-ai.strategy.js';
import { MistralStrategy } from '../../mistral/mistral.strategy.js';
import { OpenAiStrategy } from '../../openai/openai.strategy.js';
import { OpenRouterStrategy } from '../../openrouter/openrouter.strategy.js';
import type { EmbeddingsCall, ProviderStrategy, ProviderTarget } from '../../provider-strategy.js';
import { WorkersAiStrategy } from '../../workers-ai/workers-ai.strategy.js';
import { fromBase64, toBase64 } from './vectors.js';

const openai = new OpenAiStrategy();
const azure = new AzureOpenAiStrategy();
const mistral = new MistralStrategy();
const cohere = new CohereStrategy();
const google = new GoogleAiStudioStrategy();
const vertex = new GoogleVertexAiStrategy();
const bedrock = new BedrockStrategy();
const workersAi = new WorkersAiStrategy();

const SETTINGS = { resource: 'res', project_id: 'my-project' };
const bearer = new Secret('ya29.test-token-0123456789');

function targetOf(strategy: ProviderStrategy, model: string): ProviderTarget {
  const secret = strategy === vertex ? bearer : new Secret(TEST_SECRET);
  const settings = { ...SETTINGS, region: strategy === vertex ? 'us-central1' : 'us-east-1' };
  return aTarget(strategy, {
    model,
    credential: { source: 'stored', alias: 'default', keyId: 'key-1', secret, settings },
    ...(strategy === vertex ? { accessToken: bearer.reveal() } : {}),
  });
}

function callOf(body: Readonly<Record<string, unknown>>): EmbeddingsCall {
  const whole = { model: 'provider/m', ...body };
  return { request: embeddingsRequestSchema.parse(whole), raw: Buffer.from(JSON.stringify(whole)), headers: [] };
}

const sent = (strategy: ProviderStrategy, model: string, body: Readonly<Record<string, unknown>>) =>
  (strategy.embeddings?.buildRequests(callOf(body), targetOf(strategy, model)) ?? []).map((request) => ({
    ...request,
    body: z.record(z.string(), z.unknown()).parse(JSON.parse(request.body?.toString() ?? '')),
  }));

const listSchema = z.looseObject({
  object: z.literal('list'),
  model: z.string(),
  data: z.array(
    z.looseObject({
      object: z.literal('embedding'),
      index: z.number(),
      embedding: z.union([z.string(), z.array(z.number())]),
    }),
  ),
  usage: z.looseObject({ prompt_tokens: z.number(), total_tokens: z.number() }).optional(),
});

function read(
  strategy: ProviderStrategy,
  model: string,
  body: Readonly<Record<string, unknown>>,
  answers: readonly unknown[],
  headers = {},
) {
  const answer = strategy.embeddings?.readAnswers(
    answers.map((each) => ({ status: 200, headers, body: Buffer.from(JSON.stringify(each)) })),
    callOf(body),
    targetOf(strategy, model),
  );
  return { list: listSchema.parse(JSON.parse(answer?.body.toString() ?? '')), facts: answer?.facts };
}

const vectorsOf = (list: z.infer<typeof listSchema>): (number[] | null)[] =>
  list.data.map(({ embedding }) => (typeof embedding === 'string' ? fromBase64(embedding) : embedding));

describe('the encoding of vectors', () => {
  it('is 32-bit floats, little-endian, there and back', () => {
    expect(toBase64([1, -2.5])).toBe('AACAPwAAIMA=');
    expect(fromBase64('AACAPwAAIMA=')).toEqual([1, -2.5]);
  });

  it('is none where no whole number of floats is in it', () => {
    expect([fromBase64(''), fromBase64('AAA=')]).toEqual([null, null]);
  });
});

describe('embeddings in OpenAI’s dialect', () => {
  const body = { input: ['a', 'b'], encoding_format: 'base64', dimensions: 8, user: 'u' };

  it('travel as they were written to who encodes, and as a wish for numbers to who does not', () => {
    expect(sent(openai, 'text-embedding-3-small', body)).toMatchObject([
      { path: '/v1/embeddings', body: { ...body, model: 'text-embedding-3-small' } },
    ]);
    expect(sent(mistral, 'mistral-embed', body)[0]?.body).toEqual({
      model: 'mistral-embed',
      input: ['a', 'b'],
      output_dimension: 8,
      user: 'u',
    });
  });

  it('are asked for where each provider has them', () => {
    const places: [ProviderStrategy, string, string][] = [
      [azure, 'https://res.openai.azure.com', '/openai/v1/embeddings'],
      [new FireworksStrategy(), 'https://api.fireworks.ai', '/inference/v1/embeddings'],
      [new OpenRouterStrategy(), 'https://openrouter.ai', '/api/v1/embeddings'],
      [workersAi, 'https://api.cloudflare.com', '/client/v4/accounts/account-1/ai/v1/embeddings'],
    ];
    for (const [strategy, origin, path] of places)
      expect(sent(strategy, 'm', { input: 'a' })).toMatchObject([{ method: 'POST', origin, path }]);
    expect(sent(azure, 'm', { input: 'a' })[0]?.headers).toEqual(expect.arrayContaining(['api-key', TEST_SECRET]));
  });

  it.each([
    ['base64', [1, -2.5], 'AACAPwAAIMA='],
    ['base64', 'AACAPwAAIMA=', 'AACAPwAAIMA='],
    ['float', 'AACAPwAAIMA=', [1, -2.5]],
    ['float', [1, -2.5], [1, -2.5]],
    [undefined, [1, -2.5], [1, -2.5]],
  ])('are given back as %s, however they come: %j', (encoding, came, given) => {
    const answer = {
      object: 'list',
      model: 'm',
      data: [{ object: 'embedding', index: 0, embedding: came }],
      usage: { prompt_tokens: 3, total_tokens: 3 },
    };

    const { list, facts } = read(mistral, 'm', { input: 'a', encoding_format: encoding }, [answer]);

    expect(list).toEqual({ ...answer, data: [{ object: 'embedding', index: 0, embedding: given }] });
    expect(facts?.usage).toEqual({ prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 });
  });

  it.each([
    ['an empty object', {}],
    ['no embeddings', { data: [] }],
    ['one that is a word', { data: [{ embedding: [1, 'x'] }] }],
    ['one that is cut', { data: [{ embedding: 'AAA=' }] }],
  ])('are refused with %s', (_name, answer) => {
    expect(() => read(openai, 'm', { input: 'a' }, [answer])).toThrow(
      expect.objectContaining({ key: 'upstream_failed', status: 502, message: expect.stringContaining('OpenAI') }),
    );
  });

  it('has no size to choose at Workers AI', () => {
    expect(() => sent(workersAi, '@cf/baai/bge-m3', { input: 'a', dimensions: 8 })).toThrow(
      expect.objectContaining({ key: 'unsupported_parameter', param: 'dimensions' }),
    );
  });
});

describe('embeddings in other wires', () => {
  it('ask each its own way', () => {
    const two = { input: ['a', 'b'], dimensions: 8, encoding_format: 'base64', user: 'u' };

    expect(sent(google, 'gemini-embedding-001', two)).toMatchObject([
      {
        path: '/v1beta/models/gemini-embedding-001:batchEmbedContents',
        body: {
          requests: ['a', 'b'].map((text) => ({
            model: 'models/gemini-embedding-001',
            outputDimensionality: 8,
            content: { parts: [{ text }] },
          })),
        },
      },
    ]);
    expect(sent(vertex, 'text-embedding-005', two)).toMatchObject([
      {
        origin: 'https://us-central1-aiplatform.googleapis.com',
        path: '/v1/projects/my-project/locations/us-central1/publishers/google/models/text-embedding-005:predict',
        body: { instances: [{ content: 'a' }, { content: 'b' }], parameters: { outputDimensionality: 8 } },
      },
    ]);
    expect(sent(vertex, 'gemini-embedding-2', two).map(({ body }) => body)).toEqual(
      ['a', 'b'].map((text) => ({ content: { parts: [{ text }] }, outputDimensionality: 8 })),
    );
    expect(sent(cohere, 'embed-v4.0', { ...two, input_type: 'search_query' })).toMatchObject([
      {
        path: '/v2/embed',
        body: {
          model: 'embed-v4.0',
          texts: ['a', 'b'],
          input_type: 'search_query',
          embedding_types: ['float'],
          output_dimension: 8,
        },
      },
    ]);
    expect(sent(bedrock, 'amazon.titan-embed-text-v2:0', two)).toMatchObject([
      { path: '/model/amazon.titan-embed-text-v2%3A0/invoke', body: { inputText: 'a', dimensions: 8 } },
      { body: { inputText: 'b', dimensions: 8 } },
    ]);
  });

  it('take large batches apart and put the answers together in order', () => {
    const input = Array.from({ length: 200 }, (_, index) => `text ${index}`);
    const requests = sent(cohere, 'embed-v4.0', { input });
    const answers = requests.map(({ body }) => ({
      embeddings: {
        float: z
          .array(z.string())
          .parse(body['texts'])
          .map((text) => [Number(text.slice(5))]),
      },
      meta: { billed_units: { input_tokens: 1 } },
    }));

    const { list } = read(cohere, 'embed-v4.0', { input }, answers);

    expect(requests).toHaveLength(3);
    expect(vectorsOf(list)).toEqual(input.map((_, index) => [index]));
    expect(list.usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
  });

  it.each([
    ['input', cohere, 'embed-v4.0', { input: [1, 2] }],
    ['input', google, 'gemini-embedding-001', { input: [[1, 2]] }],
    ['input', bedrock, 'amazon.titan-embed-text-v2:0', { input: Array.from({ length: 300 }, () => 'a') }],
    ['dimensions', bedrock, 'amazon.titan-embed-text-v1', { input: 'a', dimensions: 8 }],
    ['model', bedrock, 'anthropic.claude-sonnet-5', { input: 'a' }],
    ['model', vertex, 'anthropic/claude-sonnet-5', { input: 'a' }],
  ])('refuse %s where it cannot be done', (param, strategy, model, body) => {
    expect(() => sent(strategy, model, body)).toThrow(
      expect.objectContaining({
        key: 'unsupported_parameter',
        status: 400,
        param,
      }),
    );
  });

  it.each([
    [cohere, 'embed-v4.0', { embeddings: { float: [[1]] } }],
    [google, 'gemini-embedding-001', { embeddings: [{ values: [1] }] }],
    [vertex, 'text-embedding-005', { predictions: [{ embeddings: { values: [1] } }] }],
    [bedrock, 'cohere.embed-v4:0', { embeddings: { float: [[1]] } }],
  ])('are refused where they are fewer than the texts', (strategy, model, answer) => {
    expect(() => read(strategy, model, { input: ['a', 'b'] }, [answer])).toThrow(
      expect.objectContaining({ key: 'upstream_failed', message: expect.stringContaining('1 embeddings for 2 texts') }),
    );
  });

  it('count what AWS says beside the answer, and nothing where nobody says', () => {
    const answer = { embeddings: { float: [[1]] } };

    expect(
      read(bedrock, 'cohere.embed-v4:0', { input: 'a' }, [answer], { 'x-amzn-bedrock-input-token-count': '7' }).list
        .usage,
    ).toEqual({ prompt_tokens: 7, total_tokens: 7 });
    expect(read(bedrock, 'cohere.embed-v4:0', { input: 'a' }, [answer]).list).not.toHaveProperty('usage');
    expect(read(google, 'm', { input: 'a' }, [{ embeddings: [{ values: [1] }] }]).facts).not.toHaveProperty('usage');
  });
});

/** How a recorded request says texts and size, and its answer vectors and tokens: the test's own reading. */
const FOLDERS: [string, ProviderStrategy][] = [
  ['openai', openai],
  ['azure-openai', azure],
  ['mistral', mistral],
  ['openrouter', new OpenRouterStrategy()],
  ['cohere', cohere],
  ['google-ai-studio', google],
  ['vertex', vertex],
  ['bedrock', bedrock],
];

const find = (value: unknown, names: readonly string[]): unknown[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]): unknown[] =>
    names.includes(name) ? [inner] : find(inner, names),
  );
};

const textsIn = (body: unknown): string[] =>
  find(body, ['input', 'texts', 'text', 'inputText', 'content'])
    .flatMap((value): unknown[] =>
      Array.isArray(value) ? value : typeof value === 'string' ? [value] : find(value, ['text', 'value']),
    )
    .filter((value) => typeof value === 'string');

const dimensionsIn = (body: unknown): unknown =>
  find(body, ['dimensions', 'output_dimension', 'outputDimensionality', 'embeddingDimension']).find(
    (value) => typeof value === 'number',
  );

const floatsIn = (body: unknown): unknown[] =>
  find(body, ['embedding', 'values', 'float']).flatMap((value): unknown[] => {
    if (Array.isArray(value) && Array.isArray(value[0])) return value;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? find(value, ['values']) : [value];
  });

(hasFixtures ? describe : describe.skip)('recorded embeddings', () => {
  const rows = FOLDERS.flatMap(([folder, strategy]) =>
    readExchanges(folder, ['embeddings'])
      // Images are beyond OpenAI's dialect.
      .filter(({ requestBody }) => !JSON.stringify(requestBody).includes('inline_data'))
      .map((exchange): [string, ProviderStrategy, RecordedExchange] => [exchange.id, strategy, exchange]),
  );

  it('are there', () => {
    expect(rows.length).toBeGreaterThan(15);
  });

  it.each(rows)('%s: the same is asked, and read whole in both encodings', (_id, strategy, exchange) => {
    const model = exchange.model ?? 'm';
    const input = textsIn(exchange.requestBody);
    const dimensions = dimensionsIn(exchange.requestBody);
    const body = { input, ...(dimensions === undefined ? {} : { dimensions }) };

    const requests = sent(strategy, model, body);
    const asked = {
      texts: requests.flatMap((request) => textsIn(request.body)),
      size: dimensionsIn(requests[0]?.body),
    };
    const float = read(strategy, model, { ...body, encoding_format: 'float' }, [exchange.body]);
    const encoded = read(strategy, model, { ...body, encoding_format: 'base64' }, [exchange.body]);

    expect(asked).toEqual({ texts: input, size: dimensions });
    const recorded = floatsIn(exchange.body).map((value) =>
      typeof value === 'string' ? fromBase64(value) : z.array(z.number()).parse(value),
    );
    expect(recorded).toHaveLength(input.length);
    expect(vectorsOf(float.list)).toEqual(recorded);
    expect(vectorsOf(encoded.list)).toEqual(recorded.map((vector) => Array.from(new Float32Array(vector ?? []))));
    expect(encoded.list.data.every(({ embedding }) => typeof embedding === 'string')).toBe(true);
    const tokens = find(exchange.body, ['prompt_tokens', 'token_count', 'promptTokenCount', 'input_tokens']).find(
      (value) => typeof value === 'number',
    );
    expect(float.facts?.usage?.prompt_tokens).toBe(tokens);
  });
});
