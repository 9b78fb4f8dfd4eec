import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../common/secret.js';
import { aCall, aTarget, joinStream, readStream, TEST_SECRET } from '../../../test/support/chat-streams.js';
import { hasFixtures, readExchanges } from '../../../test/support/fixtures.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { isObject } from '../dialects/openai-chat/json-value.js';
import type { ProviderCredential } from '../provider-strategy.js';
import { AzureOpenAiStrategy } from './azure-openai.strategy.js';

describe('AzureOpenAiStrategy', () => {
  const strategy = new AzureOpenAiStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)), undefined, {
    settings: { resource: 'my-resource' },
    origin: 'https://my-resource.openai.azure.com',
    credential: { header: 'api-key', valueOf: (secret) => secret },
  });

  const key = (settings: Record<string, unknown>, rest: Partial<ProviderCredential> = {}): ProviderCredential => ({
    source: 'stored',
    alias: 'east',
    keyId: 'key-1',
    secret: new Secret(TEST_SECRET),
    settings,
    ...rest,
  });
  const tools = [{ type: 'function', function: { name: 'f' } }];

  it.each([
    [{ resource: 'res' }, {}, 'gpt-4o', 'https://res.openai.azure.com', '/openai/v1/chat/completions'],
    [
      { resource: 'res', api_version: 'v1' },
      {},
      'gpt-4o',
      'https://res.openai.azure.com',
      '/openai/v1/chat/completions',
    ],
    [
      { resource: 'res', api_version: 'preview' },
      {},
      'gpt-4o',
      'https://res.openai.azure.com',
      '/openai/v1/chat/completions?api-version=preview',
    ],
    [
      { resource: 'res', api_version: '2024-10-21' },
      {},
      'my model',
      'https://res.openai.azure.com',
      '/openai/deployments/my%20model/chat/completions?api-version=2024-10-21',
    ],
    [{ resource: 'res' }, { tools }, 'gpt-5.6-luna', 'https://res.openai.azure.com', '/openai/v1/responses'],
    [
      { resource: 'res', api_version: '2025-04-01-preview' },
      { tools },
      'gpt-5.6-luna',
      'https://res.openai.azure.com',
      '/openai/responses?api-version=2025-04-01-preview',
    ],
  ])('with a key of %j sends %j for %s to %s%s', (settings, body, model, origin, path) => {
    const request = strategy.buildChatRequest(aCall(body), aTarget(strategy, { model, credential: key(settings) }));

    expect([request.origin, request.path]).toEqual([origin, path]);
  });

  it("goes to the key's or the operator's own address without a resource", () => {
    const base = { origin: 'https://res.services.ai.azure.com', pathPrefix: '' };

    expect(strategy.buildChatRequest(aCall(), aTarget(strategy, { base, credential: key({}) }))).toMatchObject({
      origin: 'https://res.services.ai.azure.com',
      path: '/openai/v1/chat/completions',
    });
  });

  it.each([
    ['stored', key({}), /stored key 'east'.*"resource".*"base_url"/],
    ['inline', key({}, { source: 'inline', alias: null, keyId: null }), /sent along.*store one.*"resource"/],
  ])('says what to store where a %s key names no resource', (_name, credential, message) => {
    expect(() => strategy.buildChatRequest(aCall(), aTarget(strategy, { credential }))).toThrow(
      expect.objectContaining({ key: 'missing_provider_key', status: 401, message: expect.stringMatching(message) }),
    );
  });

  it("shows Entra's token as a bearer", () => {
    const credential = key({ resource: 'res' }, { secret: new Secret('eyJhbGciOi.eyJhdWQiOi.c2lnbmF0dXJl') });

    const { headers } = strategy.buildChatRequest(aCall(), aTarget(strategy, { credential }));

    expect(headers).toContain('Bearer eyJhbGciOi.eyJhdWQiOi.c2lnbmF0dXJl');
    expect(headers).not.toContain('api-key');
  });

  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o' };
  const events = [
    { choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: [{ prompt_index: 0 }] },
    { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
    {
      ...head,
      choices: [
        {
          index: 0,
          delta: { content: 'Hi' },
          content_filter_results: { hate: { filtered: false } },
          finish_reason: null,
        },
      ],
    },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    {
      id: '',
      object: '',
      created: 0,
      model: '',
      choices: [{ index: 0, finish_reason: null, content_filter_offsets: { check_offset: 2 } }],
    },
  ];
  const sse = `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`;

  it('keeps what the filter found, in chunks that all have the id of the answer and a delta', () => {
    const { text } = readStream(strategy, [Buffer.from(sse)]);

    expect(joinStream(text)).toMatchObject({ content: 'Hi', roles: ['assistant'], finishReasons: ['stop'], dones: 1 });
    const chunks = text.split('\n').filter((line) => line.startsWith('data: {'));
    expect(chunks).toHaveLength(4);
    for (const chunk of chunks) expect(chunk).toMatch(/"id":"chatcmpl-1".*"delta":|"delta":.*"id":"chatcmpl-1"/);
    expect(chunks[0]).toContain('"prompt_filter_results":[{"prompt_index":0}]');
    expect(text).toContain('"content_filter_results":{"hate":{"filtered":false}}');
    expect(text).toContain('"content_filter_offsets":{"check_offset":2}');
  });

  it.each([
    [
      401,
      { code: '401', message: 'Access denied due to invalid subscription key.' },
      'invalid_api_key',
      'invalid_request_error',
    ],
    [
      404,
      { code: 'DeploymentNotFound', message: 'The API deployment does not exist.' },
      'model_not_found',
      'invalid_request_error',
    ],
    [
      400,
      {
        code: 'content_filter',
        message: 'The response was filtered.',
        innererror: { content_filter_result: { hate: { filtered: true } } },
      },
      'content_filter',
      'invalid_request_error',
    ],
  ])('maps its %i', (status, error, code, type) => {
    const mapped = strategy.readError(
      { status, headers: {}, body: Buffer.from(JSON.stringify({ error })) },
      aTarget(strategy),
    );

    expect(mapped).toMatchObject({ status, code, type, retryable: false });
    expect(mapped.details.metadata?.['raw']).toEqual({ error });
  });

  (hasFixtures ? describe : describe.skip)('on recorded traffic', () => {
    const rows = readExchanges('azure-openai', ['chat'])
      .filter(({ requestBody }) => isObject(requestBody) && Array.isArray(requestBody['messages']))
      .map((exchange) => [exchange.id, exchange] as const);

    it('is there', () => {
      expect(rows.length).toBeGreaterThan(20);
    });

    // What may differ: the model stands in the path of a dated API, and a stream's usage is always asked for.
    it.each(rows)('asks what %s asked, at the same place', (_id, { requestBody, url }) => {
      const recorded = isObject(requestBody) ? requestBody : {};
      const { pathname, searchParams } = new URL(url ?? '');
      const deployment = /deployments\/([^/]+)\//.exec(pathname)?.[1];
      const version = searchParams.get('api-version');
      const model = deployment ?? (typeof recorded['model'] === 'string' ? recorded['model'] : 'some-model');
      const settings = { resource: 'resource', ...(version === null ? {} : { api_version: version }) };

      const { path, body } = strategy.buildChatRequest(
        aCall({ ...recorded, model: `azure-openai/${model}` }),
        aTarget(strategy, { model, credential: key(settings) }),
      );

      const sent: unknown = JSON.parse(body?.toString() ?? '');
      const streamed = recorded['stream'] === true ? { stream_options: { include_usage: true } } : {};
      expect(sent).toEqual({ ...recorded, model, ...streamed });
      // Foundry's own path for models of others has none of OpenAI's names in it; those go by the base URL of the key.
      if (pathname.startsWith('/openai/'))
        expect(path).toBe(pathname + (version === null ? '' : `?api-version=${version}`));
    });
  });
});
