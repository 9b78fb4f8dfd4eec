import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import { isShallow } from '../../src/common/is-shallow.js';
import { chatCompletionRequestSchema } from '../../src/contract/chat-completion-request.schema.js';
import { embeddingsRequestSchema } from '../../src/contract/embeddings-request.schema.js';
import { parseBody } from '../../src/contract/parse-body.js';
import { parseChatRequest } from '../../src/contract/parse-chat-request.js';
import { universalRequestSchema } from '../../src/contract/universal-request.schema.js';
import { editMembers, readMembers } from '../../src/providers/dialects/openai-chat/json-members.js';
import { respond } from '../../src/providers/sandbox/sandbox-responder.js';
import { readNativeCall } from '../../src/providers/read-native-call.js';
import { canonicalJson } from '../../src/response-cache/canonical-json.js';
import { aTarget, TEST_SECRET } from '../support/chat-streams.js';
import { registeredStrategies } from '../support/registered-strategies.js';
import { fuzzed, unlessRefused } from './fuzzing.js';
import { jsonNear, textNear } from './inputs.js';

const strategies = registeredStrategies();
const chatting = strategies.filter(({ isNativeOnly }) => isNativeOnly !== true);
const embedding = strategies.filter(({ embeddings }) => embeddings !== undefined);

const CHATS: readonly unknown[] = [
  { model: 'openai/m', messages: [{ role: 'user', content: 'Hello, world!' }] },
  {
    model: 'openai/m',
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: 10,
    temperature: 0.5,
    top_p: 1,
    n: 1,
    stop: ['a'],
    seed: 1,
    user: 'u',
    reasoning_effort: 'high',
    metadata: { a: 'b' },
    logprobs: true,
    top_logprobs: 2,
    modalities: ['text'],
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?', cache_control: { type: 'ephemeral' } },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
        ],
      },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '{"b":2}' },
      {
        role: 'assistant',
        content: 'Done.',
        reasoning_details: [{ type: 'reasoning.text', text: 't', signature: 's' }],
      },
    ],
    tools: [
      {
        type: 'function',
        function: {
          name: 'f',
          description: 'd',
          strict: true,
          parameters: {
            type: 'object',
            properties: {
              a: { type: 'integer', minimum: 0 },
              b: { anyOf: [{ type: 'string' }, { type: 'null' }] },
              c: { $ref: '#/$defs/c' },
            },
            required: ['a'],
            additionalProperties: false,
            $defs: { c: { type: 'array', items: { $ref: '#/$defs/c' } } },
          },
        },
      },
    ],
    tool_choice: { type: 'function', function: { name: 'f' } },
    parallel_tool_calls: false,
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'x', strict: true, schema: { type: 'object', properties: {} } },
    },
  },
];
const EMBEDDINGS: readonly unknown[] = [
  { model: 'openai/m', input: 'x' },
  { model: 'openai/m', input: ['x', 'y'], dimensions: 8, encoding_format: 'base64' },
  { model: 'openai/m', input: [[1, 2], [3]] },
];
const UNIVERSAL: readonly unknown[] = [
  [
    {
      provider: 'openai',
      endpoint: 'chat/completions',
      headers: { authorization: 'Bearer x', 'x-a': 1 },
      query: CHATS[0],
      config: { maxAttempts: 2, requestTimeout: '1000' },
    },
    { provider: 'compat', endpoint: 'v1/embeddings?x=y', query: EMBEDDINGS[0] },
  ],
];
/** Models whose names change how a request is built. */
const MODELS = [
  'some-model',
  'claude-sonnet-4-5',
  'gemini-2.0-flash',
  'gemini-3-pro',
  'gpt-5',
  'anthropic.claude-opus-4-8-v1:0',
  'amazon.nova-pro-v1:0',
  '@cf/meta/llama',
  'anthropic/claude-sonnet-4-5',
  'sonar-pro',
  '..',
  'a/b/../c',
  'constructor',
];

const raw = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? '');
const modelName = fc.oneof(fc.constantFrom(...MODELS), fc.string({ minLength: 1, maxLength: 60 }));

/** Where a request goes is the operator's to say: nothing that a caller writes leads anywhere else, or ends a line. */
function expectSound(
  requests: readonly { readonly origin: string; readonly path: string; readonly headers: readonly string[] }[],
): void {
  for (const { origin, path, headers } of requests) {
    expect(new URL(origin + path).origin).toBe(new URL(origin).origin);
    expect(path).not.toMatch(/[\0-\x20\x7f]/);
    for (const part of headers) expect(part).not.toMatch(/[\r\n\0]/);
    expect(path).not.toContain(TEST_SECRET);
  }
}

describe('bodies', () => {
  it(
    'of chat completions are read, or refused by the name of a field',
    fuzzed([jsonNear(CHATS)], (value) => {
      let refusal: GatewayError | null = null;
      const request = unlessRefused(() => {
        try {
          return parseChatRequest(raw(value));
        } catch (error) {
          refusal = error instanceof GatewayError ? error : null;
          throw error;
        }
      }, GatewayError);

      if (request !== null) expect(request.messages.length).toBeGreaterThan(0);
      else expect(refusal).toMatchObject({ key: 'invalid_request', status: 400 });
      expect('polluted' in {}).toBe(false);
    }),
  );

  it(
    'of any bytes are read, or refused',
    fuzzed([textNear(CHATS.map((value) => JSON.stringify(value)))], (text) => {
      const bytes = Buffer.from(text);
      const read = [
        unlessRefused(() => parseChatRequest(bytes), GatewayError),
        unlessRefused(() => parseBody(bytes, embeddingsRequestSchema), GatewayError),
        unlessRefused(() => parseBody(bytes, universalRequestSchema), GatewayError),
      ];

      expect(read.every((value) => typeof value === 'object')).toBe(true);
    }),
  );

  it(
    'of universal requests are steps, or refused',
    fuzzed([jsonNear(UNIVERSAL)], (value) => {
      const steps = unlessRefused(() => parseBody(raw(value), universalRequestSchema), GatewayError);

      for (const { headers } of steps ?? [])
        for (const [name, own] of Object.entries(headers)) expect(`${name}${own}`).not.toMatch(/[\r\n\0]/);
    }),
  );

  it(
    'are edited as JSON that is parsed, edited and written would be',
    fuzzed(
      [
        textNear(['{"model":"a","b":[1,{"c":"\\"}"}],"d":null}', '{ "mod\\u0065l" : "x" , "model":"y"}', '{}']),
        fc.string(),
      ],
      (text, model) => {
        const edits = new Map([
          ['model', { kind: 'set', value: JSON.stringify(model) } as const],
          ['d', { kind: 'remove' } as const],
        ]);
        const bytes = Buffer.from(text);
        const out = unlessRefused(() => editMembers(bytes, edits), SyntaxError);

        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          return;
        }
        if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) return expect(out).toBeNull();
        const { d: _dropped, ...rest } = expected as Record<string, unknown>;
        expect(JSON.parse(out!.toString())).toEqual({ ...rest, model });
        expect(readMembers(out!).every(({ name }) => name !== 'd')).toBe(true);
      },
    ),
  );

  it(
    'that are the same JSON have one canonical form, which is that JSON',
    fuzzed([jsonNear([...CHATS, ...EMBEDDINGS]), fc.nat(4)], (value, spaces) => {
      // What is nested deeper is left as it is.
      fc.pre(isShallow(value, 150));
      const text = Buffer.from(JSON.stringify(value, null, spaces) ?? '').toString('latin1');
      const canonical = canonicalJson(text, null);

      expect(canonicalJson(canonical, null)).toBe(canonical);
      expect(canonicalJson(Buffer.from(JSON.stringify(value) ?? '').toString('latin1'), null)).toBe(canonical);
      if (text !== '')
        expect(JSON.parse(Buffer.from(canonical, 'latin1').toString())).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );

  it(
    'that are no JSON stay as they are',
    fuzzed([textNear(['{"a":[1,2,{"b":"c\\n"}]}'])], (text) => {
      const canonical = canonicalJson(text, 'model');

      expect(canonicalJson(canonical, 'model')).toBe(canonical);
    }),
  );
});

describe('requests to providers', () => {
  it(
    'are built of any chat completion that was let in, or refused',
    fuzzed([fc.constantFrom(...chatting), modelName, jsonNear(CHATS)], (strategy, model, value) => {
      const request = unlessRefused(() => parseChatRequest(raw(value)), GatewayError);
      if (request === null) return;
      const given = JSON.stringify(request);
      const built = unlessRefused(
        () => strategy.buildChatRequest({ request, raw: raw(value), headers: [] }, aTarget(strategy, { model })),
        GatewayError,
      );

      if (built !== null) expectSound([built]);
      // A retry must see the same request.
      expect(JSON.stringify(request)).toBe(given);
      if (built?.body != null) expect(built.body.toString()).not.toContain(TEST_SECRET);
    }),
  );

  it(
    'are built of any embeddings that were let in, or refused',
    fuzzed([fc.constantFrom(...embedding), modelName, jsonNear(EMBEDDINGS)], (strategy, model, value) => {
      const request = unlessRefused(() => parseBody(raw(value), embeddingsRequestSchema), GatewayError);
      if (request === null) return;
      const built = unlessRefused(
        () =>
          strategy.embeddings!.buildRequests({ request, raw: raw(value), headers: [] }, aTarget(strategy, { model })),
        GatewayError,
      );

      expectSound(built ?? []);
      expect(request.input).toBeDefined();
    }),
  );

  it(
    'of a provider’s own API go to that provider, whatever the path',
    fuzzed(
      [
        fc.constantFrom(...strategies),
        textNear([
          '/v1/chat/completions?a=b',
          '/v1beta/models/m:generateContent?alt=sse',
          '/bedrock-runtime/us-east-1/model/m/invoke',
          '/r/d/chat/completions',
          '/v1/projects/p/locations/l/publishers/google/models/m:predict',
          '/../..//evil.example/x',
          '/%2e%2e/x',
          '/@cf/a/b',
        ]),
        jsonNear(CHATS),
        fc.constantFrom('GET', 'POST', 'DELETE'),
      ],
      (strategy, path, value, method) => {
        // What no request line can hold never comes here.
        const line = path.replaceAll(/[^\x21-\x7e]/g, '');
        const request = unlessRefused(
          () =>
            strategy.native.buildRequest(
              readNativeCall(strategy, {
                method: method,
                path: `/${line}`,
                headers: {},
                hasOwnKey: false,
                credentials: [],
                isOurs: () => false,
                raw: raw(value),
                upload: null,
              }),
              aTarget(strategy),
            ),
          GatewayError,
        );

        if (request === null) return;
        expectSound([request]);
        expect(
          decodeURIComponent(
            new URL(request.origin + request.path).pathname
              .replaceAll(/%(?![0-9a-f]{2})/gi, '%25')
              .replaceAll(/%[89a-f][0-9a-f]/gi, ''),
          ).split('/'),
        ).not.toContain('..');
      },
    ),
  );
});

describe('the sandbox', () => {
  const sandbox = strategies.find(({ id }) => id === 'sandbox')!;
  const completion = z.looseObject({ choices: z.array(z.unknown()) });

  it(
    'answers whatever it is asked',
    fuzzed([jsonNear(CHATS), fc.constantFrom('echo', 'error-429', 'constructor')], (value, model) => {
      const request = unlessRefused(() => chatCompletionRequestSchema.parse(value), z.ZodError);
      if (request === null) return;
      const answer = respond(
        sandbox.buildChatRequest(
          { request: { ...request, stream: false }, raw: raw({ ...request, stream: false }), headers: [] },
          aTarget(sandbox, { model, credential: null }),
        ),
      );

      expect(answer.status).toBeGreaterThanOrEqual(200);
      expect(completion).toBeDefined();
    }),
  );
});
