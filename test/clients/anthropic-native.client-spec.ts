import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import { hasFixtures, readExchanges, type RecordedExchange } from '../support/fixtures.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, StubUpstream, text, type StubReply } from '../support/stub-upstream.js';
import { ANTHROPIC_SDKS } from './anthropic-sdks.js';
import { bothWays, meaningOf } from './both-ways.js';

/** Anthropic's SDK on `/anthropic`: what it reads, and what Anthropic receives, is what it would be without the gateway. */

const KEY = 'sk-ant-stored-key-0123456789';
const OWN = 'sk-ant-own-key-0123456789';

let upstream: StubUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  gateway = await startGateway({ PROVIDER_BASE_URLS: JSON.stringify({ anthropic: `${upstream.origin}/anthropic` }) });
  await gateway.admin('POST', '/ai-gateway/gateways', {
    id: 'without-keys',
    cache_invalidate_on_update: false,
    cache_ttl: 0,
    collect_logs: true,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
  });
  await gateway.storeKey('anthropic', KEY);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** A conversation with everything in it that the gateway knows of, and something it does not. */
const CONVERSATION = {
  model: 'claude-haiku-4-6',
  max_tokens: 2048,
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  thinking: { type: 'enabled', budget_tokens: 1024 },
  tools: [
    { name: 'weather', description: 'd', input_schema: { type: 'object', properties: { city: { type: 'string' } } } },
  ],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?  é 漢' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmF0dXJl' },
        { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
        { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'rain' }] },
  ],
  a_field_of_tomorrow: { x: 1.0 },
};

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-6',
  content: [
    { type: 'thinking', thinking: 'Rain.', signature: 'c2ln' },
    { type: 'text', text: 'It rains.' },
  ],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 20, output_tokens: 9, service_tier: 'standard' },
};

const events = (...of: readonly { readonly type: string }[]): string =>
  of.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
const stream = (body: string): StubReply => text(200, body, 'text/event-stream; charset=utf-8');

describe.each(ANTHROPIC_SDKS)('%s', (name, Sdk) => {
  const isOld = name.includes('0.');
  const bases = () => ({ direct: `${upstream.origin}/anthropic`, gateway: `${gateway.base}/anthropic` });
  const sdk = (baseURL: string, options: ConstructorParameters<typeof Anthropic>[0] = {}): Anthropic =>
    new Sdk({ apiKey: ADMIN_TOKEN, baseURL, maxRetries: 0, ...options });

  it('79 · creates a message: nothing of what is asked or answered is touched', async () => {
    const { direct, passed } = await bothWays(upstream, bases(), json(200, MESSAGE), (base) =>
      sdk(base).messages.create(CONVERSATION as never),
    );

    expect(passed.result).toEqual(direct.result);
    expect(meaningOf(passed.request)).toEqual(meaningOf(direct.request));
    expect(passed.request.json()).toEqual(CONVERSATION);
  });

  const recorded: readonly RecordedExchange[] = readExchanges('anthropic', ['chat']).filter(
    ({ sse, status }) => sse !== null && status === 200,
  );
  (hasFixtures ? describe : describe.skip)('on recordings', () => {
    it('80 · streams what was recorded: each event, and the message they make', async () => {
      let whole = 0;
      for (const { id, sse } of recorded) {
        const { direct, passed } = await bothWays(upstream, bases(), stream(sse ?? ''), async (base) => {
          const seen: string[] = [];
          const messages = sdk(base).messages.stream({ ...CONVERSATION, stream: true } as never);
          // Not every recording is a stream that this SDK takes; what it thinks of it must be the same all the same.
          const read = async () => {
            for await (const event of messages) seen.push(event.type);
            return messages.finalMessage();
          };
          return { seen, message: await read().catch((error: unknown) => String(error)) };
        });

        expect([id, passed.result]).toEqual([id, direct.result]);
        if (typeof passed.result.message !== 'string') whole++;
      }
      expect(whole).toBeGreaterThan(20);
    });
  });

  it('80 · gives pings and errors of a stream, by their event lines', async () => {
    const body = events(
      { type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null } } as never,
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as never,
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'It' } } as never,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } as never,
    );
    const raw = async (base: string) => {
      const response = await fetch(`${base}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': ADMIN_TOKEN },
        body: JSON.stringify({ ...CONVERSATION, stream: true }),
      });
      return response.text();
    };
    upstream.replies(stream(body));
    const bytes = await raw(bases().gateway);
    const { direct, passed } = await bothWays(upstream, bases(), stream(body), async (base) => {
      const seen: string[] = [];
      try {
        const messages = await sdk(base).messages.create({ ...CONVERSATION, stream: true } as never);
        for await (const event of messages as unknown as AsyncIterable<{ type: string }>) seen.push(event.type);
      } catch (error) {
        seen.push(error instanceof Error ? error.message : 'no error');
      }
      return seen;
    });

    expect(bytes).toBe(body);
    expect(passed.result).toEqual(direct.result);
    expect(passed.result.at(-1)).toContain('Overloaded');
  });

  it.each([
    ['a token as the key', () => sdk(bases().gateway), KEY],
    ['a token as a bearer', () => sdk(bases().gateway, { apiKey: null, authToken: ADMIN_TOKEN }), KEY],
    [
      "the caller's own key",
      () => sdk(bases().gateway, { apiKey: OWN, defaultHeaders: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` } }),
      OWN,
    ],
    [
      "the caller's own bearer",
      () =>
        sdk(bases().gateway, {
          apiKey: null,
          authToken: OWN,
          defaultHeaders: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
        }),
      OWN,
    ],
  ] as const)('81 · shows Anthropic one key, and no token: %s', async (_name, client, key) => {
    upstream.replies(json(200, MESSAGE));

    await client().messages.create(CONVERSATION as never);

    const { headers } = upstream.last;
    const shown = [headers['x-api-key'], headers.authorization?.replace('Bearer ', '')].filter(
      (value) => value !== undefined,
    );
    expect(shown).toEqual([key]);
    expect(JSON.stringify(headers)).not.toContain(ADMIN_TOKEN);
    expect(headers).not.toHaveProperty('cf-aig-authorization');
  });

  it('82 · leaves version, betas and the query as they were sent', async () => {
    const { direct, passed } = await bothWays(upstream, bases(), json(200, MESSAGE), (base) =>
      sdk(base).beta.messages.create({ ...CONVERSATION, betas: ['files-api-2025-04-14', 'x-2026-01-01'] } as never),
    );

    expect(meaningOf(passed.request)).toEqual(meaningOf(direct.request));
    expect(passed.request.headers).toMatchObject({
      'anthropic-version': isOld ? '2023-06-01' : '2026-10-21',
      'anthropic-beta': expect.stringContaining('x-2026-01-01'),
    });
    expect(passed.request.path).toBe(isOld ? '/anthropic/v1/messages?beta=true' : '/anthropic/v1/messages');
  });

  it('83 · counts tokens, and lists models to the last page', async () => {
    const counted = await bothWays(upstream, bases(), json(200, { input_tokens: 14 }), (base) => {
      const { model, messages, system } = CONVERSATION;
      return sdk(base).messages.countTokens({ model, messages, system } as never);
    });
    const pages: StubReply = (response, request) => {
      const isFirst = !request.path.includes('after_id');
      const id = isFirst ? 'claude-a' : 'claude-b';
      const page = { data: [{ type: 'model', id, display_name: id }], has_more: isFirst, first_id: id, last_id: id };
      return json(200, page)(response, request);
    };
    const listed = await bothWays(upstream, bases(), pages, async (base) => {
      const ids: string[] = [];
      for await (const { id } of sdk(base).models.list({ limit: 1 })) ids.push(id);
      return ids;
    });

    expect(counted.passed.result).toEqual({ input_tokens: 14 });
    expect(meaningOf(counted.passed.request)).toEqual(meaningOf(counted.direct.request));
    expect(listed.passed.result).toEqual(['claude-a', 'claude-b']);
    expect(meaningOf(listed.passed.request)).toEqual(meaningOf(listed.direct.request));
  });

  it.each([
    [400, 'invalid_request_error', Sdk.BadRequestError],
    [401, 'authentication_error', Sdk.AuthenticationError],
    [404, 'not_found_error', Sdk.NotFoundError],
    [429, 'rate_limit_error', Sdk.RateLimitError],
    [529, 'overloaded_error', Sdk.InternalServerError],
  ])('84 · throws a %i as the class it is, with type and request id', async (status, type, Class) => {
    const body = { type: 'error', error: { type, message: 'Not now' }, request_id: 'req_011' };
    const reply = json(status, body, { 'request-id': 'req_011' });
    const { direct, passed } = await bothWays(upstream, bases(), reply, async (base) => {
      const error: unknown = await sdk(base)
        .messages.create(CONVERSATION as never)
        .catch((thrown: unknown) => thrown);
      if (!(error instanceof Sdk.APIError)) throw error;
      const { message, requestID, error: told } = error;
      return { isOfClass: error instanceof Class, message, requestID, told, status: error.status as unknown };
    });

    expect(passed.result).toEqual(direct.result);
    expect(passed.result).toMatchObject({ isOfClass: true, requestID: 'req_011', status, told: body });
  });

  it('84 · is asked again after a 529', async () => {
    const overloaded = json(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } });
    upstream.replies(overloaded, overloaded, json(200, MESSAGE));

    const message = await sdk(bases().gateway, {
      maxRetries: 2,
      fetch: (url, init) => fetch(url, init).then((response) => withoutWait(response)),
    }).messages.create(CONVERSATION as never);

    expect(message.id).toBe('msg_1');
    expect(upstream.received).toHaveLength(3);
  });

  it.each([
    ['no such gateway', () => `${gateway.origin}/v1/default/nowhere/anthropic`, ADMIN_TOKEN, 400, /no gateway/],
    ['a token nobody knows', () => bases().gateway, `aig_${'x'.repeat(43)}`, 401, /token/],
    [
      'no stored key',
      () => `${gateway.origin}/v1/default/without-keys/anthropic`,
      ADMIN_TOKEN,
      401,
      /no stored key for Anthropic/,
    ],
  ])('85 · reads what the gateway refuses: %s', async (_name, base, apiKey, status, message) => {
    const error: unknown = await sdk(base(), { apiKey })
      .messages.create(CONVERSATION as never)
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(Sdk.APIError);
    expect(error).toMatchObject({ status, message: expect.stringMatching(message) });
  });
});

/** The SDK's own pauses are not what is tested. */
function withoutWait(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set('retry-after-ms', '1');
  return new Response(response.body, { status: response.status, headers });
}
