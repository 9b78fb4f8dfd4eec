import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget } from '../../../../test/support/chat-streams.js';
import { GoogleAiStudioStrategy } from '../../google-ai-studio/google-ai-studio.strategy.js';

const strategy = new GoogleAiStudioStrategy();
const user = { role: 'user', content: 'Hi' };
const tool = (extra = {}, name = 'f') => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { a: { type: 'string' } } }, ...extra },
});

const bodySchema = z.looseObject({
  contents: z.array(z.looseObject({ role: z.string(), parts: z.array(z.unknown()) })),
});

function sent(body: Record<string, unknown>, model = 'gemini-3-flash-preview') {
  const request = strategy.buildChatRequest(aCall({ messages: [user], ...body }), aTarget(strategy, { model }));
  return bodySchema.parse(JSON.parse(request.body?.toString() ?? ''));
}

const refusal = (param: string, key = 'unsupported_parameter') =>
  expect.objectContaining({ key, status: 400, param, message: expect.stringMatching(/\w/) });

describe("a request in Gemini's words", () => {
  it.each([
    [{ max_tokens: 5, max_completion_tokens: 7 }, { maxOutputTokens: 7 }],
    [
      { temperature: 0.5, top_p: 0.9, top_k: 3 },
      { temperature: 0.5, topP: 0.9, topK: 3 },
    ],
    [
      { n: 2, seed: 4, stop: 'x' },
      { candidateCount: 2, seed: 4, stopSequences: ['x'] },
    ],
    [{ stop: ['a', '', 'b'] }, { stopSequences: ['a', 'b'] }],
    [
      { presence_penalty: 0.1, frequency_penalty: 0 },
      { presencePenalty: 0.1, frequencyPenalty: 0 },
    ],
    [
      { logprobs: true, top_logprobs: 3 },
      { responseLogprobs: true, logprobs: 3 },
    ],
    [{ logprobs: true }, { responseLogprobs: true }],
    [{ response_format: { type: 'json_object' } }, { responseMimeType: 'application/json' }],
    [{ modalities: ['text', 'image'] }, { responseModalities: ['TEXT', 'IMAGE'] }],
    [
      { modalities: ['text', 'audio'], audio: { voice: 'Kore', format: 'pcm16' } },
      {
        responseModalities: ['AUDIO'],
        speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: 'Kore' } } },
      },
    ],
    [
      { google: { generation_config: { mediaResolution: 'MEDIA_RESOLUTION_LOW' } } },
      { mediaResolution: 'MEDIA_RESOLUTION_LOW' },
    ],
    [
      { extra_body: { google: { thinking_config: { thinkingBudget: 99 } } } },
      { thinkingConfig: { thinkingBudget: 99 } },
    ],
  ])('says %j as %j', (body, generation) => {
    expect(sent(body)['generationConfig']).toEqual(generation);
  });

  it.each([
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128 }],
    ['gemini-2.5-pro', 'minimal', { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-2.5-pro', 'max', { thinkingBudget: 32_768, includeThoughts: true }],
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
    ['gemini-2.5-flash', 'medium', { thinkingBudget: 8192, includeThoughts: true }],
    ['gemini-2.5-flash', 'xhigh', { thinkingBudget: 24_576, includeThoughts: true }],
    ['gemini-2.5-flash-lite', 'low', { thinkingBudget: 1024, includeThoughts: true }],
    ['gemini-3-pro-preview', 'medium', { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['gemini-3-pro-preview', 'none', { thinkingLevel: 'LOW' }],
    ['gemini-3.1-pro-preview', 'medium', { thinkingLevel: 'MEDIUM', includeThoughts: true }],
    ['gemini-3-flash-preview', 'minimal', { thinkingLevel: 'MINIMAL', includeThoughts: true }],
    ['gemini-3.5-flash', 'none', { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.7-flash', 'minimal', { thinkingLevel: 'LOW', includeThoughts: true }],
    ['gemini-flash-latest', 'high', { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['gemini-9-ultra', 'max', { thinkingLevel: 'HIGH', includeThoughts: true }],
    ['models/gemini-2.5-flash', 'low', { thinkingBudget: 1024, includeThoughts: true }],
  ])('lets %s think with the effort %s', (model, effort, thinking) => {
    expect(sent({ reasoning_effort: effort }, model)['generationConfig']).toEqual({ thinkingConfig: thinking });
  });

  it.each([
    [{ reasoning: { effort: 'low' } }, { thinkingBudget: 1024, includeThoughts: true }],
    [{ reasoning: { max_tokens: 3000 } }, { thinkingBudget: 3000, includeThoughts: true }],
    [{ reasoning: { enabled: false } }, { thinkingBudget: 0 }],
    [{ thinking: { type: 'enabled', budget_tokens: 50_000 } }, { thinkingBudget: 24_576, includeThoughts: true }],
    [{ thinking: { type: 'disabled' } }, { thinkingBudget: 0 }],
  ])("understands other providers' %j", (body, thinking) => {
    expect(sent(body, 'gemini-2.5-flash')['generationConfig']).toEqual({ thinkingConfig: thinking });
  });

  it.each([
    ['auto', undefined],
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
    ['any', { mode: 'ANY' }],
    [
      { type: 'function', function: { name: 'f' } },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      { mode: 'ANY', allowedFunctionNames: ['f'] },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      { mode: 'VALIDATED', allowedFunctionNames: ['f'] },
    ],
  ])('says the tool choice %j as %j', (choice, calling) => {
    const body = sent({ tools: [tool(), tool({}, 'g')], tool_choice: choice });

    expect(body['toolConfig']).toEqual(calling === undefined ? undefined : { functionCallingConfig: calling });
    expect(body['tools']).toMatchObject([{ functionDeclarations: [{ name: 'f' }, { name: 'g' }] }]);
  });

  it('declares only the allowed tools to models that know no such mode', () => {
    const choice = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ function: { name: 'g' } }] } };

    const body = sent({ tools: [tool(), tool({}, 'g')], tool_choice: choice }, 'gemini-2.0-flash');

    expect(body['tools']).toMatchObject([{ functionDeclarations: [{ name: 'g' }] }]);
    expect(body).not.toHaveProperty('toolConfig');
  });

  it('gives a function its schema in the field of the generation, and none where it takes nothing', () => {
    const tools = [
      tool({ strict: true, description: 'Does f.' }),
      tool({ parameters: { type: 'object', properties: {} } }, 'g'),
    ];
    const parameters = { type: 'object', properties: { a: { type: 'string' } } };

    expect(sent({ tools })).toMatchObject({
      tools: [
        {
          functionDeclarations: [
            { name: 'f', description: 'Does f.', parametersJsonSchema: parameters },
            { name: 'g' },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } },
    });
    const older = sent({ tools }, 'gemini-2.0-flash');
    expect(older['tools']).toEqual([
      { functionDeclarations: [{ name: 'f', description: 'Does f.', parameters }, { name: 'g' }] },
    ]);
    expect(older).not.toHaveProperty('toolConfig');
  });

  it('knows tools of Google, and what searches', () => {
    const tools = [{ google_search: {} }, { type: 'code_interpreter' }, { urlContext: {} }];

    expect(sent({ tools })['tools']).toEqual([{ googleSearch: {} }, { codeExecution: {} }, { urlContext: {} }]);
    expect(sent({ web_search_options: {}, tools: [tool()] })).toMatchObject({
      tools: [{ googleSearch: {} }, { functionDeclarations: [{ name: 'f' }] }],
      toolConfig: { includeServerSideToolInvocations: true },
    });
  });

  it('understands the deprecated functions', () => {
    const { type: _type, ...rest } = tool();

    expect(sent({ functions: [rest.function], function_call: { name: 'f' } })).toMatchObject({
      tools: [{ functionDeclarations: [{ name: 'f' }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
    });
  });

  it("passes on what is Google's own, in either spelling", () => {
    expect(
      sent({
        safety_settings: [{ category: 'X' }],
        google: { cached_content: 'cachedContents/1', newField: { a: 1 } },
      }),
    ).toMatchObject({ safetySettings: [{ category: 'X' }], cachedContent: 'cachedContents/1', newField: { a: 1 } });
  });

  it('drops what changes nothing', () => {
    const harmless = {
      user: 'u',
      metadata: { a: 'b' },
      store: true,
      stream_options: { include_usage: true },
      prediction: { type: 'content', content: 'x' },
      service_tier: 'auto',
      logit_bias: {},
      verbosity: 'medium',
      n: 1,
      logprobs: false,
      response_format: { type: 'text' },
      modalities: ['text'],
      parallel_tool_calls: true,
      tools: [],
      tool_choice: 'auto',
    };

    expect(Object.keys(sent({ ...harmless, stream: true }))).toEqual(['contents']);
  });

  it.each([
    [{ brand_new: 1 }, 'brand_new', undefined],
    [{ logit_bias: { 1: 5 } }, 'logit_bias', undefined],
    [{ verbosity: 'low' }, 'verbosity', undefined],
    [{ n: 9 }, 'n', undefined],
    [{ stop: ['1', '2', '3', '4', '5', '6'] }, 'stop', undefined],
    [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs', undefined],
    [{ reasoning_effort: 'huge' }, 'reasoning_effort', undefined],
    [{ reasoning_effort: 'high' }, 'reasoning_effort', 'gemini-2.0-flash'],
    [{ service_tier: 'scale' }, 'service_tier', undefined],
    [{ response_format: { type: 'grammar' } }, 'response_format', undefined],
    [{ response_format: { type: 'json_object' }, tools: [tool()] }, 'response_format', 'gemini-2.5-flash'],
    [{ web_search_options: {}, tools: [tool()] }, 'web_search_options', 'gemini-2.5-flash'],
    [{ tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0]', undefined],
    [{ tools: [tool()], tool_choice: { type: 'custom' } }, 'tool_choice', undefined],
    [{ modalities: ['smell'] }, 'modalities', undefined],
    [{ modalities: ['audio'], audio: { format: 'mp3' } }, 'audio.format', undefined],
    [{ extra_body: { other: 1 } }, 'extra_body', undefined],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://x/a.png' } }] }] },
      'messages[0].content[0]',
      undefined,
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-abc' } }] }] },
      'messages[0].content[0]',
      undefined,
    ],
    [{ messages: [{ role: 'user', content: [{ type: 'hologram' }] }] }, 'messages[0].content[0]', undefined],
  ])('refuses %j, and names %s', (body, param, model) => {
    expect(() => sent(body, model)).toThrow(refusal(param));
  });

  it('takes a response format together with tools from Gemini 3 on', () => {
    expect(() => sent({ response_format: { type: 'json_object' }, tools: [tool()] })).not.toThrow();
  });
});
