import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget, joinStream, readStream } from '../../../../test/support/chat-streams.js';
import { GoogleAiStudioStrategy } from '../../google-ai-studio/google-ai-studio.strategy.js';

const strategy = new GoogleAiStudioStrategy();
const target = aTarget(strategy);

type Part = Record<string, unknown>;
const text = (words: string, extra: Part = {}): Part => ({ text: words, ...extra });
const call = (name: string, extra: Part = {}, signature?: string): Part => ({
  functionCall: { name, args: { a: 1 }, ...extra },
  ...(signature === undefined ? {} : { thoughtSignature: signature }),
});
const candidate = (parts: readonly Part[], finishReason?: string, extra: Part = {}) => ({
  content: { role: 'model', parts },
  ...(finishReason === undefined ? {} : { finishReason }),
  ...extra,
});
const response = (...candidates: readonly Part[]) => ({ candidates, modelVersion: 'gemini-x', responseId: 'r-1' });

const read = (body: unknown, request = {}) => {
  const bytes = Buffer.from(JSON.stringify(body));
  const answer = strategy.readChatCompletion({ status: 200, headers: {}, body: bytes }, aCall(request), target);
  return JSON.parse(answer.body.toString()) as {
    choices: [
      { message: Record<string, unknown>; finish_reason: string; native_finish_reason: string; logprobs: unknown },
    ];
  };
};
const stream = (responses: readonly unknown[], request = {}) =>
  readStream(
    strategy,
    responses.map((one) => Buffer.from(`data: ${JSON.stringify(one)}\r\n\r\n`)),
    aCall({ stream: true, ...request }),
  );
const deltas = (output: string) =>
  output
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as { choices: { index: number; delta: Record<string, unknown> }[] })
    .flatMap(({ choices }) => choices);

describe("Gemini's answers", () => {
  it.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['RECITATION', 'content_filter'],
    ['BLOCKLIST', 'content_filter'],
    ['PROHIBITED_CONTENT', 'content_filter'],
    ['SPII', 'content_filter'],
    ['IMAGE_SAFETY', 'content_filter'],
    ['IMAGE_RECITATION', 'content_filter'],
    ['MODEL_ARMOR', 'content_filter'],
    ['OTHER', 'stop'],
    ['LANGUAGE', 'stop'],
    ['MALFORMED_FUNCTION_CALL', 'stop'],
    ['NEVER_SEEN', 'stop'],
  ])('with content and the finish %s end with %s, whole and streamed', (native, finish) => {
    const body = response(candidate([text('Hi')], native));

    expect(read(body).choices[0]).toMatchObject({ finish_reason: finish, native_finish_reason: native });
    expect(joinStream(stream([body]).text)).toMatchObject({ content: 'Hi', finishReasons: [finish], dones: 1 });
  });

  it.each([
    ['STOP', 'tool_calls'],
    ['OTHER', 'tool_calls'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
  ])('with a call and the finish %s end with %s', (native, finish) => {
    const body = response(candidate([call('f')], native));

    expect(read(body).choices[0].finish_reason).toBe(finish);
    expect(joinStream(stream([body]).text).finishReasons).toEqual([finish]);
  });

  it.each(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS', 'OTHER', 'LANGUAGE', 'NO_IMAGE'])(
    'without content and with the finish %s are none',
    (native) => {
      const body = response({ finishReason: native, finishMessage: 'It went wrong.' });
      const error = { key: 'upstream_failed', status: 502, message: expect.stringMatching(`${native}.*It went wrong`) };

      expect(() => read(body)).toThrow(expect.objectContaining(error));
      expect(stream([body]).translator).toMatchObject({ status: 'failed', error });
    },
  );

  it('that were filtered say why, in the refusal', () => {
    const filtered = response({ finishReason: 'MODEL_ARMOR', finishMessage: 'It violated a filter.' });
    const blocked = {
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT', blockReasonMessage: 'The prompt did.' },
      responseId: 'r',
    };

    expect(read(filtered).choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      message: { content: null, refusal: 'It violated a filter.' },
    });
    expect(read(blocked).choices[0]).toMatchObject({
      finish_reason: 'content_filter',
      native_finish_reason: 'PROHIBITED_CONTENT',
      message: { content: '', refusal: 'The prompt did.' },
    });
    const { text: out, translator } = stream([blocked]);
    expect(translator).toMatchObject({ status: 'complete', started: true });
    expect(joinStream(out)).toMatchObject({ content: '', finishReasons: ['content_filter'], dones: 1 });
    expect(out).toContain('"refusal":"The prompt did."');
  });

  it('carry signatures in the call and in the details, of texts in the details', () => {
    const body = response(
      candidate(
        [
          text('Hm.', { thought: true }),
          text('Hi', { thoughtSignature: 'S1' }),
          call('f', { id: 'x1' }, 'S2'),
          call('f', { id: 'x1' }),
        ],
        'STOP',
      ),
    );

    const { message } = read(body).choices[0];

    expect(message).toMatchObject({
      content: 'Hi',
      reasoning_content: 'Hm.',
      reasoning_details: [
        { type: 'reasoning.encrypted', format: 'google-gemini-v1', data: 'S1', index: 0 },
        { type: 'reasoning.encrypted', format: 'google-gemini-v1', data: 'S2', index: 1, id: 'x1' },
      ],
      tool_calls: [
        {
          id: 'x1',
          function: { name: 'f', arguments: '{"a":1}' },
          extra_content: { google: { thought_signature: 'S2' } },
        },
        // The same id again would be two calls in one for clients.
        { id: expect.stringMatching(/^call_\w+$/) },
      ],
    });
    const joined = joinStream(stream([body]).text);
    expect(joined.toolCalls).toEqual([
      { id: 'x1', name: 'f', arguments: '{"a":1}' },
      { id: expect.stringMatching(/^call_\w+$/), name: 'f', arguments: '{"a":1}' },
    ]);
  });

  it('keep the first call only where one at a time was asked for', () => {
    const body = response(candidate([call('f'), call('g')], 'STOP'));
    const request = { parallel_tool_calls: false };

    expect(read(body, request).choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'f' } }] },
    });
    expect(read(body, request).choices[0].message['tool_calls']).toHaveLength(1);
    expect(joinStream(stream([body], request).text).toolCalls).toHaveLength(1);
  });

  it('hold images, sound and code that was run', () => {
    const parts = [
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      { inlineData: { mimeType: 'audio/L16;rate=24000', data: Buffer.from('ab').toString('base64') } },
      { inlineData: { mimeType: 'audio/L16;rate=24000', data: Buffer.from('cd').toString('base64') } },
      { executableCode: { language: 'PYTHON', code: '1+1' } },
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '2' } },
    ];

    const { message } = read(response(candidate(parts, 'STOP'))).choices[0];

    expect(message).toMatchObject({
      content: null,
      images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
      audio: { data: Buffer.from('abcd').toString('base64') },
      code_execution: [{ code: '1+1' }, { output: '2' }],
    });
    const seen = deltas(
      stream(parts.map((part, at) => response(candidate([part], at === 4 ? 'STOP' : undefined)))).text,
    );
    expect(seen.filter(({ delta }) => delta['images'] ?? delta['audio'] ?? delta['code_execution'])).toHaveLength(5);
  });

  it('cite their sources by characters, although Google counts bytes', () => {
    const grounding = {
      groundingChunks: [{ web: { uri: 'https://a', title: 'A' } }, { web: { uri: 'https://b', title: 'B' } }],
      groundingSupports: [{ segment: { startIndex: 8, endIndex: 13 }, groundingChunkIndices: [0] }],
    };
    // `Größe: ` is nine bytes and seven characters long.
    const whole = response(candidate([text('Größe: 1,80 m')], 'STOP', { groundingMetadata: grounding }));
    const expected = [
      { type: 'url_citation', url_citation: { url: 'https://a', title: 'A', start_index: 6, end_index: 11 } },
      { type: 'url_citation', url_citation: { url: 'https://b', title: 'B', start_index: 0, end_index: 0 } },
    ];

    expect(read(whole, { web_search_options: {} }).choices[0].message).toMatchObject({
      annotations: expected,
      extra_content: { google: { groundingMetadata: grounding } },
    });
    const pieces = [
      response(candidate([text('Größ')])),
      response(candidate([text('e: 1,80 m')], 'STOP', { groundingMetadata: grounding })),
    ];
    const found = deltas(stream(pieces, { web_search_options: {} }).text).map(({ delta }) => delta['annotations']);
    expect(found.filter((list) => list !== undefined)).toEqual([expected]);
  });

  it('give log probabilities as they come', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'Hi', logProbability: -0.5, tokenId: 1 }],
      topCandidates: [
        {
          candidates: [
            { token: 'Hi', logProbability: -0.5 },
            { token: 'Ho', logProbability: -2 },
          ],
        },
      ],
    };
    const body = response(candidate([text('Hi')], 'STOP', { logprobsResult }));
    const expected = {
      content: [
        {
          token: 'Hi',
          logprob: -0.5,
          bytes: null,
          top_logprobs: [
            { token: 'Hi', logprob: -0.5, bytes: null },
            { token: 'Ho', logprob: -2, bytes: null },
          ],
        },
      ],
      refusal: null,
    };

    expect(read(body).choices[0].logprobs).toEqual(expected);
    expect(stream([body]).text).toContain(`"logprobs":${JSON.stringify(expected)}`);
  });

  it('have as many choices as were made, each with one role and one finish', () => {
    const pieces = [
      response(candidate([text('A')], undefined, { index: 0 }), candidate([text('B')], undefined, { index: 1 })),
      response(candidate([text('b')], 'MAX_TOKENS', { index: 1 })),
      response(candidate([text('a')], 'STOP', { index: 0 })),
    ];

    const { text: out } = stream(pieces, { n: 2 });

    expect(joinStream(out, 0)).toMatchObject({ roles: ['assistant'], content: 'Aa', finishReasons: ['stop'] });
    expect(joinStream(out, 1)).toMatchObject({ roles: ['assistant'], content: 'Bb', finishReasons: ['length'] });
  });

  it('are not complete while a choice has no finish', () => {
    const pieces = [
      response(candidate([text('A')], 'STOP', { index: 0 }), candidate([text('B')], undefined, { index: 1 })),
    ];

    const { text: out, translator } = stream(pieces, { n: 2 });

    expect(translator.status).toBe('open');
    expect(out).not.toContain('[DONE]');
    expect(() => read(pieces)).toThrow(expect.objectContaining({ key: 'upstream_failed' }));
  });

  it('keep the last of each count, of snapshots that lack some', () => {
    const usages = [
      { promptTokenCount: 10, thoughtsTokenCount: 5, totalTokenCount: 15 },
      { promptTokenCount: 10, candidatesTokenCount: 3, totalTokenCount: 18 },
      { trafficType: 'ON_DEMAND' },
    ];
    const pieces = usages.map((usageMetadata, at) => ({
      ...response(candidate([text('x')], at === 2 ? 'STOP' : undefined)),
      usageMetadata,
    }));

    expect(stream(pieces).translator.facts).toMatchObject({
      usage: {
        prompt_tokens: 10,
        completion_tokens: 8,
        total_tokens: 18,
        completion_tokens_details: { reasoning_tokens: 5 },
      },
      events: 3,
    });
  });

  it('put arguments together that come in pieces', () => {
    const piece = (functionCall: Part, finish?: string) => response(candidate([{ functionCall }], finish));
    const pieces = [
      piece({ name: 'f', willContinue: true }),
      piece({ partialArgs: [{ jsonPath: '$.city', stringValue: 'Zü', willContinue: true }], willContinue: true }),
      piece({ partialArgs: [{ jsonPath: '$.city', stringValue: 'rich' }], willContinue: true }),
      piece({
        partialArgs: [
          { jsonPath: '$.days[0].n', numberValue: 1 },
          { jsonPath: "$['is it']", boolValue: true },
          { jsonPath: '$.__proto__.x', nullValue: 'NULL_VALUE' },
        ],
        willContinue: true,
      }),
      piece({}),
      piece({ name: 'g', willContinue: true }, 'STOP'),
    ];

    const { toolCalls } = joinStream(stream(pieces).text);

    expect(toolCalls.map((one) => one.arguments)).toEqual([
      '{"city":"Zürich","days":[{"n":1}],"is it":true,"__proto__":{"x":null}}',
      '{}',
    ]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe("Gemini's errors", () => {
  const error = (status: number, body: unknown, headers = {}) =>
    strategy.readError({ status, headers, body: Buffer.from(JSON.stringify(body)) }, target);
  const google = (code: number, status: string, message: string, details: unknown[] = []) => ({
    error: { code, status, message, details },
  });

  it.each([
    [400, google(400, 'INVALID_ARGUMENT', 'Bad.', [{ reason: 'API_KEY_INVALID' }]), 401, 'invalid_api_key', false],
    [401, google(401, 'UNAUTHENTICATED', 'Request had invalid credentials.'), 401, 'invalid_api_key', false],
    [403, google(403, 'PERMISSION_DENIED', 'No.'), 403, null, false],
    [404, google(404, 'NOT_FOUND', 'models/x is not found.'), 404, 'model_not_found', false],
    [
      400,
      google(400, 'INVALID_ARGUMENT', 'The input token count exceeds the maximum number of tokens allowed.'),
      400,
      'context_length_exceeded',
      false,
    ],
    [499, google(499, 'CANCELLED', 'The operation was cancelled.'), 499, null, true],
    [500, google(500, 'INTERNAL', 'Internal.'), 500, null, true],
    [503, google(503, 'UNAVAILABLE', 'Overloaded.'), 503, 'overloaded', true],
    [504, google(504, 'DEADLINE_EXCEEDED', 'Too late.'), 504, 'timeout', true],
  ])('%i %j is %i %s', (status, body, mapped, code, retryable) => {
    expect(error(status, body)).toMatchObject({
      status: mapped,
      code,
      retryable,
      message: expect.stringContaining(body.error.message),
    });
    expect(error(status, [body])).toMatchObject({ status: mapped, code, retryable });
  });

  it.each([
    [
      google(429, 'RESOURCE_EXHAUSTED', 'Slow down.', [
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.4s' },
      ]),
      '35',
    ],
    [google(429, 'RESOURCE_EXHAUSTED', 'Please retry in 7.1s.'), '8'],
    [google(429, 'RESOURCE_EXHAUSTED', 'Slow down.'), undefined],
  ])('says when to come again', (body, seconds) => {
    expect(error(429, body).details.headers?.['retry-after']).toBe(seconds);
    expect(error(429, body, { 'retry-after': '3' }).details.headers?.['retry-after']).toBe('3');
  });
});
