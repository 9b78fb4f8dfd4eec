import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import type { JsonObject } from '../dialects/openai-chat/json-value.js';
import { bedrockModelOf } from './aws-bedrock.catalog.js';
import { BedrockStrategy } from './aws-bedrock.strategy.js';

const strategy = new BedrockStrategy();
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const OLD_CLAUDE = 'anthropic.claude-3-haiku-20240307-v1:0';
const NOVA = 'us.amazon.nova-pro-v1:0';
const NOVA_2 = 'us.amazon.nova-2-lite-v1:0';
const LLAMA = 'us.meta.llama4-maverick-17b-instruct-v1:0';
const GPT_OSS = 'openai.gpt-oss-120b-1:0';

/** The body as Bedrock gets it. */
function sent(body: Record<string, unknown>, model = CLAUDE): JsonObject {
  const { body: bytes } = strategy.buildChatRequest(aCall(body), aTarget(strategy, { model }));
  return JSON.parse(bytes?.toString() ?? '') as JsonObject;
}

const refusal = (param: string) =>
  expect.objectContaining({ key: 'unsupported_parameter', param, status: 400 }) as unknown;
const bad = (param: string) => expect.objectContaining({ key: 'invalid_request', param, status: 400 }) as unknown;
const user = (content: unknown, rest = {}) => ({ role: 'user', content, ...rest });
const call = (id: string, args: unknown = '{"a":1}') => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: args },
});
const asked = (...calls: readonly unknown[]) => ({ role: 'assistant', content: null, tool_calls: calls });
const result = (id: string, content: unknown = 'ok', rest = {}) => ({
  role: 'tool',
  tool_call_id: id,
  content,
  ...rest,
});
const fn = (name: string, rest: Record<string, unknown> = {}) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: {} }, ...rest },
});
const spec = (name: string, rest = {}) => ({
  toolSpec: { name, inputSchema: { json: { type: 'object', properties: {} } }, ...rest },
});

describe('toConverseBody', () => {
  it('puts system and developer messages together, and lets turns alternate', () => {
    const body = sent({
      messages: [
        { role: 'system', content: 'One.' },
        user('a'),
        user([
          { type: 'text', text: 'b' },
          { type: 'text', text: '' },
        ]),
        { role: 'developer', content: [{ type: 'text', text: 'Two.' }] },
        { role: 'assistant', content: '' },
        { role: 'assistant', content: 'c' },
        user('d'),
      ],
    });

    expect(body).toEqual({
      system: [{ text: 'One.' }, { text: 'Two.' }],
      messages: [
        { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
        { role: 'assistant', content: [{ text: 'c' }] },
        { role: 'user', content: [{ text: 'd' }] },
      ],
    });
  });

  it('gathers results in the order of their calls, before what the user says', () => {
    const body = sent({
      tools: [fn('f')],
      messages: [
        user('Go.'),
        asked(call('t1'), call('functions.f:1', { a: 2 }), call('t3', '')),
        user('Meanwhile.'),
        result('t3', [
          { type: 'text', text: 'three' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ]),
        result('functions.f:1', 'no', { is_error: true }),
        result('t1', ''),
      ],
    });

    const [, assistant, turn] = body['messages'] as { content: { toolUse?: JsonObject; toolResult?: JsonObject }[] }[];
    const hashed = assistant?.content[1]?.toolUse?.['toolUseId'];
    expect(hashed).toMatch(/^tooluse_[0-9a-f]{24}$/);
    expect(assistant?.content.map(({ toolUse }) => toolUse)).toEqual([
      { toolUseId: 't1', name: 'f', input: { a: 1 } },
      { toolUseId: hashed, name: 'f', input: { a: 2 } },
      { toolUseId: 't3', name: 'f', input: {} },
    ]);
    expect(turn?.content).toEqual([
      { toolResult: { toolUseId: 't1', content: [] } },
      { toolResult: { toolUseId: hashed, content: [{ text: 'no' }], status: 'error' } },
      {
        toolResult: {
          toolUseId: 't3',
          content: [{ text: 'three' }, { image: { format: 'png', source: { bytes: 'AAAA' } } }],
        },
      },
      { text: 'Meanwhile.' },
    ]);
  });

  it('leaves ids to other families that make them', () => {
    const messages = [user('Go.'), asked(call('functions.f:1')), result('functions.f:1')];

    expect(JSON.stringify(sent({ messages, tools: [fn('f')] }, 'moonshot.kimi-k2-thinking'))).toContain(
      'functions.f:1',
    );
  });

  it.each<[string, unknown, unknown]>([
    ['a call without result', [user('a'), asked(call('t1'), call('t2')), result('t1')], bad('messages[1].tool_calls')],
    ['a result without call', [user('a'), result('t1')], bad('messages[1].tool_call_id')],
    [
      'a result of an earlier turn',
      [user('a'), asked(call('t')), result('t'), { role: 'assistant', content: 'x' }, result('t')],
      bad('messages[4].tool_call_id'),
    ],
    [
      'arguments that are no object',
      [user('a'), asked(call('t', '[1')), result('t')],
      bad('messages[1].tool_calls[0].function.arguments'),
    ],
    [
      'a conversation that the assistant begins',
      [{ role: 'assistant', content: 'Hi' }, user('a')],
      refusal('messages[0]'),
    ],
    ['nobody who speaks', [{ role: 'system', content: 'x' }], bad('messages')],
    ['a role nobody knows', [{ role: 'ghost', content: 'x' }], refusal('messages[0].role')],
    ['a part nobody knows', [user([{ type: 'hologram' }])], refusal('messages[0].content[0].type')],
    [
      'an image to fetch',
      [user([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }])],
      refusal('messages[0].content[0].image_url'),
    ],
    [
      'an image of another kind',
      [user([{ type: 'image_url', image_url: { url: 'data:image/tiff;base64,AA' } }])],
      refusal('messages[0].content[0].image_url'),
    ],
    ['a file by its id', [user([{ type: 'file', file: { file_id: 'f' } }])], refusal('messages[0].content[0].file')],
    [
      'a file to fetch',
      [user([{ type: 'file', file: { file_data: 'https://example.com/a.pdf' } }])],
      refusal('messages[0].content[0].file.file_data'),
    ],
    [
      'a file of another kind',
      [user([{ type: 'file', file: { file_data: 'data:application/zip;base64,AA', filename: 'a.zip' } }])],
      refusal('messages[0].content[0].file'),
    ],
    [
      'sound of another kind',
      [user([{ type: 'input_audio', input_audio: { data: 'AA', format: 'mid' } }])],
      refusal('messages[0].content[0].input_audio.format'),
    ],
    [
      'an image for the system',
      [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }] }, user('a')],
      refusal('messages[0].content'),
    ],
  ])('refuses %s', (_name, messages, error) => {
    expect(() => sent({ messages })).toThrow(error);
  });

  it('takes media as data or from S3, and gives documents names that Bedrock takes', () => {
    const file = (file_data: string, filename?: string) => ({ type: 'file', file: { file_data, filename } });
    const body = sent({
      messages: [
        user([
          { type: 'image_url', image_url: { url: 'data:image/jpg;base64,AAAA', detail: 'high' } },
          { type: 'image_url', image_url: { url: 's3://bucket/cat.webp' } },
          { type: 'video_url', video_url: { url: 'data:video/mp4;base64,BBBB' } },
          { type: 'input_audio', input_audio: { data: 'CCCC', format: 'wav' } },
          file('data:application/pdf;base64,DDDD', 'Q3 résumé_v2.pdf'),
          file('data:application/pdf;base64,EEEE', 'Q3 résumé_v2.pdf'),
          file('data:text/markdown,%23%20Hi'),
          file('FFFF', 'table.csv'),
          file('data:image/png;base64,GGGG', 'picture.png'),
        ]),
      ],
    });

    const [turn] = body['messages'] as { content: unknown[] }[];
    expect(turn?.content).toEqual([
      { image: { format: 'jpeg', source: { bytes: 'AAAA' } } },
      { image: { format: 'webp', source: { s3Location: { uri: 's3://bucket/cat.webp' } } } },
      { video: { format: 'mp4', source: { bytes: 'BBBB' } } },
      { audio: { format: 'wav', source: { bytes: 'CCCC' } } },
      { document: { format: 'pdf', name: 'Q3 r-sum-v2', source: { bytes: 'DDDD' } } },
      { document: { format: 'pdf', name: 'Q3 r-sum-v2 (2)', source: { bytes: 'EEEE' } } },
      { document: { format: 'md', name: 'document', source: { bytes: Buffer.from('# Hi').toString('base64') } } },
      { document: { format: 'csv', name: 'table', source: { bytes: 'FFFF' } } },
      { image: { format: 'png', source: { bytes: 'GGGG' } } },
      { text: 'Q3 r-sum-v2' },
    ]);
  });

  describe('marks what is to be cached', () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const request = {
      tools: [{ ...fn('f'), ...mark }],
      messages: [
        { role: 'system', content: [{ type: 'text', text: 's', ...mark }] },
        user([
          { type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } },
          { type: 'text', text: 'b' },
        ]),
        asked(call('t1')),
        result('t1', [{ type: 'text', text: 'r', ...mark }]),
      ],
    };
    const hour = { cachePoint: { type: 'default', ttl: '1h' } };

    it('for Claude', () => {
      expect(sent(request)).toMatchObject({
        system: [{ text: 's' }, hour],
        toolConfig: { tools: [spec('f'), hour] },
        messages: [
          { content: [{ text: 'a' }, { cachePoint: { type: 'default' } }, { text: 'b' }] },
          {},
          { content: [{ toolResult: { toolUseId: 't1', content: [{ text: 'r' }] } }, hour] },
        ],
      });
    });

    it('for Nova, but for tools', () => {
      expect(sent(request, NOVA)).toMatchObject({ system: [{ text: 's' }, hour], toolConfig: { tools: [spec('f')] } });
    });

    it('not for those who do not know it', () => {
      expect(JSON.stringify(sent(request, LLAMA))).not.toContain('cachePoint');
    });
  });

  describe('offers tools', () => {
    it.each<[unknown, unknown]>([
      [undefined, undefined],
      ['auto', { auto: {} }],
      ['required', { any: {} }],
      ['any', { any: {} }],
      [{ type: 'function', function: { name: 'g' } }, { tool: { name: 'g' } }],
    ])('with the choice %j', (choice, own) => {
      const { toolConfig } = sent({ tools: [fn('f'), fn('g', { description: '' })], tool_choice: choice });

      expect(toolConfig).toEqual({
        tools: [spec('f'), spec('g')],
        ...(own === undefined ? {} : { toolChoice: own }),
      });
    });

    it('of those that are allowed', () => {
      const choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [fn('g')] } };

      expect(sent({ tools: [fn('f'), fn('g')], tool_choice: choice })['toolConfig']).toEqual({
        tools: [spec('g')],
        toolChoice: { any: {} },
      });
    });

    it('strictly where the model can, in the schema it takes', () => {
      const parameters = { type: 'object', properties: { n: { type: 'number', minimum: 1 } }, required: ['n'] };
      const tools = [fn('f', { strict: true, parameters, description: 'Does.' })];

      expect(sent({ tools })['toolConfig']).toEqual({
        tools: [
          {
            toolSpec: {
              name: 'f',
              description: 'Does.',
              strict: true,
              inputSchema: {
                json: {
                  type: 'object',
                  properties: { n: { type: 'number', description: '(minimum: 1)' } },
                  required: ['n'],
                  additionalProperties: false,
                },
              },
            },
          },
        ],
      });
      expect(sent({ tools }, NOVA)['toolConfig']).toEqual({
        tools: [{ toolSpec: { name: 'f', description: 'Does.', inputSchema: { json: parameters } } }],
      });
    });

    it('one at a time, with Claude', () => {
      const wish = { tools: [fn('f')], parallel_tool_calls: false };
      const own = { disable_parallel_tool_use: true };

      expect(sent(wish)).toMatchObject({ additionalModelRequestFields: { tool_choice: { type: 'auto', ...own } } });
      expect(sent({ ...wish, tool_choice: 'required' })).toMatchObject({
        toolConfig: { toolChoice: { any: {} } },
        additionalModelRequestFields: { tool_choice: { type: 'any', ...own } },
      });
      expect(() => sent(wish, NOVA)).toThrow(refusal('parallel_tool_calls'));
      expect(sent({ parallel_tool_calls: false }, NOVA)).not.toHaveProperty('additionalModelRequestFields');
    });

    it.each<[string, Record<string, unknown>, string, string]>([
      ['a forced tool', { tools: [fn('f')], tool_choice: 'required' }, LLAMA, 'tool_choice'],
      [
        'a named tool',
        { tools: [fn('f')], tool_choice: { type: 'function', function: { name: 'f' } } },
        'mistral.mistral-large-2402-v1:0',
        'tool_choice',
      ],
      ['a choice nobody knows', { tools: [fn('f')], tool_choice: 'sometimes' }, CLAUDE, 'tool_choice'],
      ['a tool that is no function', { tools: [{ type: 'custom', custom: { name: 'x' } }] }, CLAUDE, 'tools[0]'],
      [
        'a forced tool of a model that always thinks',
        { tools: [fn('f')], tool_choice: 'required' },
        'anthropic.claude-fable-5',
        'tool_choice',
      ],
      ['a search', { web_search_options: {} }, CLAUDE, 'web_search_options'],
    ])('but refuses %s', (_name, body, model, param) => {
      expect(() => sent(body, model)).toThrow(refusal(param));
    });

    it("of Bedrock's own", () => {
      expect(sent({ web_search_options: {} }, NOVA_2)['toolConfig']).toEqual({
        tools: [{ systemTool: { name: 'nova_grounding' } }],
      });
    });

    it('not at all when none may be called, and tells the calls of before as text', () => {
      const messages = [user('Go.'), asked(call('t1')), result('t1', 'ok'), user('And?')];
      const told = [
        { role: 'user', content: [{ text: 'Go.' }] },
        { role: 'assistant', content: [{ text: '[Called the tool f with {"a":1}]' }] },
        { role: 'user', content: [{ text: "[The tool's result follows]" }, { text: 'ok' }, { text: 'And?' }] },
      ];

      for (const body of [sent({ messages, tools: [fn('f')], tool_choice: 'none' }), sent({ messages })]) {
        expect(body).toEqual({ messages: told });
      }
    });
  });

  describe('thinks', () => {
    it.each<[string, string, Record<string, unknown>, unknown]>([
      [
        'up to a budget',
        CLAUDE,
        { reasoning_effort: 'medium' },
        { thinking: { type: 'enabled', budget_tokens: 4096 } },
      ],
      [
        'adaptively',
        'us.anthropic.claude-sonnet-4-6',
        { reasoning_effort: 'xhigh' },
        { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'max' } },
      ],
      [
        'as the caller says',
        CLAUDE,
        { thinking: { type: 'enabled', budget_tokens: 2000 } },
        { thinking: { type: 'enabled', budget_tokens: 2000 } },
      ],
      ['by effort', GPT_OSS, { reasoning_effort: 'xhigh' }, { reasoning_effort: 'high' }],
      ['little, where it cannot be off', GPT_OSS, { reasoning_effort: 'none' }, { reasoning_effort: 'low' }],
      ['by a word', 'qwen.qwen3-32b-v1:0', { reasoning_effort: 'minimal' }, { reasoning_config: 'low' }],
      [
        'as Nova does',
        NOVA_2,
        { reasoning: { effort: 'high' } },
        { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } },
      ],
      ['not at all at Nova', NOVA_2, { reasoning: { enabled: false } }, { reasoningConfig: { type: 'disabled' } }],
      ['not at all where it does not', LLAMA, { reasoning_effort: 'none' }, undefined],
      [
        'not while a tool is forced',
        CLAUDE,
        { reasoning_effort: 'low', tools: [fn('f')], tool_choice: 'required' },
        undefined,
      ],
    ])('%s', (_name, model, body, fields) => {
      expect(sent(body, model)['additionalModelRequestFields']).toEqual(fields);
    });

    it.each([LLAMA, NOVA, OLD_CLAUDE])('not with %s, and says so', (model) => {
      expect(() => sent({ reasoning_effort: 'low' }, model)).toThrow(refusal('reasoning_effort'));
    });

    const details = [
      { type: 'reasoning.text', text: 'Hm.', signature: 's1', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'EtkE', format: 'anthropic-claude-v1', index: 1 },
    ];
    const loop = (assistant: Record<string, unknown>) => ({
      reasoning_effort: 'low',
      max_completion_tokens: 5000,
      tools: [fn('f')],
      messages: [user('Go.'), { ...asked(call('t1')), ...assistant }, result('t1')],
    });
    const blocks = [
      { reasoningContent: { reasoningText: { text: 'Hm.', signature: 's1' } } },
      { reasoningContent: { redactedContent: Buffer.from('EtkE').toString('base64') } },
    ];

    it.each<[string, Record<string, unknown>]>([
      ['the message', { reasoning_details: details }],
      [
        'its first call alone',
        { tool_calls: [{ ...call('t1'), extra_content: { anthropic: { reasoning_details: details } } }] },
      ],
    ])('on, with what it thought before as %s brings it back', (_name, assistant) => {
      const body = sent(loop(assistant));

      const [, turn] = body['messages'] as { content: unknown[] }[];
      expect(turn?.content.slice(0, 2)).toEqual(blocks);
      expect(body['additionalModelRequestFields']).toEqual({ thinking: { type: 'enabled', budget_tokens: 1024 } });
    });

    it('no more in a loop that lost its thoughts, or has those of others', () => {
      const foreign = [{ type: 'reasoning.encrypted', data: 'x', format: 'openai-responses-v1' }];

      for (const assistant of [{}, { reasoning_details: foreign }, { reasoning_content: 'Hm.' }]) {
        const body = sent(loop(assistant));
        expect(body).not.toHaveProperty('additionalModelRequestFields');
        expect(JSON.stringify(body)).not.toContain('reasoningContent');
      }
    });

    it('with its thoughts kept from other families', () => {
      const { reasoning_effort: _effort, ...body } = loop({ reasoning_details: details });

      expect(JSON.stringify(sent(body, NOVA))).not.toContain('Hm.');
    });
  });

  describe('answers in a form', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'number' } },
      required: ['a'],
      additionalProperties: false,
    };
    const format = (strict?: boolean) => ({
      response_format: { type: 'json_schema', json_schema: { name: 'n', description: 'd', schema, strict } },
    });

    it.each([CLAUDE, GPT_OSS, 'google.gemma-3-27b-it'])('that %s keeps to', (model) => {
      const body = sent(format(true), model);

      expect(body['outputConfig']).toEqual({
        textFormat: {
          type: 'json_schema',
          structure: { jsonSchema: { name: 'n', description: 'd', schema: JSON.stringify(schema) } },
        },
      });
    });

    it.each([NOVA, OLD_CLAUDE])('of a tool that %s must call', (model) => {
      expect(sent(format(true), model)['toolConfig']).toEqual({
        tools: [{ toolSpec: { name: 'give_answer', description: 'd', inputSchema: { json: schema } } }],
        toolChoice: { tool: { name: 'give_answer' } },
      });
    });

    it('that it is told, where nothing holds it and none must', () => {
      const { system } = sent({ ...format(), tools: [fn('f')] }, NOVA);

      expect(JSON.stringify(system)).toContain(JSON.stringify(JSON.stringify(schema)).slice(1, -1));
      expect(() => sent(format(true), LLAMA)).toThrow(refusal('response_format'));
      expect(sent({ response_format: { type: 'json_object' } }, LLAMA)['system']).toEqual([
        { text: 'Answer with one valid JSON object and nothing else: no explanation, no Markdown.' },
      ]);
      expect(sent({ response_format: { type: 'text' } }, LLAMA)).not.toHaveProperty('system');
    });
  });

  it('says parameters in its own words', () => {
    const { messages: _messages, ...rest } = sent(
      {
        max_completion_tokens: 5,
        max_tokens: 7,
        temperature: 1.5,
        top_p: 0.5,
        top_k: 3,
        stop: 'END',
        seed: 1,
        user: 'u',
        store: true,
        n: 1,
        presence_penalty: 0,
        service_tier: 'flex',
        metadata: { team: 'a b', bad: 'ü', 'b:c': 'x' },
        guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
        additionalModelRequestFields: { one: 1 },
        two: [2],
      },
      NOVA,
    );

    expect(rest).toEqual({
      inferenceConfig: { maxTokens: 5, temperature: 1, topP: 0.5, stopSequences: ['END'] },
      additionalModelRequestFields: { inferenceConfig: { topK: 3 }, one: 1, two: [2] },
      serviceTier: { type: 'flex' },
      requestMetadata: { team: 'a b', 'b:c': 'x' },
      guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
    });
    expect(sent({ top_k: 3, stop: ['a', 'b'] })).toMatchObject({
      inferenceConfig: { stopSequences: ['a', 'b'] },
      additionalModelRequestFields: { top_k: 3 },
    });
  });

  it.each<[string, unknown]>([
    ['n', 2],
    ['logprobs', true],
    ['top_logprobs', 1],
    ['logit_bias', { 1: 1 }],
    ['presence_penalty', 0.5],
    ['frequency_penalty', -1],
    ['modalities', ['text', 'audio']],
    ['audio', { voice: 'x' }],
    ['functions', [{}]],
    ['function_call', 'auto'],
    ['verbosity', 'high'],
  ])('says that it does not take %s', (param, value) => {
    expect(() => sent({ [param]: value })).toThrow(refusal(param));
  });

  it('goes on with an answer that is begun, where the model does', () => {
    const messages = [user('a'), { role: 'assistant', content: 'Well, ' }];

    expect(sent({ messages })).toMatchObject({ messages: [{}, { role: 'assistant', content: [{ text: 'Well,' }] }] });
    expect(sent({ messages }, NOVA)).toMatchObject({ messages: [{}, { content: [{ text: 'Well, ' }] }] });
    expect(() => sent({ messages }, 'us.anthropic.claude-opus-4-6-v1')).toThrow(refusal('messages[1]'));
  });
});

describe('bedrockModelOf', () => {
  it.each([
    ['anthropic.claude-3-7-sonnet-20250219-v1:0', 'claude'],
    ['global.anthropic.claude-sonnet-4-6', 'claude'],
    ['arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0', 'claude'],
    ['arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/mi1dadi0g15f', 'effort'],
    ['us.amazon.nova-premier-v1:0', 'fixed'],
    ['us.amazon.nova-9-huge-v1:0', 'nova'],
    ['deepseek.r1-v1:0', 'fixed'],
    ['deepseek.v3-v1:0', 'config'],
    ['meta.llama3-2-1b-instruct-v1:0', 'fixed'],
  ])('knows how %s reasons', (id, reasoning) => {
    expect(bedrockModelOf(id).reasoning).toBe(reasoning);
  });
});
