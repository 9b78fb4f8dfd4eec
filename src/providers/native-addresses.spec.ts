import { describe, expect, it } from '@jest/globals';
import { aTarget } from '../../test/support/chat-streams.js';
import { registeredStrategies } from '../../test/support/registered-strategies.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { Secret } from '../common/secret.js';
import { NATIVE_ONLY_PROVIDERS } from './native-only.catalog.js';
import { NativeOnlyStrategy } from './native-only.strategy.js';
import type { NativeCall } from './native-call.js';
import type { ProviderCredential, ProviderStrategy, ProviderTarget } from './provider-strategy.js';

const strategies = new Map<string, ProviderStrategy>(
  [...registeredStrategies(), ...NATIVE_ONLY_PROVIDERS.map((provider) => new NativeOnlyStrategy(provider))].map(
    (strategy) => [strategy.id, strategy],
  ),
);

const aNativeCall = (path: string, rest: Partial<NativeCall> = {}): NativeCall => ({
  method: 'POST',
  path,
  request: { model: '', stream: false },
  raw: Buffer.from('{}'),
  upload: null,
  headers: ['content-type', 'application/json'],
  credentials: [],
  ...rest,
});

const keyOf = (secret: string, rest: Partial<ProviderCredential> = {}): ProviderCredential => ({
  source: 'stored',
  alias: 'default',
  keyId: 'key-1',
  secret: new Secret(secret),
  settings: {},
  ...rest,
});

const OWN = { source: 'inline', alias: null, keyId: null } as const;
const AWS = JSON.stringify({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-access-key', region: 'eu-west-1' });

function build(id: string, call: NativeCall, rest: Partial<ProviderTarget> = {}) {
  const strategy = strategies.get(id)!;
  const { origin, path, headers } = strategy.native.buildRequest(call, aTarget(strategy, rest));
  const named = Object.fromEntries(
    headers.flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, headers[index + 1]!]] : [])),
  );
  return { url: origin + path, headers: named };
}

describe('native addresses', () => {
  it.each([
    ['openai', '/files?limit=1', 'https://api.openai.com/v1/files?limit=1'],
    ['openai', '/v1/files', 'https://api.openai.com/v1/files'],
    ['openai', '/v1beta/x', 'https://api.openai.com/v1/v1beta/x'],
    ['anthropic', '/messages', 'https://api.anthropic.com/v1/messages'],
    ['groq', '/v1/models', 'https://api.groq.com/openai/v1/models'],
    ['groq', '/openai/v1/models', 'https://api.groq.com/openai/v1/models'],
    [
      'azure-openai',
      '/My-Res/dep/embeddings?api-version=1',
      'https://my-res.openai.azure.com/openai/deployments/dep/embeddings?api-version=1',
    ],
    [
      'aws-bedrock',
      '/bedrock-runtime/us-west-2/model/m/invoke',
      'https://bedrock-runtime.us-west-2.amazonaws.com/model/m/invoke',
    ],
    ['aws-bedrock', '/bedrock-mantle/us-west-2/v1/models', 'https://bedrock-mantle.us-west-2.api.aws/v1/models'],
    ['aws-bedrock', '/model/m/converse', 'https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse'],
    [
      'google-vertex-ai',
      '/v1/projects/p/locations/europe-west4/x',
      'https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4/x',
    ],
    [
      'google-vertex-ai',
      '/v1/projects/p/locations/global/x',
      'https://aiplatform.googleapis.com/v1/projects/p/locations/global/x',
    ],
    [
      'google-vertex-ai',
      '/v1/publishers/google/models/m:x',
      'https://aiplatform.googleapis.com/v1/publishers/google/models/m:x',
    ],
    ['baseten', '/model/abc123/development/predict', 'https://model-abc123.api.baseten.co/development/predict'],
    ['workers-ai', '/@cf/a/b', 'https://api.cloudflare.com/client/v4/accounts/account-1/ai/run/@cf/a/b'],
    ['replicate', '/predictions', 'https://api.replicate.com/v1/predictions'],
  ])('%s %s is %s', (id, path, url) => {
    expect(build(id, aNativeCall(path)).url).toBe(url);
  });

  it.each([
    ['google-ai-studio', '/v1beta/models/gemini-2.5-flash:generateContent', 'gemini-2.5-flash'],
    ['aws-bedrock', '/bedrock-runtime/us-east-1/model/a.b-v1%3A0/invoke', 'a.b-v1:0'],
    ['azure-openai', '/res/my-deployment/chat/completions', 'my-deployment'],
    ['azure-openai', '/res/openai/v1/responses', ''],
    ['workers-ai', '/run/@cf/meta/llama', '@cf/meta/llama'],
    ['huggingface', '/org/model', 'org/model'],
    ['huggingface', '/v1/chat/completions', ''],
    ['fal', '/fal-ai/flux/dev', 'fal-ai/flux/dev'],
    ['deepgram', '/v1/listen?model=nova-3&x=1', 'nova-3'],
    ['replicate', '/v1/models/a/b/predictions', 'a/b'],
    ['openai', '/models/gpt-5', ''],
  ])('%s %s names the model %j', (id, path, model) => {
    expect(strategies.get(id)?.native.modelIn(path)).toBe(model);
  });

  it('signs for the region of the path with the stored AWS keys, and leaves the secret here', () => {
    const credential = keyOf(AWS);

    const { url, headers } = build('aws-bedrock', aNativeCall('/bedrock-runtime/us-west-2/model/m%3A0/invoke'), {
      credential,
    });

    expect(url).toBe('https://bedrock-runtime.us-west-2.amazonaws.com/model/m%3A0/invoke');
    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-west-2\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
    expect(JSON.stringify(headers)).not.toContain('secret-access-key');
  });

  it('cannot sign a body that is still coming', () => {
    const upload = { stream: null as never, length: 5 };

    expect(() => build('aws-bedrock', aNativeCall('/model/m/invoke', { upload }), { credential: keyOf(AWS) })).toThrow(
      expect.objectContaining({ key: 'request_too_large' }),
    );
  });

  it('lets a signature of the caller’s own travel as it is', () => {
    const credentials = ['authorization', 'AWS4-HMAC-SHA256 Credential=X', 'x-amz-date', '20260101T000000Z'];

    const { headers } = build('aws-bedrock', aNativeCall('/model/m/invoke', { credentials }), {
      credential: keyOf('AWS4', OWN),
    });

    expect(headers).toMatchObject({ authorization: 'AWS4-HMAC-SHA256 Credential=X', 'x-amz-date': '20260101T000000Z' });
  });

  it.each([
    ['stored', keyOf('bedrock-api-key'), []],
    ['the caller’s own', keyOf('bedrock-api-key', OWN), ['authorization', 'Bearer bedrock-api-key']],
  ])('moves a bearer to where Anthropic’s Messages look for it on Mantle: %s', (_name, credential, credentials) => {
    const { headers } = build(
      'aws-bedrock',
      aNativeCall('/bedrock-mantle/us-east-1/anthropic/v1/messages', { credentials }),
      { credential },
    );

    expect([headers['x-api-key'], headers['authorization']]).toEqual(['bedrock-api-key', undefined]);
  });

  it('shows a token in the place of a service account, be it stored or the caller’s own', () => {
    const account = JSON.stringify({ type: 'service_account', client_email: 'a@b.c', private_key: 'PRIVATE' });
    const path = '/v1/projects/p/locations/us-central1/publishers/google/models/m:generateContent';
    const stored = build('google-vertex-ai', aNativeCall(path), {
      credential: keyOf(account),
      accessToken: 'ya29.token',
    });
    const sent = aNativeCall(path, {
      credentials: ['authorization', `Bearer ${Buffer.from(account).toString('base64')}`],
    });
    const own = build('google-vertex-ai', sent, { credential: keyOf(account, OWN), accessToken: 'ya29.token' });

    expect([stored.headers['authorization'], own.headers['authorization']]).toEqual([
      'Bearer ya29.token',
      'Bearer ya29.token',
    ]);
  });

  it('adds the headers of the stored key’s settings, which win, and keeps what only the gateway reads', () => {
    const credential = keyOf('k-0123456789', { settings: { headers: { 'x-org': 'key', host: 'evil' } } });
    const headers = ['x-org', 'caller', 'x-fal-target-url', 'https://queue.fal.run/a?b=1'];

    const { url, headers: sent } = build('fal', aNativeCall('', { headers }), { credential });

    expect(url).toBe('https://queue.fal.run/a?b=1');
    expect(sent).toEqual({ authorization: 'Key k-0123456789', 'x-org': 'key' });
  });

  it.each([...strategies.keys()])('%s: no path leaves its place', (id) => {
    for (const path of ['/../x', '/v1/..', '/a/%2e%2e/b', '/a/.%2E/b', '/a%2f..%2fb', '/a/..;/b', '/a\\..\\b', '/./x'])
      expect(() => build(id, aNativeCall(path))).toThrow(GatewayError);
    expect(() => strategies.get(id)?.native.modelIn('/%E0%A4%A')).not.toThrow();
  });
});
