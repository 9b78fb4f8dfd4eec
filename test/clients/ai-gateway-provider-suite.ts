import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type * as ai from 'ai';
import type * as aiGateway from 'ai-gateway-provider';
import type { createAnthropic } from 'ai-gateway-provider/providers/anthropic';
import type { createGoogleGenerativeAI } from 'ai-gateway-provider/providers/google';
import type { createOpenAI } from 'ai-gateway-provider/providers/openai';
import type { createUnified } from 'ai-gateway-provider/providers/unified';
import { z } from 'zod';
import type { CallRecord } from '../../src/accounting/call-record.js';
import { CallRecorder } from '../../src/accounting/call-recorder.service.js';
import { aChunk, aCompletion, aStream } from '../support/builders.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { json, sse, sseHang, StubUpstream, text, type StubReply } from '../support/stub-upstream.js';
import { sendGatewayTrafficTo } from './cloudflare-hosts.js';

/** `ai-gateway-provider` in one of its lines, with the AI SDK it belongs to. What the tests use of them has kept its shape. */
export interface AiGatewayLine {
  readonly name: string;
  readonly ai: typeof ai;
  readonly aiGateway: typeof aiGateway;
  readonly createAnthropic: typeof createAnthropic;
  readonly createGoogle: typeof createGoogleGenerativeAI;
  readonly createOpenAI: typeof createOpenAI;
  readonly createUnified: typeof createUnified;
  /** Version 2 knows neither `byokAlias` nor `zdr`, and hands no abort on. */
  readonly isOldest: boolean;
}

const KEYS = {
  openai: 'sk-stored-key-0123456789',
  anthropic: 'sk-ant-stored-key-0123456789',
  'google-ai-studio': 'AIzaSy-stored-key-0123456789abcdefghij',
};
type Provider = keyof typeof KEYS;
const providers = Object.keys(KEYS) as Provider[];

const aMessage = (content: string) => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5',
  content: [{ type: 'text', text: content }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 4 },
});
const gemini = (content: string) => ({
  candidates: [{ content: { role: 'model', parts: [{ text: content }] }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
});
const aResponse = {
  id: 'resp_1',
  object: 'response',
  created_at: 1_760_000_000,
  status: 'completed',
  model: 'gpt-5',
  output: [
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Hello there.', annotations: [] }],
    },
  ],
  usage: { input_tokens: 9, output_tokens: 4, total_tokens: 13 },
};
const named = (...events: readonly { readonly type: string }[]): StubReply =>
  text(
    200,
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
    'text/event-stream',
  );

/** The same words of each provider, whole and streamed. */
const WHOLE: Readonly<Record<Provider, StubReply>> = {
  openai: json(200, aCompletion('Hello there.')),
  anthropic: json(200, aMessage('Hello there.')),
  'google-ai-studio': json(200, gemini('Hello there.')),
};
const STREAMED: Readonly<Record<Provider, StubReply>> = {
  openai: sse(...aStream('Hello there.')),
  anthropic: named(
    { type: 'message_start', message: { ...aMessage(''), content: [], stop_reason: null } } as never,
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as never,
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello ' } } as never,
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'there.' } } as never,
    { type: 'content_block_stop', index: 0 } as never,
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } } as never,
    { type: 'message_stop' },
  ),
  'google-ai-studio': sse(
    { candidates: [{ content: { role: 'model', parts: [{ text: 'Hello ' }] }, index: 0 }] },
    gemini('there.'),
  ),
};
const PATHS: Readonly<Record<Provider, readonly [whole: string, streamed: string]>> = {
  openai: ['/openai/v1/chat/completions', '/openai/v1/chat/completions'],
  anthropic: ['/anthropic/v1/messages', '/anthropic/v1/messages'],
  'google-ai-studio': [
    '/google-ai-studio/v1beta/models/gemini-2.5-flash:generateContent',
    '/google-ai-studio/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
  ],
};

const ROUTE = [
  { id: 'start', type: 'start', outputs: { next: { elementId: 'first' } } },
  ...(['first', 'second'] as const).map((id) => ({
    id,
    type: 'model',
    properties: {
      provider: id === 'first' ? 'openai' : 'anthropic',
      model: `${id}-model`,
      timeout: 30_000,
      retries: 0,
    },
    outputs: { success: { elementId: 'end' }, fallback: { elementId: id === 'first' ? 'second' : 'end' } },
  })),
  { id: 'end', type: 'end', outputs: {} },
];

export function describeAiGatewayProvider(line: AiGatewayLine): void {
  const { generateText, streamText, generateObject, jsonSchema, tool, stepCountIs, RetryError, APICallError } = line.ai;
  const { createAiGateway, AiGatewayDoesNotExist, AiGatewayUnauthorizedError } = line.aiGateway;

  describe.each([line])('$name', () => {
    let upstream: StubUpstream;
    let gateway: RunningGateway;
    let restore: () => void;
    const records: CallRecord[] = [];
    /** What the package sent to the gateway. */
    const sent: { readonly headers: Headers; readonly body: string; readonly response: Response }[] = [];

    beforeAll(async () => {
      Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
      upstream = await StubUpstream.start();
      gateway = await startGateway({
        PROVIDER_BASE_URLS: JSON.stringify(
          Object.fromEntries(providers.map((slug) => [slug, `${upstream.origin}/${slug}`])),
        ),
      });
      for (const provider of providers) await gateway.storeKey(provider, KEYS[provider]);
      await gateway.storeKey('openai', 'sk-other-key-0123456789', 'other');
      const options = {
        cache_invalidate_on_update: false,
        cache_ttl: 0,
        collect_logs: true,
        rate_limiting_interval: 0,
        rate_limiting_limit: 0,
      };
      await gateway.admin('POST', '/ai-gateway/gateways', { id: 'open', authentication: false, ...options });
      await gateway
        .admin('POST', '/ai-gateway/gateways/default/routes', { name: 'support', elements: ROUTE })
        .catch(() => 0);
      gateway.app.get(CallRecorder, { strict: false }).calls$.subscribe((record) => records.push(record));
      const leave = sendGatewayTrafficTo(gateway.origin);
      const redirected = globalThis.fetch;
      globalThis.fetch = async (input, init) => {
        const response = await redirected(input, init);
        if (String(input instanceof Request ? input.url : input).includes('gateway.ai.cloudflare.com'))
          sent.push({
            headers: new Headers(init?.headers),
            body: z.string().parse(init?.body),
            response,
          });
        return response;
      };
      restore = leave;
    });
    afterAll(async () => {
      restore();
      await gateway.close();
      await upstream.close();
    });
    beforeEach(() => {
      records.length = 0;
      sent.length = 0;
    });

    type Settings = NonNullable<Parameters<typeof createAiGateway>[0]['options']>;
    const aigateway = (options: Settings = {}, id = 'default', apiKey: string | undefined = ADMIN_TOKEN) =>
      createAiGateway({
        accountId: 'default',
        gateway: id,
        options,
        ...(apiKey === undefined ? {} : { apiKey }),
      });
    /** With a key: the caller's own. */
    const models = (apiKey?: string) => {
      const own = apiKey === undefined ? {} : { apiKey };
      return {
        openai: line.createOpenAI(own).chat('gpt-5-mini'),
        anthropic: line.createAnthropic(own)('claude-haiku-4-5'),
        'google-ai-studio': line.createGoogle(own)('gemini-2.5-flash'),
      };
    };
    const unified = (name: string, apiKey?: string) => line.createUnified(apiKey === undefined ? {} : { apiKey })(name);
    const common = { prompt: 'Hello, world!', maxRetries: 0 };
    const caught = async (call: () => unknown): Promise<unknown> => {
      try {
        return await call();
      } catch (error) {
        return error;
      }
    };
    const textOf = async (model: ReturnType<ReturnType<typeof aigateway>>, isStreamed: boolean): Promise<string> =>
      isStreamed ? await streamText({ ...common, model }).text : (await generateText({ ...common, model })).text;
    const keyShown = (): string | undefined => {
      const { headers } = upstream.last;
      const shown = headers.authorization?.replace('Bearer ', '') ?? headers['x-api-key'] ?? headers['x-goog-api-key'];
      return typeof shown === 'string' ? shown : undefined;
    };
    const post = async (body: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(gateway.base, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
    };

    it('42 · asks for a chat with a key of its own, in one entry', async () => {
      upstream.replies(WHOLE.openai);

      expect(await textOf(aigateway()(models('sk-own-key-0123456789').openai), false)).toBe('Hello there.');
      expect([upstream.last.path, keyShown()]).toEqual(['/openai/v1/chat/completions', 'sk-own-key-0123456789']);
      expect(sent.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
        [expect.objectContaining({ provider: 'openai' })],
      ]);
    });

    it('43 · asks for a response', async () => {
      upstream.replies(json(200, aResponse));

      expect(await textOf(aigateway()(line.createOpenAI()('gpt-5')), false)).toBe('Hello there.');
      expect(upstream.last.path).toBe('/openai/v1/responses');
    });

    it.each(providers.flatMap((provider) => [false, true].map((isStreamed) => [provider, isStreamed] as const)))(
      '44, 45 · is answered by %s with the stored key, streamed: %s',
      async (provider, isStreamed) => {
        upstream.replies((isStreamed ? STREAMED : WHOLE)[provider]);

        expect(await textOf(aigateway()(models()[provider]), isStreamed)).toBe('Hello there.');
        expect([upstream.last.path, keyShown()]).toEqual([PATHS[provider][isStreamed ? 1 : 0], KEYS[provider]]);
        expect(JSON.stringify(upstream.last.headers)).not.toContain(ADMIN_TOKEN);
      },
    );

    it.each(
      (
        [
          ['openai/gpt-5-mini', 'openai'],
          ['anthropic/claude-haiku-4-5', 'anthropic'],
          ['dynamic/support', 'openai'],
        ] as const
      ).flatMap(([name, provider]) => [false, true].map((isStreamed) => [name, isStreamed, provider] as const)),
    )('46 · is answered by %s in one dialect, streamed: %s', async (name, isStreamed, provider) => {
      upstream.replies((isStreamed ? STREAMED : WHOLE)[provider]);

      expect(await textOf(aigateway()(unified(name)), isStreamed)).toBe('Hello there.');
      expect([upstream.last.path, keyShown()]).toEqual([PATHS[provider][0], KEYS[provider]]);
    });

    it('46 · falls back unseen inside a dynamic route', async () => {
      upstream.replies(json(500, { error: { message: 'Down' } }), WHOLE.anthropic);

      expect(await textOf(aigateway()(unified('dynamic/support')), false)).toBe('Hello there.');
      expect(upstream.received.map(({ path }) => path)).toEqual([PATHS.openai[0], PATHS.anthropic[0]]);
    });

    it('47 · shows the key that is sent along with one dialect for all', async () => {
      upstream.replies(WHOLE.openai);

      await textOf(aigateway()(unified('openai/gpt-5-mini', 'sk-own-key-0123456789')), false);

      expect(keyShown()).toBe('sk-own-key-0123456789');
    });

    const hang: StubReply = () => {};
    it.each([
      ['a 500', json(500, { error: { message: 'Down' } }), {}],
      ['a time-out', hang, { requestTimeoutMs: 100 }],
      ['a 429', json(429, { error: { message: 'Slow down' } }), {}],
      ['a 404', json(404, { error: { message: 'No such model' } }), {}],
    ] as const)('48 · is answered by the second model after %s of the first', async (_fault, fault, options) => {
      upstream.replies(fault, WHOLE.anthropic);

      const all = models();
      expect(await textOf(aigateway(options)([all.openai, all.anthropic]), false)).toBe('Hello there.');
      expect(sent[0]?.response.headers.get('cf-aig-step')).toBe('1');
    });

    it('49 · throws what the last model said, when none answers', async () => {
      upstream.replies(
        json(500, { error: { message: 'Down' } }),
        json(403, { type: 'error', error: { type: 'permission_error', message: 'Not yours' } }),
      );

      const all = models();
      const error = await caught(() => textOf(aigateway()([all.openai, all.anthropic]), false));

      expect(APICallError.isInstance(error) && [error.statusCode, error.message]).toEqual([403, 'Not yours']);
      expect(sent[0]?.response.headers.get('cf-aig-step')).toBe('1');
      expect(sent[0]?.response.headers.get('content-type')).toContain('application/json');
    });

    it('50 · streams what the second model says, when the first fails before its first word', async () => {
      upstream.replies(
        sse(aChunk({ role: 'assistant', content: '' }), { error: { message: 'Down' } }),
        STREAMED.anthropic,
      );

      const all = models();

      expect(await textOf(aigateway()([all.openai, all.anthropic]), true)).toBe('Hello there.');
      expect(sent[0]?.response.headers.get('cf-aig-step')).toBe('1');
    });

    it('51 · knows a gateway that is none', async () => {
      expect(await caught(() => textOf(aigateway({}, 'nowhere')(models().openai), false))).toBeInstanceOf(
        AiGatewayDoesNotExist,
      );
    });

    it.each([
      ['a wrong token', `aig_${'x'.repeat(43)}`],
      ['no token', undefined],
    ])('52 · knows that it may not come in with %s', async (_name, token) => {
      const call = () =>
        textOf(
          createAiGateway({
            accountId: 'default',
            gateway: 'default',
            ...(token === undefined ? {} : { apiKey: token }),
          })(models('sk-own-key-0123456789').openai),
          false,
        );

      expect(await caught(call)).toBeInstanceOf(AiGatewayUnauthorizedError);
    });

    it('53 · needs no token at an open gateway', async () => {
      upstream.replies(WHOLE.openai);
      const open = createAiGateway({ accountId: 'default', gateway: 'open' });

      expect(await textOf(open(models('sk-own-key-0123456789').openai), false)).toBe('Hello there.');
      expect(sent[0]?.headers.get('cf-aig-authorization')).toBe('Bearer undefined');
      expect(keyShown()).toBe('sk-own-key-0123456789');
    });

    it('54 · has the effect of each of its options', async () => {
      upstream.replies(WHOLE.openai);
      const key = `key-${line.name}`;
      const cached = {
        cacheKey: key,
        cacheTtl: 600,
        metadata: { team: 'a', n: 1 },
        eventId: 'event-7',
        collectLog: false,
      };
      await textOf(aigateway(cached)(models().openai), false);
      await textOf(aigateway(cached)(models().openai), false);
      await textOf(aigateway({ ...cached, skipCache: true })(models().openai), false);
      const [miss, hit, skipped] = sent.map(({ response }) => response.headers);

      expect([miss, hit, skipped].map((headers) => headers?.get('cf-aig-cache-status'))).toEqual([
        'MISS',
        'HIT',
        'MISS',
      ]);
      expect(upstream.received).toHaveLength(2);
      expect(miss?.get('cf-aig-event-id')).toBe('event-7');
      expect(records[0]?.inbound).toMatchObject({
        surface: 'universal',
        collectsLog: false,
        metadata: { entries: { team: 'a', n: 1 } },
      });

      upstream.replies(json(500, { error: { message: 'Down' } }), WHOLE.openai);
      const retries = { maxAttempts: 2 as const, retryDelayMs: 1 as never, backoff: 'constant' as const };
      expect(await textOf(aigateway({ retries })(models().openai), false)).toBe('Hello there.');
      expect(upstream.received).toHaveLength(2);

      if (line.isOldest) return;
      upstream.replies(WHOLE.openai);
      await textOf(aigateway({ byokAlias: 'other', zdr: true })(models().openai), false);
      expect(keyShown()).toBe('sk-other-key-0123456789');
    });

    it('55 · takes the same options inside the entries, where a binding puts them, and there they win', async () => {
      upstream.replies(WHOLE.openai);
      const responses: Response[] = [];
      const run = async (entries: unknown, options?: { signal?: AbortSignal }): Promise<Response> => {
        const response = await fetch(gateway.base, {
          method: 'POST',
          signal: options?.signal ?? null,
          body: JSON.stringify(entries),
          headers: {
            'content-type': 'application/json',
            'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`,
            'cf-aig-event-id': 'outer',
            'cf-aig-skip-cache': 'true',
          },
        });
        responses.push(response);
        return response;
      };
      const bound = createAiGateway({
        binding: { run },
        options: { cacheKey: `bound-${line.name}`, cacheTtl: 600, eventId: 'inner', metadata: { team: 'b' } },
      });
      await textOf(bound(models().openai), false);

      expect(responses[0]?.headers.get('cf-aig-event-id')).toBe('inner');
      expect(records[0]?.inbound.metadata.entries).toEqual({ team: 'b' });
    });

    it('56 · is asked again as a provider says, as often as the SDK does', async () => {
      upstream.replies(json(429, { error: { message: 'Slow down' } }, { 'retry-after-ms': '1' }));

      const error = await caught(() => generateText({ ...common, maxRetries: 2, model: aigateway()(models().openai) }));

      expect(error).toBeInstanceOf(RetryError);
      expect([sent.length, upstream.received.length]).toEqual([3, 3]);
    });

    it.each([
      [
        'a wrong token',
        [{ provider: 'openai', endpoint: 'chat/completions', query: {} }],
        { 'cf-aig-authorization': 'x' },
        401,
      ],
      ['no body', '', {}, 400],
      ['no JSON', '{', {}, 400],
      ['an empty list', [], {}, 400],
      ['a provider nobody knows', [{ provider: 'nobody', endpoint: 'x', query: {} }], {}, 400],
      ['a step without a provider', [{ endpoint: 'x', query: {} }], {}, 400],
      ['a step that is none', [1], {}, 400],
      [
        'a header that is none',
        [{ provider: 'openai', endpoint: 'x', headers: { 'cf-aig-max-attempts': '99' }, query: {} }],
        {},
        400,
      ],
      [
        'a model nobody knows',
        [{ provider: 'compat', endpoint: 'chat/completions', query: { model: 'nobody/m', messages: [] } }],
        {},
        400,
      ],
    ])('57, 60 · answers JSON, and a code, to %s', async (_name, body, headers, status) => {
      const answer = await post(body, headers);

      expect([answer.status, answer.type]).toEqual([status, expect.stringContaining('application/json')]);
      expect(refusalSchema.parse(JSON.parse(answer.text)).error[0].message.length).toBeGreaterThan(10);
    });

    it('57 · gives a provider’s text under 401 as JSON too', async () => {
      upstream.replies(text(401, 'Who are you?', 'text/plain'));

      const error = await caught(() => textOf(aigateway()(models().openai), false));

      expect(error).not.toBeInstanceOf(SyntaxError);
      expect(APICallError.isInstance(error) && error.statusCode).toBe(401);
    });

    it('58 · runs tools over one dialect for all', async () => {
      const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } };
      const asks = aCompletion('', {
        choices: [
          { index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' },
        ],
      });
      upstream.replies(json(200, asks), WHOLE.openai);

      const { text: said, steps } = await generateText({
        ...common,
        model: aigateway()(unified('openai/gpt-5-mini')),
        stopWhen: stepCountIs(3),
        tools: {
          weather: tool({
            inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
            execute: ({ city }) => `rain in ${city}`,
          }),
        },
      });

      expect([said, steps.length]).toEqual(['Hello there.', 2]);
      expect(upstream.last.body.toString()).toContain('rain in Oslo');
    });

    it('58 · generates objects', async () => {
      upstream.replies(json(200, aCompletion('{"city":"Oslo"}')));

      const { object } = await generateObject({
        ...common,
        model: aigateway()(unified('openai/gpt-5-mini')),
        schema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
      });

      expect(object).toEqual({ city: 'Oslo' });
    });

    (line.isOldest ? it.skip : it)('59 · lets go of the provider when the caller leaves', async () => {
      upstream.replies(sseHang(aChunk({ role: 'assistant', content: 'Hello' })));
      const leaving = new AbortController();

      const parts = streamText({
        ...common,
        model: aigateway()(models().openai),
        abortSignal: leaving.signal,
        onError: () => {},
      }).textStream;
      for await (const part of parts) {
        expect(part).toBe('Hello');
        leaving.abort();
        break;
      }

      await upstream.last.closed;
      expect(upstream.openAnswers).toBe(0);
    });
  });
}

const refusalSchema = z.object({
  success: z.literal(false),
  error: z.tuple([z.object({ code: z.number(), message: z.string() })]),
});
