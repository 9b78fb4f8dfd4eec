import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { aCall, aTarget, joinStream } from '../../../test/support/chat-streams.js';
import { respond } from './sandbox-responder.js';
import { SandboxStrategy } from './sandbox.strategy.js';

const strategy = new SandboxStrategy();

/** What a caller of the sandbox reads, through its strategy. */
async function ask(body: Record<string, unknown>, model = 'echo') {
  const call = aCall(body);
  const target = aTarget(strategy, { model, credential: null });
  const { status, headers, chunks } = respond(strategy.buildChatRequest(call, target));
  const pieces: Buffer[] = [];
  for await (const piece of chunks) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  if (status >= 400)
    return { kind: 'error', error: strategy.readError({ status, headers, body: bytes }, target) } as const;
  if (body['stream'] !== true) {
    const { body: completion, facts } = strategy.readChatCompletion({ status, headers, body: bytes }, call, target);
    return { kind: 'whole', completion: completionSchema.parse(JSON.parse(completion.toString())), facts } as const;
  }
  const translator = strategy.openChatStream(call, target);
  const out = [...pieces.flatMap((piece) => translator.push(piece)), ...translator.end()];
  return {
    kind: 'stream',
    joined: joinStream(Buffer.concat(out).toString()),
    status: translator.status,
    pieces: pieces.length,
  } as const;
}

const completionSchema = z.object({
  id: z.string(),
  choices: z.array(
    z.object({
      finish_reason: z.string(),
      message: z.object({
        content: z.string().nullable(),
        tool_calls: z.array(z.object({ function: z.object({ name: z.string(), arguments: z.string() }) })).optional(),
      }),
    }),
  ),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }),
});

async function whole(body: Record<string, unknown>, model?: string) {
  const answer = await ask(body, model);
  if (answer.kind !== 'whole') throw new Error(`The sandbox answered with a ${answer.kind}.`);
  return answer.completion;
}

const message = async (body: Record<string, unknown>) => (await whole(body)).choices[0]?.message;
const user = (content: string) => [{ role: 'user', content }];
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        unit: { enum: ['c', 'f'] },
        days: { type: 'integer', minimum: 2 },
        extra: {},
      },
      required: ['city', 'unit', 'days'],
    },
  },
};

describe('the sandbox', () => {
  it('says what it heard, the same each time', async () => {
    const first = await whole({ messages: user('Grüße, 世界!') });

    expect(first.choices).toMatchObject([{ message: { content: 'You said: Grüße, 世界!' }, finish_reason: 'stop' }]);
    expect(await whole({ messages: user('Grüße, 世界!') })).toEqual(first);
    expect((await whole({ messages: user('Something else') })).id).not.toBe(first.id);
  });

  it('streams it a word a piece, with usage where it was asked for', async () => {
    const quiet = await ask({ stream: true, messages: user('a b c') });
    const told = await ask({ stream: true, stream_options: { include_usage: true }, messages: user('a b c') });

    expect(quiet).toMatchObject({
      status: 'complete',
      joined: { content: 'You said: a b c', usageChunks: 0, endsWithDone: true, dones: 1 },
    });
    expect(quiet).toMatchObject({ pieces: 9 });
    expect(told).toMatchObject({ joined: { usageChunks: 1, usage: { completion_tokens: 5 } } });
  });

  it.each(['max_tokens', 'max_completion_tokens'])('stops at %s', async (limit) => {
    const { choices, usage } = await whole({ [limit]: 3, messages: user('a b c') });

    expect(choices).toMatchObject([{ message: { content: 'You said: a' }, finish_reason: 'length' }]);
    expect(usage.completion_tokens).toBe(3);
  });

  it('honours stop and n', async () => {
    const { choices } = await whole({ n: 2, stop: ['c', ' b'], messages: user('a b c') });

    expect(choices.map((choice) => choice.message.content)).toEqual(['You said: a', 'You said: a']);
  });

  it('streams as many choices as were asked for', async () => {
    expect(await ask({ stream: true, n: 2, messages: user('a') })).toMatchObject({
      status: 'complete',
      joined: { content: 'You said: a' },
    });
  });

  it.each([
    ['the last message asks', { tools: [weather], messages: user('What is the weather?') }, 'get_weather'],
    ['a call is required', { tools: [weather], tool_choice: 'required', messages: user('Hello.') }, 'get_weather'],
    [
      'a tool is named',
      {
        tools: [{ type: 'function', function: { name: 'other' } }, weather],
        tool_choice: { type: 'function', function: { name: 'get_weather' } },
        messages: user('Hi'),
      },
      'get_weather',
    ],
  ])('calls a tool when %s', async (_name, body, name) => {
    const { choices } = await whole(body);
    const call = choices[0]?.message.tool_calls?.[0]?.function;

    expect([choices[0]?.finish_reason, choices[0]?.message.content, call?.name]).toEqual(['tool_calls', null, name]);
    expect(JSON.parse(call?.arguments ?? '')).toEqual({ city: 'text', unit: 'c', days: 2 });
  });

  it('streams the same call', async () => {
    const answer = await ask({ stream: true, tools: [weather], tool_choice: 'required', messages: user('Hi') });

    expect(answer).toMatchObject({
      joined: {
        toolCalls: [{ name: 'get_weather', arguments: '{"city":"text","unit":"c","days":2}' }],
        finishReasons: ['tool_calls'],
      },
    });
  });

  it('calls none when it may not, when nothing asks, and once it has the result', async () => {
    const result = [
      ...user('What is the weather?'),
      { role: 'assistant', content: null, tool_calls: [{ id: 'a' }] },
      { role: 'tool', tool_call_id: 'a', content: '21 °C' },
    ];

    expect(
      (await message({ tools: [weather], tool_choice: 'none', messages: user('What?') }))?.tool_calls,
    ).toBeUndefined();
    expect((await message({ tools: [weather], messages: user('Hello.') }))?.tool_calls).toBeUndefined();
    expect((await message({ tools: [weather], messages: result }))?.content).toBe('The tool answered: 21 °C');
  });

  it('answers in JSON where JSON is asked for', async () => {
    const schema = {
      type: 'object',
      properties: { steps: { type: 'array', items: { $ref: '#/$defs/step' }, minItems: 1 } },
      $defs: { step: { type: 'object', properties: { done: { type: 'boolean' } } } },
    };
    const said = async (format: unknown): Promise<unknown> =>
      JSON.parse((await message({ response_format: format, messages: user('a') }))?.content ?? '');

    expect(await said({ type: 'json_object' })).toEqual({ text: 'You said: a' });
    expect(await said({ type: 'json_schema', json_schema: { name: 'x', schema } })).toEqual({
      steps: [{ done: true }],
    });
  });

  it.each([
    ['error-400', 400, false],
    ['error-401', 401, false],
    ['error-429', 429, true],
    ['error-500', 500, true],
    ['error-503', 503, true],
    ['error-418', 418, false],
    ['unheard-of', 404, false],
  ])('fails as %s with %i', async (model, status, retryable) => {
    const answer = await ask({}, model);

    expect(answer).toMatchObject({ kind: 'error', error: { status, retryable } });
  });

  it('breaks a stream off half-way as `cut`', async () => {
    expect(await ask({ stream: true, messages: user('a b c d e f') }, 'cut')).toMatchObject({
      status: 'open',
      joined: { dones: 0, finishReasons: [] },
    });
  });

  it('takes its time as `slow`', async () => {
    const begun = performance.now();
    await ask({ messages: user('a') }, 'slow');

    expect(performance.now() - begun).toBeGreaterThan(40);
  });
});

describe('a request that asks for too much', () => {
  const parameters = (properties: number) => {
    const node = { $ref: '#/$defs/node' };
    const names = Array.from({ length: properties }, (_, index) => `p${index}`);
    const own = { type: 'object', properties: Object.fromEntries(names.map((name) => [name, node])), required: names };
    return { ...own, $defs: { node: own } };
  };

  it.each([
    ['choices', { n: 1_000_000_000 }],
    ['white space', { messages: [{ role: 'user', content: ' '.repeat(1_000_000) }] }],
    [
      'a sample of a schema that refers to itself',
      { tools: [{ type: 'function', function: { name: 'f', parameters: parameters(200) } }], tool_choice: 'required' },
    ],
  ])('gets as much as is sensible of %s', async (_name, body) => {
    expect((await whole(body)).choices.length).toBeLessThanOrEqual(128);
  });
});
