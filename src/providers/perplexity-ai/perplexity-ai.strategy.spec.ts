import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { ResponsesRequestInput } from '@perplexity-ai/perplexity_ai/generated/api';
import { z } from 'zod';
import { aCall, aTarget, joinStream, readStream } from '../../../test/support/chat-streams.js';
import { hasFixtures, readExchanges } from '../../../test/support/fixtures.js';
import { describeProviderConformance, type NativeWire } from '../../../test/support/provider-conformance.js';
import { PerplexityStrategy } from './perplexity-ai.strategy.js';

const BROKE = { key: 'upstream_error', message: 'It broke.', code: 'boom' };

const WIRE: NativeWire = {
  path: /\/v1\/agent$/,
  streamErrors: [
    ['an error object', `data: {"error":{"message":"It broke.","type":"server_error","code":"boom"}}\n\n`, BROKE],
    ['an error event', `data: {"type":"error","code":"boom","message":"It broke.","param":null}\n\n`, BROKE],
    [
      'an answer that failed',
      `data: {"type":"response.failed","response":{"id":"resp_fixture","status":"failed","output":[],"error":{"message":"It broke.","code":"boom"}}}\n\n`,
      BROKE,
    ],
    [
      'the failure as its SDK has it',
      `data: {"type":"response.failed","sequence_number":9,"error":{"message":"It broke.","code":"boom"}}\n\n`,
      BROKE,
    ],
  ],
};

const completionSchema = z.looseObject({
  citations: z.array(z.string()).optional(),
  usage: z.looseObject({ cost: z.unknown().optional() }).optional(),
  choices: z.tuple([
    z.looseObject({
      message: z.looseObject({ content: z.string().nullable(), annotations: z.array(z.unknown()).optional() }),
    }),
  ]),
});

describe('PerplexityStrategy', () => {
  const strategy = new PerplexityStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)), WIRE);

  const sent = (body: Record<string, unknown>, model = 'perplexity/sonar'): unknown =>
    JSON.parse(strategy.buildChatRequest(aCall(body), aTarget(strategy, { model })).body?.toString() ?? '');
  const user = { type: 'message', role: 'user', content: 'Hello, world!' } as const;
  const weather = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } };

  it.each<[string, Record<string, unknown>, string, ResponsesRequestInput]>([
    [
      'a limit, an effort and sampling',
      {
        max_tokens: 5,
        reasoning_effort: 'high',
        temperature: 0.5,
        stream: true,
        stream_options: { include_usage: true },
        user: 'u',
        seed: 1,
      },
      'openai/gpt-5.5',
      {
        model: 'openai/gpt-5.5',
        input: [user],
        stream: true,
        max_output_tokens: 16,
        reasoning: { effort: 'high' },
        temperature: 0.5,
      },
    ],
    [
      'a limit that Anthropic’s models need',
      {},
      'anthropic/claude-sonnet-5',
      { model: 'anthropic/claude-sonnet-5', input: [user], max_output_tokens: 8192 },
    ],
    [
      'a schema, where Chat Completions has it',
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } } },
      'perplexity/sonar',
      {
        model: 'perplexity/sonar',
        input: [user],
        response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
      },
    ],
    [
      'an old name as what stands for it, with its search',
      {
        search_domain_filter: ['example.com'],
        web_search_options: { search_context_size: 'low', user_location: { country: 'NO' } },
      },
      'sonar',
      {
        model: 'perplexity/sonar',
        input: [user],
        tools: [
          {
            type: 'web_search',
            search_context_size: 'low',
            user_location: { country: 'NO' },
            filters: { search_domain_filter: ['example.com'] },
          },
        ],
      },
    ],
    [
      'an old name as a preset',
      {},
      'sonar-reasoning-pro',
      { preset: 'low', input: [user], tools: [{ type: 'web_search' }], reasoning: { effort: 'medium' } },
    ],
    [
      'tools, those with a name of its own by another',
      { tools: [weather, { type: 'function', function: { name: 'web_search' } }], tool_choice: 'auto' },
      'perplexity/sonar',
      {
        model: 'perplexity/sonar',
        input: [user],
        tools: [
          { type: 'function', name: 'get_weather', parameters: { type: 'object' }, strict: false },
          {
            type: 'function',
            name: 'client_web_search',
            parameters: { type: 'object', properties: {} },
            strict: false,
          },
        ],
      },
    ],
    [
      'no tools that are not to be called',
      { tools: [weather], tool_choice: 'none' },
      'perplexity/sonar',
      { model: 'perplexity/sonar', input: [user] },
    ],
  ])('asks for %s', (_name, body, model, expected) => {
    expect(sent(body, model)).toEqual(expected);
  });

  it('turns a conversation into what its decoder takes', () => {
    const call = {
      id: 'call_1',
      type: 'function',
      function: { name: 'web_search', arguments: '{}' },
      extra_content: { google: { thought_signature: 'SIG' } },
    };
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a/b.png', detail: 'low' } }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Let me ' },
          { type: 'text', text: 'see.' },
        ],
        tool_calls: [call],
      },
      { role: 'tool', tool_call_id: 'call_1', content: '4' },
    ];
    const expected: ResponsesRequestInput['input'] = [
      { type: 'message', role: 'system', content: 'Be brief.' },
      { type: 'message', role: 'user', content: [{ type: 'input_image', image_url: 'https://a/b.png' }] },
      { type: 'message', role: 'assistant', content: 'Let me see.' },
      {
        type: 'function_call',
        call_id: 'call_1',
        name: 'client_web_search',
        arguments: '{}',
        thought_signature: 'SIG',
      },
      { type: 'function_call_output', call_id: 'call_1', output: '4' },
    ];

    expect(sent({ messages })).toMatchObject({ input: expected });
  });

  it.each([
    ['tool_choice', 'required'],
    ['tool_choice', { type: 'function', function: { name: 'f' } }],
    ['response_format', { type: 'json_object' }],
    ['stop', ['x']],
    ['n', 2],
    ['logprobs', true],
    ['presence_penalty', 1],
    ['return_images', true],
    ['verbosity', 'low'],
    ['messages', [{ role: 'user', content: [{ type: 'file', file: { file_data: 'data:,' } }] }]],
  ])('refuses %s: %j', (param, value) => {
    expect(() => sent({ [param]: value })).toThrow(
      expect.objectContaining({ key: 'unsupported_parameter', status: 400, param: expect.stringContaining(param) }),
    );
  });

  const results = [
    { id: 2, url: 'https://b/', title: 'B' },
    { id: 1, url: 'https://a/', title: 'A' },
  ];
  const message = {
    type: 'message',
    id: 'msg_1',
    content: [{ type: 'output_text', text: 'So it is.[2] Or not [9].', annotations: [] }],
  };
  const output = [{ type: 'search_results', results }, message];
  const annotation = {
    type: 'url_citation',
    url_citation: { start_index: 9, end_index: 12, url: 'https://b/', title: 'B' },
  };

  it('says which results a text cites, whole and streamed', () => {
    const response = {
      id: 'resp_1',
      status: 'completed',
      output,
      usage: { input_tokens: 1, output_tokens: 2, cost: { total_cost: 0.1 } },
    };
    const stream = `data: ${JSON.stringify({ type: 'response.completed', response })}\n\n`;

    const { body } = strategy.readChatCompletion(
      { status: 200, headers: {}, body: Buffer.from(JSON.stringify(response)) },
      aCall(),
      aTarget(strategy),
    );
    const { text } = readStream(strategy, [Buffer.from(stream)]);

    const completion = completionSchema.parse(JSON.parse(body.toString()));
    expect(completion.choices[0].message.annotations).toEqual([annotation]);
    expect(completion.citations).toEqual(['https://a/', 'https://b/']);
    expect(completion.usage).toMatchObject({ total_tokens: 3, cost: { total_cost: 0.1 } });
    expect(joinStream(text)).toMatchObject({ content: 'So it is.[2] Or not [9].', dones: 1 });
    expect(text).toContain(`"annotations":${JSON.stringify([annotation])}`);
    expect(text).toContain('"citations":["https://a/","https://b/"]');
  });

  it('gives calls back under the names that the caller gave its tools', () => {
    const call = {
      type: 'function_call',
      call_id: 'call_1',
      name: 'client_web_search',
      arguments: '{}',
      thought_signature: 'SIG',
    };
    const stream = `data: ${JSON.stringify({ type: 'response.completed', response: { status: 'requires_action', output: [{ ...call, call_id: 'own', name: 'search_web' }, call] } })}\n\n`;
    const tools = [{ type: 'function', function: { name: 'web_search' } }];

    const { text } = readStream(strategy, [Buffer.from(stream)], aCall({ stream: true, tools }));

    expect(joinStream(text).toolCalls).toEqual([{ id: 'call_1', name: 'web_search', arguments: '{}' }]);
    expect(text).toContain('"extra_content":{"google":{"thought_signature":"SIG"}}');
  });

  (hasFixtures ? describe : describe.skip)('on recorded traffic', () => {
    it('reads the answer of the Agent API, its citation and its cost', () => {
      const [exchange] = readExchanges('perplexity', ['responses']);

      const { body, facts } = strategy.readChatCompletion(
        { status: 200, headers: {}, body: Buffer.from(JSON.stringify(exchange?.body)) },
        aCall(),
        aTarget(strategy),
      );

      const { choices, citations, usage } = completionSchema.parse(JSON.parse(body.toString()));
      expect(choices[0].message.content).toMatch(/typescriptlang\.org.*\[7\]$/);
      expect(choices[0].message.annotations).toMatchObject([
        { url_citation: { url: 'https://www.typescriptlang.org/' } },
      ]);
      expect(citations).toHaveLength(10);
      expect(usage).toMatchObject({ cost: { currency: 'USD', total_cost: 0.00119 } });
      expect(facts.usage).toEqual({
        prompt_tokens: 3007,
        completion_tokens: 36,
        total_tokens: 3043,
        prompt_tokens_details: { cached_tokens: 1780, cache_write_tokens: 1224 },
        completion_tokens_details: { reasoning_tokens: 0 },
      });
    });

    it('maps the recorded refusal of a key', () => {
      const [exchange] = readExchanges('perplexity', ['error']);

      const error = strategy.readError(
        { status: exchange?.status ?? 0, headers: {}, body: Buffer.from(JSON.stringify(exchange?.body)) },
        aTarget(strategy),
      );

      expect(error).toMatchObject({ key: 'upstream_error', status: 401, retryable: false });
    });
  });
});
