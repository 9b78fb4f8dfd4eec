import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget, joinStream, TEST_SECRET } from '../../../test/support/chat-streams.js';
import { GEMINI_WIRE } from '../../../test/support/gemini-wire.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { Secret } from '../../common/secret.js';
import type { ProviderCredential, ProviderTarget } from '../provider-strategy.js';
import { GoogleVertexAiStrategy } from './google-vertex-ai.strategy.js';

const FIXTURES = fileURLToPath(new URL('./__fixtures__', import.meta.url));
const SETTINGS = { project_id: 'my-project', region: 'europe-west4' };
const ACCOUNT = {
  type: 'service_account',
  client_email: 'robot@my-project.iam.gserviceaccount.com',
  private_key: '-----BEGIN PRIVATE KEY-----\nnever-shown\n-----END PRIVATE KEY-----\n',
  project_id: 'account-project',
  region: 'us-east5',
};

describe('GoogleVertexAiStrategy', () => {
  const strategy = new GoogleVertexAiStrategy();

  describeProviderConformance(strategy, FIXTURES, GEMINI_WIRE, {
    settings: SETTINGS,
    origin: 'https://europe-west4-aiplatform.googleapis.com',
  });

  const targetOf = (
    model: string,
    secret: string = TEST_SECRET,
    settings: ProviderCredential['settings'] = SETTINGS,
    rest: Partial<ProviderTarget> = {},
  ): ProviderTarget =>
    aTarget(strategy, {
      model,
      credential: { source: 'stored', alias: 'default', keyId: 'key-1', secret: new Secret(secret), settings },
      ...rest,
    });

  const urlOf = (target: ProviderTarget, body = {}): string => {
    const { origin, path } = strategy.buildChatRequest(aCall(body), target);
    return origin + path;
  };

  const HOST = 'https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4';

  it.each([
    ['google/gemini-2.5-pro', `${HOST}/publishers/google/models/gemini-2.5-pro:generateContent`],
    ['gemini-2.5-pro', `${HOST}/publishers/google/models/gemini-2.5-pro:generateContent`],
    [
      'anthropic/claude-sonnet-4-5@20250929',
      `${HOST}/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict`,
    ],
    ['claude-opus-4-6', `${HOST}/publishers/anthropic/models/claude-opus-4-6:rawPredict`],
    ['meta/llama-4-scout-maas', `${HOST}/endpoints/openapi/chat/completions`],
    [
      'projects/other/locations/us/publishers/google/models/gemini-2.5-flash',
      'https://aiplatform.us.rep.googleapis.com/v1/projects/other/locations/us/publishers/google/models/gemini-2.5-flash:generateContent',
    ],
    ['google/../../secrets', `${HOST}/publishers/google/models/%2E%2E/%2E%2E/secrets:generateContent`],
  ])('calls %s at its own wire', (model, url) => {
    expect(urlOf(targetOf(model))).toBe(url);
  });

  it('is global where no region is said, and stands below an override as it is', () => {
    const base = { origin: 'http://127.0.0.1:9100', pathPrefix: '/vertex' };
    const settings = { project_id: 'p' };

    expect(urlOf(targetOf('gemini-2.5-pro', TEST_SECRET, settings))).toBe(
      'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro:generateContent',
    );
    expect(urlOf(targetOf('gemini-2.5-pro', TEST_SECRET, settings, { base }), { stream: true })).toBe(
      'http://127.0.0.1:9100/vertex/v1/projects/p/locations/global/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    );
  });

  it.each([
    ['no project', 'gemini-2.5-pro', {}, /project_id/],
    ['a region that is a host', 'gemini-2.5-pro', { project_id: 'p', region: 'evil.example/x' }, /no region/],
    ['a project that is a path', 'projects/a?b/locations/us/publishers/google/models/m', {}, /no project id/],
  ])('says what is wrong with %s', (_name, model, settings, message) => {
    expect(() => urlOf(targetOf(model, TEST_SECRET, settings))).toThrow(
      expect.objectContaining({ key: 'invalid_request', status: 400, message: expect.stringMatching(message) }),
    );
  });

  it('shows an API key in its own header, which needs no project', () => {
    const key = `AIza${'x'.repeat(35)}`;

    const request = strategy.buildChatRequest(aCall(), targetOf('gemini-2.5-flash', key, {}));

    expect(request.origin + request.path).toBe(
      'https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-flash:generateContent',
    );
    expect(request.headers.join(' ')).toContain(`x-goog-api-key ${key}`);
    expect(request.headers).not.toContain('authorization');
  });

  describe.each([
    ['as JSON', JSON.stringify(ACCOUNT)],
    ['in base64', Buffer.from(JSON.stringify(ACCOUNT)).toString('base64')],
  ])('with a service account %s', (_name, secret) => {
    it.each(['gemini-2.5-pro', 'claude-opus-4-6', 'meta/llama-4-scout-maas'])(
      'shows the token for %s, and not the key',
      (model) => {
        const target = targetOf(model, secret, {}, { accessToken: 'ya29.token-of-the-account' });

        const { headers, path, body, origin } = strategy.buildChatRequest(aCall(), target);

        expect(headers[headers.indexOf('authorization') + 1]).toBe('Bearer ya29.token-of-the-account');
        expect(origin + path).toContain(
          'https://us-east5-aiplatform.googleapis.com/v1/projects/account-project/locations/us-east5/',
        );
        expect([...headers, path, body?.toString()].join('\n')).not.toMatch(/never-shown|private_key|eyJ/);
      },
    );

    it('refuses to ask without a token', () => {
      for (const model of ['gemini-2.5-pro', 'claude-opus-4-6', 'meta/llama'])
        expect(() => urlOf(targetOf(model, secret, {}))).toThrow(expect.objectContaining({ key: 'internal' }));
    });
  });

  it.each([
    ['{"type":"service_account"}', /client_email, private_key/],
    ['{"type":"authorized_user","client_id":"x"}', /type/],
    ['{not json', /not JSON/],
  ])('says that %s is no service account', (secret, message) => {
    expect(() => urlOf(targetOf('gemini-2.5-pro', secret))).toThrow(
      expect.objectContaining({ key: 'missing_provider_key', message: expect.stringMatching(message) }),
    );
  });

  it('asks for a service tier in a header, and matches calls by name and order', () => {
    const messages = [
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '4' },
    ];

    const { headers, body } = strategy.buildChatRequest(
      aCall({ messages, service_tier: 'priority' }),
      targetOf('gemini-2.5-pro'),
    );

    expect(headers.join(' ')).toContain('x-vertex-ai-llm-shared-request-type priority');
    expect(body?.toString()).not.toMatch(/call_1|serviceTier/);
  });

  it('reads Claude as Anthropic writes, with the version and without the model in the body', () => {
    const target = targetOf('anthropic/claude-sonnet-4-5@20250929');
    const request = strategy.buildChatRequest(aCall(), target);
    const body = readFileSync(`${FIXTURES}/claude.response.json`);

    const answer = strategy.readChatCompletion({ status: 200, headers: {}, body }, aCall(), target);

    const sent: unknown = JSON.parse(request.body?.toString() ?? '');
    expect(sent).toMatchObject({ anthropic_version: 'vertex-2023-10-16' });
    expect(sent).not.toHaveProperty('model');
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      choices: [{ message: { content: 'Grüezi!' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
    });
  });

  it.each([
    ["in Google's shape", { error: { code: 404, message: 'Publisher Model `x` was not found.', status: 'NOT_FOUND' } }],
    ["in Anthropic's", { type: 'error', error: { type: 'not_found_error', message: 'model: x' } }],
    ['in a list', [{ error: { code: 404, message: 'Publisher Model `x` was not found.', status: 'NOT_FOUND' } }]],
  ])("reads Claude's errors %s", (_name, body) => {
    const target = targetOf('anthropic/claude-x');

    const error = strategy.readError({ status: 404, headers: {}, body: Buffer.from(JSON.stringify(body)) }, target);

    expect([error.status, error.code]).toEqual([404, 'model_not_found']);
  });

  it("reads other publishers' streams in OpenAI's dialect", () => {
    const chunk = (delta: object, finish: string | null = null) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const bytes = Buffer.from(`${chunk({ role: 'assistant', content: 'Hi' })}${chunk({}, 'stop')}data: [DONE]\n\n`);

    const translator = strategy.openChatStream(aCall({ stream: true }), targetOf('meta/llama'));
    const text = Buffer.concat([...translator.push(bytes), ...translator.end()]).toString();

    expect(joinStream(text)).toMatchObject({ content: 'Hi', finishReasons: ['stop'], dones: 1 });
  });
});
