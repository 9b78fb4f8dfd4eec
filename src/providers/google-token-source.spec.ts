import { createVerify, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aTarget } from '../../test/support/chat-streams.js';
import { json, StubUpstream, text } from '../../test/support/stub-upstream.js';
import { Clock } from '../common/clock.js';
import { Secret } from '../common/secret.js';
import type { transportConfig } from '../config/transport.config.js';
import { AttemptClocks } from '../transport/attempt-clocks.service.js';
import { HttpTransport } from '../transport/http-transport.service.js';
import { GoogleTokenSource } from './google-token-source.service.js';
import { GoogleVertexAiStrategy } from './google-vertex-ai/google-vertex-ai.strategy.js';
import { ProviderRegistry } from './provider.registry.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const strategy = new GoogleVertexAiStrategy();

class StillClock extends Clock {
  at = Date.now();
  override now(): number {
    return this.at;
  }
}

describe('GoogleTokenSource', () => {
  let upstream: StubUpstream;
  let transport: HttpTransport;
  let clock: StillClock;
  let clocks: AttemptClocks;
  let tokens: GoogleTokenSource;

  const sourceWith = ({
    operator = upstream.origin,
    ...rest
  }: { operator?: string | null; egressAllowPrivate?: boolean } = {}): GoogleTokenSource => {
    const config: ReturnType<typeof transportConfig> = {
      connectTimeoutMs: 1000,
      headersTimeoutMs: 1000,
      firstTokenTimeoutMs: 1000,
      totalTimeoutMs: 0,
      idleTimeoutMs: 1000,
      maxAnswerBytes: 1000,
      providerBaseUrls: operator === null ? {} : { 'google-vertex-ai': operator },
      egressAllowPrivate: false,
      ...rest,
    };
    transport = new HttpTransport(config);
    const registry = new ProviderRegistry([strategy], config, { sandbox: false });
    for (const origin of registry.origins()) transport.trust(origin);
    return new GoogleTokenSource(transport, clocks, clock, config, registry);
  };

  const targetOf = (account: Record<string, unknown> = {}, secret?: string) =>
    aTarget(strategy, {
      credential: {
        source: 'stored',
        alias: 'default',
        keyId: 'key-1',
        settings: {},
        secret: new Secret(
          secret ??
            JSON.stringify({
              type: 'service_account',
              client_email: 'robot@p.iam.gserviceaccount.com',
              private_key: privateKey,
              project_id: 'p',
              token_uri: `${upstream.origin}/token`,
              ...account,
            }),
        ),
      },
    });

  const granted = (token: string, seconds = 3600) =>
    json(200, { access_token: token, expires_in: seconds, token_type: 'Bearer' });

  beforeEach(async () => {
    upstream = await StubUpstream.start();
    clock = new StillClock();
    clocks = new AttemptClocks();
    tokens = sourceWith();
  });

  afterEach(async () => {
    await transport.onApplicationShutdown();
    clocks.onApplicationShutdown();
    await upstream.close();
  });

  it('changes a service account for a token by a signed assertion', async () => {
    upstream.replies(granted('ya29.one'));

    const target = await tokens.withToken(targetOf());

    expect(target.accessToken).toBe('ya29.one');
    const form = new URLSearchParams(upstream.last.body.toString());
    expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
    expect(createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(publicKey, signature, 'base64url')).toBe(true);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
      iss: 'robot@p.iam.gserviceaccount.com',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    });
  });

  it('asks once for many calls at once, and keeps the token until shortly before its end', async () => {
    upstream.replies(granted('ya29.one'), granted('ya29.two'));

    const first = await Promise.all(Array.from({ length: 20 }, () => tokens.withToken(targetOf())));
    clock.at += 50 * 60_000;
    const kept = await tokens.withToken(targetOf());
    clock.at += 6 * 60_000;
    const renewed = await tokens.withToken(targetOf());

    expect(new Set(first.map(({ accessToken }) => accessToken))).toEqual(new Set(['ya29.one']));
    expect([kept.accessToken, renewed.accessToken]).toEqual(['ya29.one', 'ya29.two']);
    expect(upstream.received).toHaveLength(2);
  });

  it('keeps tokens apart by the key, not by its name, and forgets one that was refused', async () => {
    upstream.replies(granted('ya29.one'), json(400, { error: 'invalid_grant' }), granted('ya29.three'));
    const other = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey;
    await tokens.withToken(targetOf());

    await expect(tokens.withToken(targetOf({ private_key: other }))).rejects.toMatchObject({ status: 401 });
    tokens.forget(targetOf());

    expect((await tokens.withToken(targetOf())).accessToken).toBe('ya29.three');
  });

  it('goes on with a token that still works when no new one is to be had', async () => {
    upstream.replies(granted('ya29.one'), json(400, { error: 'temporarily' }));
    await tokens.withToken(targetOf());
    clock.at += 57 * 60_000;

    expect((await tokens.withToken(targetOf())).accessToken).toBe('ya29.one');
    clock.at += 4 * 60_000;
    await expect(tokens.withToken(targetOf())).rejects.toMatchObject({ status: 401 });
  });

  it.each([
    ['an access token', 'ya29.mine'],
    ['an API key', `AIza${'x'.repeat(35)}`],
  ])('leaves %s alone', async (_name, secret) => {
    const target = targetOf({}, secret);

    expect(await tokens.withToken(target)).toBe(target);
    expect(upstream.received).toHaveLength(0);
  });

  it.each([
    [
      'a refusal',
      json(400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }),
      { key: 'upstream_error', status: 401, code: 'invalid_api_key', retryable: false },
      /robot@p.*invalid_grant: Invalid JWT Signature/,
    ],
    ['an answer without a token', json(200, {}), { key: 'upstream_failed', status: 502 }, /no token/],
    ['a page', text(403, '<html>no</html>'), { key: 'upstream_error', status: 401 }, /status 403/],
  ])('says what is wrong with %s', async (_name, reply, error, message) => {
    upstream.replies(reply);

    const outcome = tokens.withToken(targetOf());

    await expect(outcome).rejects.toMatchObject({ ...error, message: expect.stringMatching(message) });
    await expect(outcome).rejects.not.toMatchObject({ message: expect.stringContaining('PRIVATE KEY') });
  });

  it('says that a key cannot be signed with', async () => {
    const target = targetOf({ private_key: '-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n' });

    await expect(tokens.withToken(target)).rejects.toMatchObject({
      status: 401,
      message: expect.stringMatching(/private key of .*robot@p/),
    });
    expect(upstream.received).toHaveLength(0);
  });

  it('tells when the endpoint cannot be reached', async () => {
    await upstream.close();

    await expect(tokens.withToken(targetOf())).rejects.toMatchObject({
      key: 'upstream_failed',
      message: expect.stringContaining('connect_failed'),
    });
    upstream = await StubUpstream.start();
  });

  it.each([
    ['a stranger', (): string => 'https://evil.example/token', { operator: null }],
    ["the gateway's own network", (): string => `${upstream.origin}/token`, { operator: null }],
    ['a neighbour of the operator', (): string => 'http://127.0.0.1:1/token', {}],
  ])('never asks %s that a stored key points at', async (_name, uri, options) => {
    tokens = sourceWith(options);

    await expect(tokens.withToken(targetOf({ token_uri: uri() }))).rejects.toMatchObject({
      key: 'missing_provider_key',
      message: expect.stringContaining('token_uri'),
    });
    expect(upstream.received).toHaveLength(0);
  });

  it('asks anywhere where private addresses are allowed', async () => {
    tokens = sourceWith({ operator: null, egressAllowPrivate: true });
    upstream.replies(granted('ya29.private'));

    expect((await tokens.withToken(targetOf())).accessToken).toBe('ya29.private');
  });
});
