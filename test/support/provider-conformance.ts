import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import type { ChatCall, ProviderStrategy, ProviderTarget } from '../../src/providers/provider-strategy.js';
import { aCall, aTarget, cutAt, joinStream, readStream, TEST_SECRET } from './chat-streams.js';

const expectedSchema = z.object({
  content: z.string(),
  reasoning: z.string(),
  finishReason: z.string(),
  toolCalls: z.array(z.object({ id: z.string().nullable(), name: z.string(), arguments: z.unknown() })),
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() }),
});

const expectedErrorSchema = z.object({
  status: z.number(),
  code: z.string(),
  type: z.string(),
  retryable: z.boolean(),
});

const completionSchema = z.looseObject({
  id: z.string().min(1),
  object: z.literal('chat.completion'),
  created: z.number(),
  model: z.string().min(1),
  choices: z
    .array(
      z.looseObject({
        index: z.number(),
        finish_reason: z.string(),
        message: z.looseObject({
          role: z.literal('assistant'),
          content: z.string().nullable(),
          reasoning_content: z.string().nullish(),
          tool_calls: z
            .array(
              z.looseObject({
                id: z.string().min(1),
                type: z.literal('function'),
                function: z.looseObject({ name: z.string(), arguments: z.string() }),
              }),
            )
            .nullish(),
        }),
      }),
    )
    .min(1),
  usage: z.unknown().optional(),
});

const USAGE = /"usage(?:Metadata)?":\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g;
const DONE = Buffer.from('data: [DONE]\n\n');
const INCLUDE_USAGE = { stream: true, stream_options: { include_usage: true } };

/** A fixture of a text and one of a tool call, each whole and streamed, and a rate limit: what every provider folder brings. */
const KINDS = ['text', 'tool-call'] as const;

/** How a provider's own wire is told apart from OpenAI's. The questions stay the same. */
export interface NativeWire {
  /** What the path ends with. */
  readonly path: RegExp;
  /** Where the key travels; default: `authorization: Bearer …`. */
  readonly credential?: { readonly header: string; readonly valueOf: (secret: string) => string };
  /** How the stream's fixture becomes the bytes on the wire; default: it is them, an event stream. */
  readonly framing?: {
    /** `text.{extension}` */
    readonly extension: string;
    /** What stands between two events of the fixture. */
    readonly separator: string;
    readonly encode: (text: string) => Buffer;
    /** Bytes that are no stream of this form, by name. */
    readonly broken: readonly (readonly [name: string, bytes: Buffer])[];
  };
  /** An error inside a stream, as the fixture would have it, and what it must become. */
  readonly streamErrors: readonly (readonly [
    name: string,
    event: string,
    error: Readonly<Record<string, unknown>> & { readonly message: string },
  ])[];
}

const BROKE = { key: 'upstream_error', message: 'It broke.', code: 'boom' };

const OPENAI_WIRE: NativeWire = {
  path: /chat\/completions$/,
  streamErrors: [
    ['an error object', `data: {"error":{"message":"It broke.","type":"server_error","code":"boom"}}\n\n`, BROKE],
    [
      'an error with a name of its own',
      `event: error\ndata: {"error":{"message":"It broke.","type":"server_error","code":"boom"}}\n\n`,
      BROKE,
    ],
    [
      'an error beside its status',
      `data: {"status_code":503,"error":{"message":"It broke.","type":"server_error","code":"boom"}}\n\n`,
      BROKE,
    ],
    [
      'an error in the older form',
      `data: {"object":"error","message":"It broke.","type":"server_error","code":"boom"}\n\n`,
      BROKE,
    ],
  ],
};

const EVENT_STREAM: NonNullable<NativeWire['framing']> = {
  extension: 'stream.sse',
  separator: '\n\n',
  encode: (text) => Buffer.from(text),
  broken: [
    ['an event that is no JSON', Buffer.from('data: {"id":"x",\n\n')],
    ['a page instead of events', Buffer.from('<html>\n\n<body>Bad gateway</body>\n\n')],
  ],
};

const BEARER: NonNullable<NativeWire['credential']> = {
  header: 'authorization',
  valueOf: (secret) => `Bearer ${secret}`,
};

/** What a stored key of the provider must have before it can be used, and where calls with it go. */
export interface StoredKeyNeeds {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly origin: string;
  /** Where the key travels; default: as the wire says. */
  readonly credential?: NonNullable<NativeWire['credential']>;
}

/**
 * What is asked of every provider. A case added here is asked of all of them.
 *
 * @param fixtures The folder of the provider's own fixtures.
 * @param native The provider's own wire, where it does not speak OpenAI's chat completions.
 * @param key Where its key needs settings.
 */
export function describeProviderConformance(
  strategy: ProviderStrategy,
  fixtures: string,
  native?: NativeWire,
  key?: StoredKeyNeeds,
): void {
  const { path: wirePath, framing = EVENT_STREAM, streamErrors } = native ?? OPENAI_WIRE;
  const place = key?.credential ?? native?.credential ?? BEARER;
  const isEventStream = framing.extension === EVENT_STREAM.extension;
  const read = (name: string): Buffer => readFileSync(join(fixtures, name));
  const readJson = (name: string): unknown => JSON.parse(read(name).toString());
  const readStreamText = (kind: string): string => read(`${kind}.${framing.extension}`).toString();
  const readStreamFixture = (kind: string): Buffer => framing.encode(readStreamText(kind));
  const plain = aTarget(strategy);
  const target: ProviderTarget =
    key === undefined ? plain : { ...plain, credential: { ...plain.credential!, settings: key.settings } };
  const targetWith = (rest: Partial<ProviderTarget>): ProviderTarget => ({ ...target, ...rest });

  describe('as a provider like every other', () => {
    describe('asks', () => {
      it("for the target's model, at the vendor's origin, and lets all else travel as written", () => {
        const call = withRaw(
          '{ "messages" : [ {"role":"user","content":"h\\u00e9llo"} ] ,"model":"provider/m",  "temperature": 0.50 , "max_tokens": 5 }',
        );

        const { method, origin, path, body } = strategy.buildChatRequest(call, target);

        expect([method, origin]).toEqual(['POST', key?.origin ?? strategy.origin]);
        const text = body?.toString() ?? '';
        if (native !== undefined) {
          expect(path + text).toContain('some-model');
          const said = JSON.stringify(JSON.parse(text));
          expect(said).toMatch(/"h\u00e9llo"[^]*0\.5\b|0\.5\b[^]*"h\u00e9llo"/);
          return;
        }
        expect(JSON.parse(text)).toMatchObject({ model: 'some-model' });
        expect(text).toContain('"messages" : [ {"role":"user","content":"h\\u00e9llo"} ]');
        expect(text).toContain('"temperature": 0.50');
      });

      it('with a field of the vendor that is new, or says that it cannot', () => {
        const call = withRaw('{"messages":[{"role":"user","content":"x"}],"model":"provider/m","brand_new":[1.50]}');

        const outcome = attempt(() => strategy.buildChatRequest(call, target).body?.toString() ?? '');

        expect(outcome).toMatch(
          native === undefined
            ? /"brand_new":\[1\.50\]|^unsupported_parameter of brand_new$/
            : /"brand_new":\[1\.50?\]|^unsupported_parameter of brand_new$/,
        );
      });

      it("below the path of the operator's override", () => {
        const base = { origin: 'http://127.0.0.1:9100', pathPrefix: '/vendor' };

        const request = strategy.buildChatRequest(aCall(), targetWith({ base }));

        expect(request.origin).toBe('http://127.0.0.1:9100');
        expect(request.path).toMatch(/^\/vendor\//);
        expect(request.path).toMatch(wirePath);
      });

      it('without changing what it was given', () => {
        const call = aCall({
          stream: true,
          messages: [
            { role: 'developer', content: 'Be brief.' },
            { role: 'user', content: 'Hi' },
          ],
        });
        const [raw, request] = [call.raw.toString(), JSON.stringify(call.request)];
        deepFreeze(call.request);

        const first = strategy.buildChatRequest(call, target);
        const second = strategy.buildChatRequest(call, target);

        expect([call.raw.toString(), JSON.stringify(call.request)]).toEqual([raw, request]);
        expect(second).toEqual(first);
      });

      it('with the credential in its header and nowhere else', () => {
        const { headers, body, path } = strategy.buildChatRequest(aCall({ stream: true }), target);
        const base = { origin: 'http://127.0.0.1:9100', pathPrefix: '' };

        expect(pairs(headers)).toMatchObject({ [place.header]: place.valueOf(TEST_SECRET) });
        expect(headers.filter((value) => value.includes(TEST_SECRET))).toHaveLength(1);
        expect(path + (body?.toString() ?? '')).not.toContain(TEST_SECRET);
        expect(strategy.buildChatRequest(aCall(), targetWith({ base, credential: null })).headers).not.toContain(
          place.header,
        );
      });

      it("with the caller's headers and the stored key's, but for those that are the gateway's", () => {
        const call = {
          ...aCall(),
          headers: ['x-trace', 'abc', 'accept-encoding', 'gzip', 'content-type', 'text/plain', 'x-both', 'caller'],
        };
        const credential = {
          ...target.credential!,
          settings: { ...key?.settings, headers: { 'X-Both': 'key', 'x-bad': 'a\r\nb', host: 'evil' } },
        };

        const { headers } = strategy.buildChatRequest(call, targetWith({ credential }));

        expect(pairs(headers)).toMatchObject({ 'x-trace': 'abc', 'x-both': 'key', 'content-type': 'application/json' });
        expect(headers.filter((name, index) => index % 2 === 0 && name === 'content-type')).toHaveLength(1);
        for (const name of ['accept-encoding', 'x-bad', 'host']) expect(headers).not.toContain(name);
      });

      it('for usage in every stream, or not at all where it comes unasked', () => {
        const asked = (body: Record<string, unknown>): unknown =>
          z.looseObject({}).parse(JSON.parse(strategy.buildChatRequest(aCall(body), target).body?.toString() ?? ''))[
            'stream_options'
          ];
        const forced = asked({ stream: true });

        expect([undefined, { include_usage: true }]).toContainEqual(forced);
        expect(asked({ stream: true, stream_options: { include_usage: false } })).toEqual(forced);
        expect(asked({})).toBeUndefined();
      });

      it('without parameters that are null', () => {
        const nulls = { n: null, stop: null, logprobs: null, presence_penalty: null, max_completion_tokens: null };

        expect(() => strategy.buildChatRequest(aCall(nulls), target)).not.toThrow();
      });
    });

    describe.each(KINDS)('lets a %s of its own API pass', (kind) => {
      const { usage } = expectedSchema.parse(readJson(`${kind}.expected.json`));
      const pass = (type: string, pieces: readonly Buffer[]) => {
        const watch = strategy.native.openAnswer({ status: 200, headers: { 'content-type': type } }, target);
        const out = pieces.flatMap((piece) => watch.push(piece));
        return { watch, bytes: Buffer.concat([...out, ...watch.end()]) };
      };

      it('whole, byte for byte, and reads what it used on the side', () => {
        const body = read(`${kind}.response.json`);

        const { watch, bytes } = pass('application/json', [body]);

        expect(bytes.equals(body)).toBe(true);
        expect(watch).toMatchObject({ status: 'complete', error: null });
        expect(watch.facts).toMatchObject({ usage });
      });

      it('streamed, byte for byte, the same wherever it is cut', () => {
        const stream = readStreamFixture(kind);
        const type = isEventStream ? 'text/event-stream; charset=utf-8' : 'application/vnd.amazon.eventstream';
        const whole = pass(type, [stream]).watch.facts;
        const cuts = Array.from(stream, (byte) => Buffer.from([byte]));

        const { watch, bytes } = pass(type, cuts);

        expect(bytes.equals(stream)).toBe(true);
        expect(watch).toMatchObject({ started: true, status: 'complete', error: null });
        expect(watch.facts).toMatchObject({ usage, events: whole.events });
        expect(watch.facts).toEqual(whole);
      });
    });

    describe.each(KINDS)('reads a %s', (kind) => {
      const expected = expectedSchema.parse(readJson(`${kind}.expected.json`));

      it('in one answer', () => {
        const { body, facts } = strategy.readChatCompletion(answer(read(`${kind}.response.json`)), aCall(), target);

        const completion = completionSchema.parse(JSON.parse(body.toString()));
        const [choice] = completion.choices;
        expect(choice?.message.content ?? '').toBe(expected.content);
        expect(choice?.message.reasoning_content ?? '').toBe(expected.reasoning);
        expect(choice?.finish_reason).toBe(expected.finishReason);
        const calls = choice?.message.tool_calls ?? [];
        expectCalls(calls.map(({ id, function: { name, arguments: args } }) => ({ id, name, arguments: args })));
        expect(facts).toMatchObject({ usage: expected.usage, finishReason: expected.finishReason });
        expect(completion.usage).toMatchObject({ completion_tokens: expected.usage.completion_tokens });
      });

      it('in a stream, the same wherever it is cut', () => {
        const bytes = readStreamFixture(kind);
        const whole = readStream(strategy, [bytes]);

        for (let at = 1; at < bytes.length; at++)
          expect(readStream(strategy, cutAt(bytes, [at])).text).toBe(whole.text);
        expect(
          readStream(
            strategy,
            Array.from(bytes, (byte) => Buffer.from([byte])),
          ).text,
        ).toBe(whole.text);
        const joined = joinStream(whole.text);
        expect(joined).toMatchObject({
          content: expected.content,
          reasoning: expected.reasoning,
          finishReasons: [expected.finishReason],
        });
        expect(joined).toMatchObject({ dones: 1, endsWithDone: true, usageChunks: 0 });
        expect(joined.roles[0]).toBe('assistant');
        expectCalls(joined.toolCalls);
        expect(whole.translator).toMatchObject({ status: 'complete', started: true, error: null });
        expect(whole.translator.facts).toMatchObject({ usage: expected.usage, finishReason: expected.finishReason });
      });

      // Only a text has line ends.
      if (isEventStream)
        it('in a stream with CR LF, and without its last blank line', () => {
          const text = readStreamFixture(kind).toString();
          const whole = readStream(strategy, [Buffer.from(text)]).text;

          expect(readStream(strategy, [Buffer.from(text.replaceAll('\n', '\r\n'))]).text).toBe(whole);
          expect(readStream(strategy, [Buffer.from(text.trimEnd())]).text).toBe(whole);
        });

      it('in a stream with usage when the caller asked for it', () => {
        const { text } = readStream(strategy, [readStreamFixture(kind)], aCall(INCLUDE_USAGE));

        expect(joinStream(text).usage).toMatchObject({ completion_tokens: expected.usage.completion_tokens });
      });

      it('leaves usage absent where the provider gives none', () => {
        const body = read(`${kind}.response.json`).toString().replace(USAGE, '"unused":0');
        const stream = framing.encode(readStreamText(kind).replace(USAGE, '"unused":0'));

        expect(strategy.readChatCompletion(answer(body), aCall(), target).facts).not.toHaveProperty('usage');
        expect(readStream(strategy, [stream]).translator.facts).not.toHaveProperty('usage');
      });

      function expectCalls(
        calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[],
      ): void {
        expect(calls.map(({ name, arguments: args }): unknown => ({ name, arguments: JSON.parse(args) }))).toEqual(
          expected.toolCalls.map(({ name, arguments: args }) => ({ name, arguments: args })),
        );
        // A null stands for any id: the provider gives none.
        const ids = expected.toolCalls.map(({ id }, index) => id ?? calls[index]?.id);
        expect(calls.map(({ id }) => id)).toEqual(ids);
      }
    });

    describe('in a stream that goes wrong', () => {
      const bytes = readStreamFixture('text');
      const { separator } = framing;
      const firstEvents = framing.encode(
        readStreamText('text').split(separator).slice(0, 3).join(separator) + separator,
      );
      const half = isEventStream
        ? Buffer.from('data: {"id":"chatcmpl-fixture","obj')
        : bytes.subarray(firstEvents.length, firstEvents.length + 9);

      it('does not call one complete that broke off', () => {
        for (const cut of [firstEvents, Buffer.concat([firstEvents, half])]) {
          const { text, translator } = readStream(strategy, [cut]);

          expect(translator.status).toBe('open');
          expect(text).not.toContain('[DONE]');
        }
      });

      it.each(streamErrors)('fails with %s, in the words of the provider', (_name, event, told) => {
        const { text, translator } = readStream(strategy, [
          Buffer.concat([firstEvents, framing.encode(event), isEventStream ? DONE : bytes]),
        ]);

        expect(translator.status).toBe('failed');
        expect(translator.error).toBeInstanceOf(GatewayError);
        expect(translator.error).toMatchObject(told);
        expect(text).not.toContain(told.message);
        expect(text).not.toContain('[DONE]');
      });

      it.each(framing.broken)('fails with %s', (_name, event) => {
        const { translator } = readStream(strategy, [Buffer.concat([firstEvents, event])]);

        expect(translator).toMatchObject({ status: 'failed', error: { key: 'upstream_failed' } });
        expect(translator.error?.message).toContain(strategy.name);
      });

      it('ends once, whatever follows the end', () => {
        const { text } = readStream(strategy, [bytes, isEventStream ? Buffer.concat([DONE, DONE]) : bytes]);

        expect(joinStream(text)).toMatchObject({ dones: 1, endsWithDone: true });
      });
    });

    describe('refuses an answer that makes no sense', () => {
      it.each([
        ['nothing', ''],
        ['white space', ' \n\n '],
        ['a page', '<!DOCTYPE html><html><body>Bad gateway</body></html>'],
        ['a text', 'upstream connect error'],
        ['a list', '[]'],
        ['JSON that breaks off', '{"choices":[{"message":{"role":"assist'],
        ['an empty object', '{}'],
        ['no choice', '{"choices":[]}'],
        ['a stream', 'data: {"choices":[]}\n\n'],
      ])('%s', (_name, body) => {
        const error = thrown(() => strategy.readChatCompletion(answer(body), aCall(), target));

        expect(error).toMatchObject({ key: 'upstream_failed', status: 502, details: { provider: strategy.id } });
        expect(error.message).toContain(strategy.name);
        expect(error.message.length).toBeLessThan(400);
      });

      it('an error under a 200 is an error', () => {
        const body = JSON.stringify({ error: { message: 'No credit left.', code: 402 } });

        const error = thrown(() => strategy.readChatCompletion(answer(body), aCall(), target));

        expect(error).toMatchObject({
          key: 'upstream_error',
          message: 'No credit left.',
          status: 402,
          retryable: false,
        });
      });
    });

    describe('maps errors', () => {
      it('of its own form', () => {
        const expected = expectedErrorSchema.parse(readJson('error-429.expected.json'));
        const headers = { 'retry-after': '7', 'x-request-id': 'req_1', 'set-cookie': ['a', 'b'] };

        const error = strategy.readError({ status: 429, headers, body: read('error-429.json') }, target);

        expect(error).toMatchObject({ key: 'upstream_error', ...expected });
        expect(error.details).toMatchObject({ provider: strategy.id, headers: { 'retry-after': '7' } });
        expect(error.details.metadata).toMatchObject({
          upstream_status: 429,
          upstream_request_id: 'req_1',
          raw: readJson('error-429.json'),
        });
      });

      it.each([
        [400, '{"surprise":true}', 400, false],
        [404, '', 404, false],
        [409, '[]', 409, true],
        [418, 'null', 418, false],
        [500, '{"error":{}}', 500, true],
        [502, '<html><head><style>p{}</style></head><body><p>Bad   gateway</p></body></html>', 502, true],
        [529, '{"error":{"message":"Overloaded"}}', 503, true],
        [599, '\u0000\u0001', 502, true],
        [302, '', 502, true],
      ])('nobody has seen: status %i with the body %j', (status, body, mapped, retryable) => {
        const error = strategy.readError(answer(body, status), target);

        expect(error).toBeInstanceOf(GatewayError);
        expect([error.status, error.retryable]).toEqual([mapped, retryable]);
        expect(error.message).not.toMatch(/[<>]|^$/);
      });

      it('and follows what the provider says of trying again', () => {
        const advice = (value: string) =>
          strategy.readError({ status: 500, headers: { 'x-should-retry': value }, body: Buffer.from('{}') }, target);

        expect([advice('false').retryable, advice('true').retryable]).toEqual([false, true]);
      });

      it('without any key in them, and says whose key was refused', () => {
        const message = `Incorrect API key provided: ${TEST_SECRET}, ${TEST_SECRET.slice(0, 12)}*** and sk-proj-abc***wxyz; header was Bearer abcdef123456.`;

        const error = strategy.readError(answer(JSON.stringify({ error: { message, key: TEST_SECRET } }), 401), target);

        const told = error.message + JSON.stringify(error.details.metadata);
        for (const part of [TEST_SECRET.slice(0, 12), TEST_SECRET.slice(-12), 'sk-proj', 'wxyz', 'abcdef123456'])
          expect(told).not.toContain(part);
        expect(error.message).toContain(`${strategy.name} refused the gateway's stored key 'default'`);
        expect(error.status).toBe(401);
      });

      it('of megabytes in a message of a sensible length', () => {
        const error = strategy.readError(answer('x'.repeat(5_000_000), 500), target);

        expect(error.message.length).toBeLessThan(3000);
        expect(JSON.stringify(error.details.metadata).length).toBeLessThan(10_000);
      });
    });
  });
}

const answer = (body: Buffer | string, status = 200) => ({ status, headers: {}, body: Buffer.from(body) });

/** A call whose bytes are exactly these. */
function withRaw(text: string): ChatCall {
  const parsed = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  return { ...aCall(parsed), raw: Buffer.from(text) };
}

/** What came, or what was refused. */
function attempt(run: () => string): string {
  try {
    return run();
  } catch (error) {
    return error instanceof GatewayError ? `${error.key} of ${error.param ?? ''}` : String(error);
  }
}

function thrown(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

const pairs = (headers: readonly string[]): Record<string, string> =>
  Object.fromEntries(headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? '']] : [])));

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
}
