import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { anEvent, anException, encodeFrames, encodeLines, type Frame } from '../../../test/support/bedrock-frames.js';
import { aCall, aTarget, joinStream, readStream } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { assertEgressAllowed } from '../../common/egress-policy.js';
import { Secret } from '../../common/secret.js';
import type { ProviderCredential } from '../provider-strategy.js';
import { BedrockStrategy } from './aws-bedrock.strategy.js';

const line = (frame: Frame): string => `${JSON.stringify(frame)}\n`;
const broken = (type: string, rest: Record<string, unknown>) =>
  [type, line(anException(type, 'It broke.')), { key: 'upstream_error', message: 'It broke.', ...rest }] as const;

describe('BedrockStrategy', () => {
  const strategy = new BedrockStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)), {
    path: /\/model\/some-model\/converse$/,
    framing: {
      extension: 'stream.jsonl',
      separator: '\n',
      encode: encodeLines,
      broken: [
        ['an event that is no JSON', encodeFrames([{ ...anEvent('contentBlockDelta', ''), payload: '{"delta":' }])],
        ['a page instead of events', Buffer.from('<html>\n\n<body>Bad gateway</body>\n\n')],
        ['an end without a reason', encodeFrames([anEvent('messageStop', {})])],
      ],
    },
    streamErrors: [
      broken('throttlingException', { status: 429, code: 'rate_limit_exceeded', retryable: true }),
      broken('modelStreamErrorException', { status: 502, code: 'provider_error', retryable: true }),
      broken('validationException', { status: 400, type: 'invalid_request_error', retryable: false }),
      broken('internalServerException', { status: 500, retryable: true }),
      broken('serviceUnavailableException', { status: 503, code: 'overloaded' }),
      broken('aNewException', { status: 502, retryable: true }),
      [
        'an error that is no exception',
        line({
          headers: { ':message-type': 'error', ':error-code': 'InternalServerError', ':error-message': 'It broke.' },
          payload: '',
        }),
        { key: 'upstream_error', message: 'It broke.' },
      ],
    ],
  });

  const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const stored = (secret: unknown, settings: Record<string, unknown> = {}): ProviderCredential => ({
    ...aTarget(strategy).credential!,
    secret: new Secret(typeof secret === 'string' ? secret : JSON.stringify(secret)),
    settings,
  });
  const inline = (secret: string): ProviderCredential => ({ ...stored(secret), source: 'inline', alias: null });
  const built = (credential: ProviderCredential, rest: Record<string, unknown> = {}, body = {}) => {
    const { headers, ...request } = strategy.buildChatRequest(aCall(body), aTarget(strategy, { credential, ...rest }));
    const pairs = headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]]] : []));
    return { ...request, headers: z.record(z.string(), z.string()).parse(Object.fromEntries(pairs)) };
  };

  describe('goes to a region', () => {
    it.each([
      ['that the keys name', stored({ ...KEYS, region: 'eu-west-1' }, { region: 'us-west-2' }), 'eu-west-1'],
      ['that the settings name', stored(KEYS, { region: 'us-west-2' }), 'us-west-2'],
      [
        'that the settings name for a bearer',
        stored('bedrock-api-key', { region: 'ap-southeast-2' }),
        'ap-southeast-2',
      ],
      ['that is the default', stored(KEYS), 'us-east-1'],
      ['that is the default for an inline key', inline('bedrock-api-key'), 'us-east-1'],
    ])('%s', (_name, credential, region) => {
      const { origin } = built(credential);

      expect(origin).toBe(`https://bedrock-runtime.${region}.amazonaws.com`);
      // No region's origin but one is trusted by name: each must do without.
      expect(() => assertEgressAllowed(origin, { allowPrivate: false })).not.toThrow();
    });

    it("but not past an operator's or a stored key's own address", () => {
      const base = { origin: 'https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com', pathPrefix: '/x' };

      const { origin, path, headers } = built(stored({ ...KEYS, region: 'eu-west-1' }), { base });

      expect([origin, path]).toEqual([base.origin, '/x/model/some-model/converse']);
      expect(headers['authorization']).toContain('/eu-west-1/bedrock/aws4_request');
    });

    it.each([
      ['keys without a secret', { accessKeyId: 'A' }, 'secretAccessKey'],
      ['a region that is none', { ...KEYS, region: 'evil.example.com/' }, 'region'],
      ['JSON that breaks off', '{"accessKeyId": "A"', 'no JSON'],
    ])('and refuses %s', (_name, secret, word) => {
      expect(() => built(stored(secret))).toThrow(
        expect.objectContaining({ key: 'missing_provider_key', message: expect.stringContaining(word) as unknown }),
      );
    });

    it('and refuses settings with a region that is none', () => {
      expect(() => built(stored('key', { region: 'a.b' }))).toThrow(
        expect.objectContaining({ key: 'missing_provider_key' }),
      );
    });
  });

  it("signs with AWS's keys as of the call's time, and never sends the secret", () => {
    const { headers, body, path } = built(stored({ ...KEYS, sessionToken: 'SESSION' }));

    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20251123\/us-east-1\/bedrock\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
    expect(headers).toMatchObject({ 'x-amz-date': '20251123T121320Z', 'x-amz-security-token': 'SESSION' });
    expect(JSON.stringify([headers, path]) + String(body)).not.toContain(KEYS.secretAccessKey);
  });

  it('lets no header of the caller stand in the place of what is signed', () => {
    const call = { ...aCall(), headers: ['x-amz-date', 'yesterday', 'x-amz-security-token', 'mine', 'x-trace', 'abc'] };
    const target = aTarget(strategy, { credential: stored({ ...KEYS, sessionToken: 'SESSION' }) });

    const { headers } = strategy.buildChatRequest(call, target);

    expect(headers).not.toContain('yesterday');
    expect(headers).not.toContain('mine');
    expect(headers).toContain('abc');
  });

  it.each([
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'us.anthropic.claude-sonnet-4-5-20250929-v1%3A0'],
    [
      'arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.amazon.nova-pro-v1:0',
      'arn%3Aaws%3Abedrock%3Aus-east-1%3A000000000000%3Ainference-profile%2Fus.amazon.nova-pro-v1%3A0',
    ],
  ])('encodes the model %s in the path, and asks for a stream there', (model, encoded) => {
    const { path, headers, body } = built(stored('key'), { model }, { stream: true });

    expect(path).toBe(`/model/${encoded}/converse-stream`);
    expect(headers['accept']).toBe('application/vnd.amazon.eventstream');
    expect(String(body)).not.toContain('stream');
  });

  describe('reads errors', () => {
    const errorOf = (status: number, type: string | null, body: unknown, credential = stored(KEYS)) =>
      strategy.readError(
        { status, headers: type === null ? {} : { 'x-amzn-errortype': type }, body: Buffer.from(JSON.stringify(body)) },
        aTarget(strategy, { credential }),
      );

    it.each([
      [
        400,
        'ValidationException:http://internal.amazon.com/',
        'The provided model identifier is invalid.',
        400,
        'model_not_found',
      ],
      [400, 'ValidationException', 'Input is too long for requested model.', 400, 'context_length_exceeded'],
      [400, null, 'The provided model identifier is invalid.', 400, 'model_not_found'],
      [403, 'ExpiredTokenException:http://internal.amazon.com/', 'It expired.', 401, 'invalid_api_key'],
      [403, 'UnrecognizedClientException', 'It is invalid.', 401, 'invalid_api_key'],
      [403, 'InvalidSignatureException', 'It does not match.', 401, 'invalid_api_key'],
      [403, 'AccessDeniedException', 'You may not.', 403, null],
      [404, 'ResourceNotFoundException', 'It is not there.', 404, 'model_not_found'],
      [429, 'ModelNotReadyException', 'Not yet.', 429, 'rate_limit_exceeded'],
      [400, 'ServiceQuotaExceededException', 'Too much.', 429, 'rate_limit_exceeded'],
      [408, 'ModelTimeoutException', 'Too slow.', 504, 'timeout'],
      [424, 'ModelErrorException', 'It broke.', 502, 'provider_error'],
      [503, 'ServiceUnavailableException', 'Busy.', 503, 'overloaded'],
    ])('%i %s', (status, type, message, mapped, code) => {
      expect(errorOf(status, type, { message })).toMatchObject({ status: mapped, code });
    });

    it("in the service's front's own spelling", () => {
      expect(errorOf(403, 'AccessDeniedException', { Message: 'You may not.' }).message).toContain('You may not.');
    });

    it('without any part of the secret', () => {
      const secret = { ...KEYS, sessionToken: 'FwoGZXIvYXdzEJr//////////wEaDExample' };
      const echoed = `Canonical: x-amz-security-token:${secret.sessionToken} ${secret.secretAccessKey} ${KEYS.accessKeyId}`;

      const { message, details } = errorOf(403, 'InvalidSignatureException', { message: echoed }, stored(secret));

      const told = message + JSON.stringify(details.metadata);
      for (const part of Object.values(secret)) expect(told).not.toContain(part);
      expect(message).toContain('Canonical');
    });
  });

  describe('reads streams', () => {
    const read = (frames: readonly Frame[], body: Record<string, unknown> = {}) =>
      readStream(strategy, [encodeFrames(frames)], aCall({ stream: true, ...body }));
    const delta = (index: number, of: Record<string, unknown>): Frame =>
      anEvent('contentBlockDelta', { contentBlockIndex: index, delta: of });

    it('with usage before the end, and without any', () => {
      const stop = anEvent('messageStop', { stopReason: 'max_tokens' });
      const metadata = anEvent('metadata', { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } });

      const early = read([delta(0, { text: 'Hi' }), metadata, stop]);
      const without = read([delta(0, { text: 'Hi' }), stop]);

      expect(early.translator.facts).toEqual({
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
        finishReason: 'length',
        events: 3,
      });
      expect(without.translator.facts).toEqual({ finishReason: 'length', events: 2 });
      for (const { text } of [early, without])
        expect(joinStream(text)).toMatchObject({ content: 'Hi', finishReasons: ['length'], dones: 1 });
    });

    it('passing over what the service runs itself', () => {
      const { text } = read([
        anEvent('contentBlockStart', {
          contentBlockIndex: 0,
          start: { toolUse: { toolUseId: 't', name: 'nova_grounding', type: 'server_tool_use' } },
        }),
        delta(0, { toolUse: { input: '{"query":"x"}' } }),
        anEvent('contentBlockStop', { contentBlockIndex: 0 }),
        anEvent('contentBlockStart', { contentBlockIndex: 1, start: { toolResult: { toolUseId: 't' } } }),
        delta(1, { toolResult: [{ text: 'hidden' }] }),
        anEvent('contentBlockStop', { contentBlockIndex: 1 }),
        delta(2, { text: 'It is so.' }),
        delta(2, { citation: { location: { web: { url: 'https://example.com/a', domain: 'example.com' } } } }),
        anEvent('contentBlockStop', { contentBlockIndex: 2 }),
        anEvent('messageStop', { stopReason: 'end_turn' }),
        anEvent('someday', { new: true }),
      ]);

      expect(joinStream(text)).toMatchObject({ content: 'It is so.', toolCalls: [], finishReasons: ['stop'] });
      expect(text).toContain(
        '"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":9,"title":"example.com","url":"https://example.com/a"}}]',
      );
    });

    it('with redacted thinking, which fits at Anthropic as well', () => {
      const data = 'EtkECkgIBxABGAIq';
      const { text } = read([
        delta(0, { reasoningContent: { redactedContent: Buffer.from(data).toString('base64') } }),
        anEvent('contentBlockStop', { contentBlockIndex: 0 }),
        anEvent('contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId: 'a', name: 'f' } } }),
        anEvent('contentBlockStop', { contentBlockIndex: 1 }),
        anEvent('messageStop', { stopReason: 'tool_use' }),
      ]);

      const detail = { type: 'reasoning.encrypted', data, format: 'anthropic-claude-v1', index: 0 };
      expect(text).toContain(`"reasoning_details":[${JSON.stringify(detail)}]`);
      expect(text).toContain(`"extra_content":{"anthropic":{"reasoning_details":[${JSON.stringify(detail)}]}}`);
    });

    it('as failed when the model said nothing that could be read', () => {
      const malformed = anEvent('messageStop', { stopReason: 'malformed_tool_use' });

      expect(read([malformed]).translator.error).toMatchObject({ key: 'upstream_failed', status: 502 });
      expect(joinStream(read([delta(0, { text: 'Well.' }), malformed]).text).finishReasons).toEqual(['stop']);
    });

    it("with the guardrail's trace and the tier beside the finish", () => {
      const { text } = read([
        delta(0, { text: 'Blocked.' }),
        anEvent('messageStop', { stopReason: 'guardrail_intervened', additionalModelResponseFields: { a: 1 } }),
        anEvent('metadata', { trace: { guardrail: { actionReason: 'x' } }, serviceTier: { type: 'flex' } }),
      ]);

      expect(text).toContain('"finish_reason":"content_filter","native_finish_reason":"guardrail_intervened"');
      expect(text).toContain(
        '"additionalModelResponseFields":{"a":1},"service_tier":"flex","trace":{"guardrail":{"actionReason":"x"}}',
      );
    });

    it('of a tool that stands for the schema, as the text it is', () => {
      const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] };
      const body = { response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } };
      const call = aCall({ stream: true, ...body });
      const target = aTarget(strategy, { model: 'us.amazon.nova-pro-v1:0' });
      const translator = strategy.openChatStream(call, target);

      const out = translator.push(
        encodeFrames([
          anEvent('contentBlockStart', {
            contentBlockIndex: 0,
            start: { toolUse: { toolUseId: 'a', name: 'give_answer' } },
          }),
          delta(0, { toolUse: { input: '{"a":' } }),
          delta(0, { toolUse: { input: '1}' } }),
          anEvent('contentBlockStop', { contentBlockIndex: 0 }),
          anEvent('messageStop', { stopReason: 'tool_use' }),
        ]),
      );

      const text = Buffer.concat([...out, ...translator.end()]).toString();
      expect(joinStream(text)).toMatchObject({ content: '{"a":1}', toolCalls: [], finishReasons: ['stop'] });
    });
  });
});
