import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { AnthropicStrategy } from './anthropic.strategy.js';

const event = (error: Record<string, unknown>): string =>
  `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`;

describe('AnthropicStrategy', () => {
  const strategy = new AnthropicStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)), {
    path: /\/v1\/messages$/,
    credential: { header: 'x-api-key', valueOf: (secret) => secret },
    streamErrors: [
      [
        'an overload',
        event({ details: null, type: 'overloaded_error', message: 'Overloaded' }),
        {
          key: 'upstream_error',
          status: 503,
          type: 'server_error',
          code: 'overloaded',
          retryable: true,
          message: 'Overloaded',
        },
      ],
      [
        'a fault of its own',
        event({ type: 'api_error', message: 'Internal server error' }),
        {
          key: 'upstream_error',
          status: 502,
          type: 'server_error',
          code: null,
          retryable: true,
          message: 'Internal server error',
        },
      ],
      [
        "the caller's fault",
        event({ type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' }),
        {
          key: 'upstream_error',
          status: 400,
          code: 'context_length_exceeded',
          retryable: false,
          message: 'prompt is too long: 210000 tokens > 200000 maximum',
        },
      ],
      [
        'an error without a name',
        'data: {"error":{"message":"It broke."}}\n\n',
        { key: 'upstream_error', status: 502, message: 'It broke.' },
      ],
    ],
  });

  it("names its version, unless the caller or the stored key's settings do", () => {
    const call = aCall();
    const headers = (own: readonly string[]): readonly string[] =>
      strategy.buildChatRequest({ ...call, headers: own }, aTarget(strategy)).headers;

    expect(headers([])).toEqual(expect.arrayContaining(['anthropic-version', '2023-06-01']));
    const own = headers(['anthropic-version', '2026-10-21', 'anthropic-beta', 'context-1m-2025-08-07']);
    expect(own).toEqual(expect.arrayContaining(['2026-10-21', 'anthropic-beta', 'context-1m-2025-08-07']));
    expect(own).not.toContain('2023-06-01');
    const target = aTarget(strategy);
    const settings = { headers: { 'Anthropic-Version': '2026-10-21' } };
    const stored = strategy.buildChatRequest(
      aCall({ temperature: 0.5 }),
      aTarget(strategy, { credential: { ...target.credential!, settings } }),
    );
    expect(stored.headers.filter((value) => value === 'anthropic-version')).toHaveLength(1);
    expect(stored.body?.toString()).not.toContain('temperature');
  });

  it.each([
    ['authentication_error', 401, 'invalid x-api-key', 401, 'invalid_request_error', 'invalid_api_key', false],
    ['permission_error', 403, 'No.', 403, 'permission_error', null, false],
    ['not_found_error', 404, 'model: claude-nope', 404, 'invalid_request_error', 'model_not_found', false],
    ['billing_error', 402, 'No money.', 402, 'insufficient_quota', 'insufficient_quota', false],
    ['request_too_large', 413, 'Too large.', 413, 'invalid_request_error', null, false],
    ['rate_limit_error', 429, 'Slow down.', 429, 'requests', 'rate_limit_exceeded', true],
    ['api_error', 500, 'Oops.', 500, 'server_error', null, true],
    ['timeout_error', 504, 'Late.', 504, 'server_error', 'timeout', true],
    ['overloaded_error', 529, 'Overloaded', 503, 'server_error', 'overloaded', true],
    ['invalid_request_error', 400, 'max_tokens: Field required', 400, 'invalid_request_error', null, false],
  ])('takes %s for what OpenAI calls it', (type, status, message, mapped, mappedType, code, retryable) => {
    const body = Buffer.from(JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' }));

    const error = strategy.readError({ status, headers: { 'request-id': 'req_1' }, body }, aTarget(strategy));

    expect(error).toMatchObject({ status: mapped, type: mappedType, code, retryable });
    expect(error.message).toContain(message);
    expect(error.details.metadata).toMatchObject({ upstream_status: status, upstream_request_id: 'req_1' });
  });
});
