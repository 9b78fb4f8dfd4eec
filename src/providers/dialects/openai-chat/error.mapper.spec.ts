import { describe, expect, it } from '@jest/globals';
import { aTarget } from '../../../../test/support/chat-streams.js';
import { OpenAiStrategy } from '../../openai/openai.strategy.js';
import { toUpstreamError } from './error.mapper.js';

const context = { name: 'Vendor', target: aTarget(new OpenAiStrategy()), rules: [] };
const map = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  toUpstreamError(
    { status, headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) },
    context,
  );

describe('toUpstreamError', () => {
  it.each([
    [
      "OpenAI's form",
      400,
      { error: { message: 'M', type: 'T', param: 'p', code: 'c' } },
      { message: 'M', type: 'T', param: 'p', code: 'c' },
    ],
    [
      'a text',
      404,
      { error: 'The model is not here' },
      { message: 'The model is not here', type: 'invalid_request_error', code: 'model_not_found' },
    ],
    ['a text with a code', 400, { code: 'invalid-argument', error: 'M' }, { message: 'M', code: 'invalid-argument' }],
    [
      'a message',
      401,
      { message: 'Unauthorized', request_id: 'r' },
      { type: 'invalid_request_error', code: 'invalid_api_key' },
    ],
    ['a detail', 400, { detail: 'Not found' }, { message: 'Not found' }],
    [
      'validation details',
      422,
      { detail: [{ loc: ['body', 'a', 0], msg: 'bad' }] },
      { message: 'a.0: bad', param: 'a.0' },
    ],
    ["Cloudflare's list", 500, { success: false, errors: [{ code: 7, message: 'M' }] }, { message: 'M' }],
    ['a list of one', 400, [{ error: { message: 'M', code: 400 } }], { message: 'M', code: null }],
    ['a numeric code', 429, { error: { message: 'M', code: 429 } }, { code: 'rate_limit_exceeded', type: 'requests' }],
    [
      'too long a prompt',
      400,
      { error: { message: "This model's maximum context length is 8192 tokens" } },
      { code: 'context_length_exceeded' },
    ],
    ['no money', 402, { error: { message: 'Pay' } }, { status: 402, code: 'insufficient_quota', retryable: false }],
    ['overload', 503, { error: { message: 'M' } }, { code: 'overloaded', type: 'server_error', retryable: true }],
    ['a forbidden one', 403, { error: { message: 'M' } }, { type: 'permission_error', code: null, retryable: false }],
  ])('reads %s', (_name, status, body, expected) => {
    const error = map(status, body);

    expect(error).toMatchObject({ key: 'upstream_error', ...expected });
    expect(error.details.metadata?.['raw']).toEqual(body);
  });

  it('says what a page says, without its tags', () => {
    const error = map(502, '<html><head><style>p{}</style></head><h1>502 Bad Gateway</h1>cloud</html>');

    expect(error.message).toBe('Vendor answered with status 502: 502 Bad Gateway cloud');
  });

  it('hands on when to try again', () => {
    expect(map(429, {}, { 'retry-after': '3', 'retry-after-ms': '2500', 'x-other': 'y' }).details.headers).toEqual({
      'retry-after': '3',
      'retry-after-ms': '2500',
    });
  });

  it('names the stored key only where one was refused', () => {
    const inline = {
      ...context,
      target: { ...context.target, credential: { ...context.target.credential!, source: 'inline' as const } },
    };
    const answer = { status: 401, headers: {}, body: Buffer.from('{"error":{"message":"No."}}') };

    expect(toUpstreamError(answer, context).message).toBe("No. (Vendor refused the gateway's stored key 'default'.)");
    expect(toUpstreamError(answer, inline).message).toBe('No.');
  });

  it('looks for what a rule is about in as much of a message as it tells', () => {
    const rules = [{ message: /exceeds the maximum.*tokens/, to: { status: 413 } }];
    const said = (message: string) =>
      toUpstreamError(
        { status: 400, headers: {}, body: Buffer.from(JSON.stringify({ error: { message } })) },
        { ...context, rules },
      );
    const from = performance.now();

    expect(said('It exceeds the maximum of 8 tokens.').status).toBe(413);
    // From each of its places on to the end, that would take minutes.
    expect(said('exceeds the maximum '.repeat(50_000)).status).toBe(400);
    expect(performance.now() - from).toBeLessThan(10_000);
  });
});
