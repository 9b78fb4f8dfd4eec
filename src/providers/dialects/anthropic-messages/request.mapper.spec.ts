import { describe, expect, it } from '@jest/globals';
import type Anthropic from '@anthropic-ai/sdk';
import { aDialectElsewhere, asked } from '../../../../test/support/anthropic-calls.js';
import { aCall, aTarget } from '../../../../test/support/chat-streams.js';

/** What the newest types leave out and the version of 2023 takes. */
type Sampling = { readonly temperature?: number; readonly top_p?: number; readonly top_k?: number };

const messages = [{ role: 'user' as const, content: 'Hi' }];
const refusing = (param: string, key = 'unsupported_parameter') => expect.objectContaining({ key, param, status: 400 });
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };

describe('a request to Anthropic', () => {
  it('is a whole one of its own, with nothing of what only OpenAI knows', () => {
    const body = asked(
      {
        messages,
        max_completion_tokens: 50,
        temperature: 0.5,
        top_k: 40,
        stop: 'END',
        stream: true,
        stream_options: { include_usage: true },
        n: 1,
        seed: 7,
        user: 'u-1',
        store: true,
        metadata: { a: 'b' },
        logprobs: false,
        top_logprobs: 0,
        logit_bias: {},
        presence_penalty: 0,
        frequency_penalty: 0,
        prediction: { type: 'content', content: 'x' },
        modalities: ['text'],
        verbosity: 'medium',
        service_tier: 'default',
        prompt_cache_key: 'k',
        parallel_tool_calls: true,
        tools: [],
        tool_choice: 'auto',
        audio: null,
        reasoning_effort: null,
      },
      'claude-haiku-4-5',
    );

    expect(body).toEqual({
      model: 'claude-haiku-4-5',
      messages,
      max_tokens: 50,
      temperature: 0.5,
      top_k: 40,
      stop_sequences: ['END'],
      stream: true,
      metadata: { user_id: 'u-1' },
    } satisfies Anthropic.MessageCreateParams & Sampling);
  });

  it('lets members of its own travel, and new ones', () => {
    const own = {
      container: 'c_1',
      context_management: { edits: [] },
      cache_control: { type: 'ephemeral' },
      brand_new: [1],
      service_tier: 'standard_only',
      stop_sequences: ['A'],
      output_config: { effort: 'low' },
      system: 'Above all.',
      metadata: { user_id: 'own' },
    };
    const system = [
      { type: 'text', text: 'Above all.' },
      { type: 'text', text: 'Then.' },
    ];

    expect(asked({ messages: [{ role: 'system', content: 'Then.' }, ...messages], stop: ['B'], ...own })).toMatchObject(
      { ...own, system, stop_sequences: ['B', 'A'] },
    );
  });

  it.each([
    ['n', 2],
    ['logprobs', true],
    ['top_logprobs', 3],
    ['logit_bias', { 1: 2 }],
    ['presence_penalty', 0.1],
    ['frequency_penalty', -1],
    ['modalities', ['text', 'audio']],
    ['audio', { voice: 'x' }],
    ['functions', [{ name: 'f' }]],
    ['function_call', 'auto'],
    ['verbosity', 'low'],
    ['stop', ['END', '\n']],
    ['tool_choice', 'sometimes'],
  ])('is refused for its %s', (param, value) => {
    expect(() => asked({ messages, tools: [tool], [param]: value })).toThrow(refusing(param));
  });

  it.each([
    ['claude-3-haiku-20240307', {}, 4096],
    ['claude-2.1', {}, 4096],
    ['claude-3-5-sonnet-20240620', {}, 8192],
    ['claude-sonnet-4-5', {}, 16_384],
    ['claude-opus-9', {}, 16_384],
    ['claude-opus-5', { max_tokens: 100_000 }, 100_000],
    ['claude-opus-5', { max_tokens: 5, max_completion_tokens: 6 }, 6],
  ])('to %s with %j has a limit of tokens, which Anthropic demands', (model, limits, tokens) => {
    expect(asked({ messages, ...limits }, model)['max_tokens']).toBe(tokens);
  });

  it.each([
    ['claude-3-5-haiku-20241022', { temperature: 1.7, top_p: 0.5, top_k: 3 }, { temperature: 1, top_p: 0.5, top_k: 3 }],
    ['claude-sonnet-4-20250514', { temperature: 0, top_p: 0.5 }, { temperature: 0, top_p: 0.5 }],
    ['claude-opus-4-1-20250805', { temperature: 0.3, top_p: 0.5 }, { temperature: 0.3 }],
    ['claude-sonnet-4-5', { top_p: 0.5 }, { top_p: 0.5 }],
    ['claude-sonnet-4-6', { temperature: 0.3, top_k: 3 }, { temperature: 0.3, top_k: 3 }],
    ['claude-opus-4-7', { temperature: 0.3, top_p: 0.5, top_k: 3 }, {}],
    ['claude-sonnet-5', { temperature: 0.3 }, {}],
    ['claude-haiku-4-5', { temperature: 0.3, top_k: 3, reasoning_effort: 'low' }, {}],
    ['claude-haiku-4-5', { temperature: 1, top_p: 0.96, reasoning_effort: 'low' }, { temperature: 1 }],
    ['claude-haiku-4-5', { top_p: 0.96, reasoning_effort: 'low' }, { top_p: 0.96 }],
  ])('to %s with %j samples as the model takes it', (model, parameters, sampling) => {
    const { temperature, top_p, top_k } = asked({ messages, ...parameters }, model);

    expect({ temperature, top_p, top_k }).toEqual({
      temperature: undefined,
      top_p: undefined,
      top_k: undefined,
      ...sampling,
    });
  });

  it('has no sampling under the version that refuses it', () => {
    const headers = ['anthropic-version', '2026-10-21'];

    expect(asked({ messages, temperature: 0.5 }, 'claude-haiku-4-5', headers)).not.toHaveProperty('temperature');
  });

  describe('elsewhere than at Anthropic', () => {
    const { dialect, strategy } = aDialectElsewhere();
    const target = aTarget(strategy, { model: 'claude-sonnet-4-5@20250929' });
    const call = {
      ...aCall({ messages, stream: true, temperature: 0.5 }),
      headers: ['anthropic-version', '2026-10-21', 'anthropic-beta', 'a, b'],
    };

    it('has the version and the betas in the body, the model and the way of answering in the path', () => {
      const { path, body } = dialect.buildChatRequest(call, target);

      expect(path).toBe('/models/claude-sonnet-4-5@20250929:streamRawPredict');
      expect(JSON.parse(body?.toString() ?? '')).toEqual({
        anthropic_version: 'vertex-2023-10-16',
        anthropic_beta: ['a', 'b'],
        messages,
        max_tokens: 16_384,
        temperature: 0.5,
      });
    });

    it('shows the key as that place wants it', () => {
      const { headers } = dialect.buildChatRequest(call, target);

      expect(headers.filter((value) => /authorization|x-api-key/.test(value))).toEqual(['authorization']);
    });
  });
});

describe('tools for Anthropic', () => {
  const parameters = {
    type: 'object',
    properties: { city: { type: 'string', minLength: 1 } },
    required: ['city'],
    additionalProperties: false,
  };
  const weather = (rest: object = {}) => ({
    type: 'function',
    function: { name: 'weather', description: 'Says it.', parameters, ...rest },
  });

  it('are named at the top, with the schema as it is', () => {
    expect(asked({ messages, tools: [weather(), { type: 'function', function: { name: 'now' } }] })['tools']).toEqual([
      { name: 'weather', description: 'Says it.', input_schema: { ...parameters, type: 'object' } },
      { name: 'now', input_schema: { type: 'object', properties: {} } },
    ] satisfies Anthropic.Tool[]);
  });

  it("are strict in Anthropic's subset where the model is, else as they are", () => {
    const tools = [weather({ strict: true })];

    expect(asked({ messages, tools }, 'claude-sonnet-4-5')['tools']).toEqual([
      {
        name: 'weather',
        description: 'Says it.',
        input_schema: {
          ...parameters,
          type: 'object',
          properties: { city: { type: 'string', description: '(minLength: 1)' } },
        },
        strict: true,
      },
    ] satisfies Anthropic.Tool[]);
    expect(asked({ messages, tools }, 'claude-sonnet-4-0')['tools']).toEqual([
      { name: 'weather', description: 'Says it.', input_schema: parameters },
    ]);
  });

  it("carry what only Anthropic knows, and may be Anthropic's own", () => {
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 2 };
    const plain = { name: 'own', input_schema: { type: 'object' } };
    const tools = [{ ...weather(), cache_control: { type: 'ephemeral' }, defer_loading: true }, search, plain];

    expect(asked({ messages, tools })['tools']).toEqual([
      {
        name: 'weather',
        description: 'Says it.',
        input_schema: parameters,
        defer_loading: true,
        cache_control: { type: 'ephemeral' },
      },
      search,
      plain,
    ]);
  });

  it('are joined by a web search where the caller wants one', () => {
    const approximate = { city: 'Bonn', country: 'DE' };
    const options = { search_context_size: 'low', user_location: { type: 'approximate', approximate } };

    expect(asked({ messages, web_search_options: options })['tools']).toEqual([
      { type: 'web_search_20250305', name: 'web_search', user_location: { type: 'approximate', ...approximate } },
    ] satisfies Anthropic.ToolUnion[]);
  });

  it.each([
    ['auto', undefined, { type: 'auto' }],
    ['none', undefined, { type: 'none' }],
    ['none', false, { type: 'none' }],
    ['required', undefined, { type: 'any' }],
    ['any', undefined, { type: 'any' }],
    [{ type: 'function', function: { name: 'f' } }, undefined, { type: 'tool', name: 'f' }],
    [{ type: 'tool', name: 'f' }, false, { type: 'tool', name: 'f', disable_parallel_tool_use: true }],
    [undefined, undefined, undefined],
    [undefined, true, undefined],
    [undefined, false, { type: 'auto', disable_parallel_tool_use: true }],
    ['required', false, { type: 'any', disable_parallel_tool_use: true }],
  ] satisfies (readonly [unknown, boolean | undefined, Anthropic.ToolChoice | undefined])[])(
    'are chosen: %j with parallel calls %j',
    (choice, parallel, expected) => {
      const body = asked({ messages, tools: [tool], tool_choice: choice, parallel_tool_calls: parallel });

      expect(body['tool_choice']).toEqual(expected);
    },
  );

  it('are those allowed', () => {
    const allowed = { mode: 'required', tools: [{ type: 'function', function: { name: 'weather' } }] };

    const body = asked({
      messages,
      tools: [tool, weather()],
      tool_choice: { type: 'allowed_tools', allowed_tools: allowed },
    });

    expect(body).toMatchObject({ tools: [{ name: 'weather' }], tool_choice: { type: 'any' } });
    expect(body['tools']).toHaveLength(1);
  });

  it.each([
    ['a tool of another kind', { type: 'custom', custom: { name: 'x' } }, 'tools[0]', 'unsupported_parameter'],
    ['a function without a name', { type: 'function', function: {} }, 'tools[0].function.name', 'invalid_request'],
    [
      'a strict one with open objects',
      weather({ strict: true, parameters: { type: 'object', properties: { a: { type: 'object' } } } }),
      'tools[0].function.strict',
      'unsupported_parameter',
    ],
  ])('are refused: %s', (_name, given, param, key) => {
    expect(() => asked({ messages, tools: [given] })).toThrow(refusing(param, key));
  });
});

describe('thinking at Anthropic', () => {
  const settings = (request: object, model: string) => {
    const { thinking, output_config, max_tokens } = asked({ messages, ...request }, model);
    return { thinking, effort: (output_config as { effort?: string } | undefined)?.effort, tokens: max_tokens };
  };
  const enabled = (budget: number): Anthropic.ThinkingConfigEnabled => ({ type: 'enabled', budget_tokens: budget });
  const adaptive: Anthropic.ThinkingConfigParam = { type: 'adaptive', display: 'summarized' };
  const off: Anthropic.ThinkingConfigParam = { type: 'disabled' };

  it.each([
    // A budget of tokens, up to 4.5.
    ['claude-3-7-sonnet-20250219', { reasoning_effort: 'minimal' }, enabled(1024), undefined, 17_408],
    ['claude-sonnet-4-5', { reasoning_effort: 'medium' }, enabled(4096), undefined, 20_480],
    ['claude-sonnet-4-5', { reasoning_effort: 'high', max_tokens: 1000 }, enabled(16_384), undefined, 17_384],
    [
      'claude-sonnet-4-5',
      { reasoning_effort: 'high', max_completion_tokens: 10_000 },
      enabled(8000),
      undefined,
      10_000,
    ],
    ['claude-sonnet-4-5', { reasoning_effort: 'low', max_completion_tokens: 1000 }, undefined, undefined, 1000],
    ['claude-opus-4-1', { reasoning_effort: 'xhigh' }, enabled(25_600), undefined, 32_000],
    ['claude-haiku-4-5', { reasoning_effort: 'max' }, enabled(51_200), undefined, 64_000],
    ['claude-haiku-4-5', { reasoning_effort: 'none' }, undefined, undefined, 16_384],
    ['claude-haiku-4-5', { reasoning: { max_tokens: 2000 } }, enabled(2000), undefined, 18_384],
    [
      'claude-haiku-4-5',
      { reasoning: { effort: 'low', exclude: true } },
      { ...enabled(1024), display: 'omitted' },
      undefined,
      17_408,
    ],
    ['claude-haiku-4-5', { reasoning: { enabled: true } }, enabled(4096), undefined, 20_480],
    ['claude-haiku-4-5', { reasoning: { enabled: false } }, undefined, undefined, 16_384],
    ['claude-haiku-4-5', { thinking: enabled(2048), max_tokens: 4096 }, enabled(2048), undefined, 4096],
    ['claude-haiku-4-5', { thinking: enabled(2048), max_tokens: 100 }, enabled(2048), undefined, 2148],
    ['claude-haiku-4-5', { thinking: { type: 'adaptive' } }, enabled(16_384), undefined, 32_768],
    ['claude-haiku-4-5', { thinking: off }, off, undefined, 16_384],
    // By its own judgement, from 4.6 on.
    ['claude-sonnet-4-6', { reasoning_effort: 'medium' }, adaptive, 'medium', 32_768],
    ['claude-sonnet-4-6', { reasoning_effort: 'xhigh' }, adaptive, 'max', 32_768],
    ['claude-opus-4-6', { thinking: enabled(2048) }, enabled(2048), undefined, 18_432],
    ['claude-opus-4-6', { reasoning: { max_tokens: 3000 } }, enabled(3000), undefined, 19_384],
    ['claude-opus-4-8', { reasoning_effort: 'minimal' }, adaptive, 'low', 32_768],
    ['claude-opus-4-8', { reasoning_effort: 'xhigh', max_tokens: 500 }, adaptive, 'xhigh', 500],
    ['claude-opus-4-8', { reasoning_effort: 'none' }, off, undefined, 16_384],
    ['claude-opus-4-8', { thinking: enabled(9000) }, adaptive, 'high', 32_768],
    [
      'claude-opus-4-8',
      { thinking: { ...enabled(900), display: 'omitted' } },
      { type: 'adaptive', display: 'omitted' },
      'low',
      32_768,
    ],
    [
      'claude-opus-4-8',
      { reasoning: { max_tokens: 30_000, exclude: true } },
      { type: 'adaptive', display: 'omitted' },
      'xhigh',
      32_768,
    ],
    ['claude-opus-4-8', { thinking: { type: 'adaptive' } }, { type: 'adaptive' }, undefined, 32_768],
    ['claude-fable-5', { reasoning_effort: 'none' }, undefined, 'low', 32_768],
    ['claude-fable-5', { thinking: off }, undefined, 'low', 32_768],
    ['claude-fable-5', {}, undefined, undefined, 16_384],
    ['claude-3-5-haiku-20241022', { reasoning_effort: 'none' }, undefined, undefined, 8192],
    ['us.anthropic.claude-opus-4-20250514-v1:0', { reasoning_effort: 'low' }, enabled(1024), undefined, 17_408],
  ] satisfies (readonly [string, object, Anthropic.ThinkingConfigParam | undefined, Effort | undefined, number])[])(
    'of %s with %j',
    (model, request, thinking, effort, tokens) => {
      expect(settings(request, model)).toEqual({ thinking, effort, tokens });
    },
  );

  type Effort = NonNullable<Anthropic.OutputConfig['effort']>;

  it('gives way to a tool that must be called', () => {
    const request = { tools: [tool], tool_choice: 'required', reasoning_effort: 'high' };

    expect(settings(request, 'claude-haiku-4-5')).toEqual({ thinking: undefined, effort: undefined, tokens: 16_384 });
    expect(settings(request, 'claude-opus-4-8')).toEqual({ thinking: undefined, effort: 'high', tokens: 32_768 });
  });

  it('gives way to an answer begun', () => {
    const begun = [...messages, { role: 'assistant', content: 'We' }];

    expect(settings({ messages: begun, reasoning_effort: 'high' }, 'claude-haiku-4-5').thinking).toBeUndefined();
  });

  it.each([
    ['claude-fable-5', {}],
    ['claude-haiku-4-5', { thinking: { type: 'enabled', budget_tokens: 2000 } }],
  ])('of %s with %j does not go with a tool that must be called', (model, request) => {
    expect(() => asked({ messages, tools: [tool], tool_choice: 'required', ...request }, model)).toThrow(
      refusing('tool_choice'),
    );
  });

  it.each([
    ['claude-3-5-haiku-20241022', { reasoning_effort: 'low' }, 'reasoning_effort', 'unsupported_parameter'],
    ['claude-3-5-haiku-20241022', { reasoning: { max_tokens: 5 } }, 'reasoning', 'unsupported_parameter'],
    ['claude-opus-5', { reasoning_effort: 'a lot' }, 'reasoning_effort', 'invalid_request'],
    ['claude-opus-5', { reasoning: { effort: 'toString' } }, 'reasoning', 'invalid_request'],
  ])('of %s is refused with %j', (model, request, param, key) => {
    expect(() => asked({ messages, ...request }, model)).toThrow(refusing(param, key));
  });
});
