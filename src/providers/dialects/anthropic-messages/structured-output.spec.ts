import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type Anthropic from '@anthropic-ai/sdk';
import { answered, asked, streamed, toFrames } from '../../../../test/support/anthropic-calls.js';
import { joinStream } from '../../../../test/support/chat-streams.js';
import { toAnthropicSchema } from './json-schema.js';
import { ANSWER_TOOL } from './structured-output.js';

const messages = [{ role: 'user', content: 'A dog?' }];
const schema = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } },
  required: ['name', 'age'],
  additionalProperties: false,
};
const format = (given: object = schema) => ({
  type: 'json_schema',
  json_schema: { name: 'dog', strict: true, schema: given },
});
const withFormat = (model: string, rest: object = {}, given: object = schema) =>
  asked({ messages, response_format: format(given), ...rest }, model);

describe('an answer in the form of a schema', () => {
  it("is what the model's own setting asks for", () => {
    const body = withFormat('claude-sonnet-4-5');

    expect(body['output_config']).toEqual({
      format: {
        type: 'json_schema',
        schema: {
          ...schema,
          properties: { name: { type: 'string' }, age: { type: 'integer', description: '(minimum: 0)' } },
        },
      },
    } satisfies Anthropic.OutputConfig);
    expect(body).not.toHaveProperty('tools');
  });

  it("stands beside an effort, and the caller's own settings", () => {
    const { output_config: config } = withFormat('claude-opus-4-8', {
      reasoning_effort: 'low',
      output_config: { x: 1 },
    });

    expect(config).toMatchObject({ x: 1, effort: 'low', format: { type: 'json_schema' } });
  });

  it('is the arguments of a forced tool on models without the setting', () => {
    const body = withFormat('claude-sonnet-4-0');

    expect(body).toMatchObject({
      tools: [{ name: ANSWER_TOOL, input_schema: schema }],
      tool_choice: { type: 'tool', name: ANSWER_TOOL },
    });
    expect(body).not.toHaveProperty('output_config');
  });

  it.each([
    ['thinking', { reasoning_effort: 'low' }, 'claude-sonnet-4-0'],
    ["the caller's tools", { tools: [{ type: 'function', function: { name: 'f' } }] }, 'claude-sonnet-4-0'],
    ['a model that always thinks, and a schema that cannot be said', {}, 'claude-fable-5'],
  ])('is told with %s', (_name, rest, model) => {
    const open = { type: 'object', additionalProperties: { type: 'string' } };

    const body = withFormat(model, rest, open);

    expect(body['system']).toContain(JSON.stringify(open));
    expect(body['tool_choice']).toBeUndefined();
    expect(JSON.stringify(body['tools'] ?? [])).not.toContain(ANSWER_TOOL);
  });

  it('is told where any object will do, after what the caller says', () => {
    const system = { role: 'system', content: 'Be brief.' };

    const body = asked({ messages: [system, ...messages], response_format: { type: 'json_object' } });

    expect(body['system']).toEqual([
      { type: 'text', text: 'Be brief.' },
      { type: 'text', text: expect.stringContaining('one valid JSON object') },
    ]);
  });

  it('is a text as ever where the caller says so', () => {
    expect(asked({ messages, response_format: { type: 'text' } })).not.toHaveProperty('response_format');
  });

  const dog = { name: 'Ärny', age: 3 };
  const call = { type: 'tool_use', id: 'toolu_1', name: ANSWER_TOOL, input: dog };
  const emulated = { response_format: format() };
  const native = {
    id: 'msg_1',
    model: 'm',
    content: [{ type: 'text', text: 'Here:' }, call],
    stop_reason: 'tool_use',
    usage: {},
  };

  it("is the answer's text, not a call, when it came as one", () => {
    const { message, choice } = answered(native, emulated, 'claude-sonnet-4-0');
    const { text } = streamed(toFrames(native), emulated, 'claude-sonnet-4-0');

    expect(JSON.parse(String(message['content']))).toEqual(dog);
    expect(choice['finish_reason']).toBe('stop');
    expect(message).not.toHaveProperty('tool_calls');
    const joined = joinStream(text);
    expect(JSON.parse(joined.content)).toEqual(dog);
    expect(joined).toMatchObject({ finishReasons: ['stop'], toolCalls: [], endsWithDone: true });
  });

  it('is the text that came instead of it', () => {
    const refusing = { ...native, content: [{ type: 'text', text: 'No "dogs".' }], stop_reason: 'end_turn' };

    expect(answered(refusing, emulated, 'claude-sonnet-4-0').message['content']).toBe('No "dogs".');
    expect(joinStream(streamed(toFrames(refusing), emulated, 'claude-sonnet-4-0').text).content).toBe('No "dogs".');
  });

  it("leaves a caller's tool of that name a call", () => {
    expect(answered(native).message['tool_calls']).toHaveLength(1);
  });
});

describe("Anthropic's subset of JSON Schema", () => {
  it.each([
    [
      'closes objects everywhere',
      { type: 'object', properties: { a: { type: 'array', items: { properties: { b: { type: 'null' } } } } } },
      {
        type: 'object',
        properties: {
          a: { type: 'array', items: { properties: { b: { type: 'null' } }, additionalProperties: false } },
        },
        additionalProperties: false,
      },
    ],
    [
      'moves bounds into descriptions',
      { type: 'string', description: 'A name.', minLength: 1, maxLength: 9, format: 'idn-email' },
      { type: 'string', description: 'A name. (minLength: 1, maxLength: 9, format: "idn-email")' },
    ],
    [
      'keeps the bounds it knows',
      { type: 'array', minItems: 1, items: { type: 'string', format: 'date' } },
      { type: 'array', minItems: 1, items: { type: 'string', format: 'date' } },
    ],
    [
      'moves other lengths of lists',
      { type: 'array', minItems: 2, maxItems: 3, items: { type: 'string' } },
      { type: 'array', items: { type: 'string' }, description: '(minItems: 2, maxItems: 3)' },
    ],
    ['says one of as any of', { oneOf: [{ const: 1 }, { enum: ['a'] }] }, { anyOf: [{ const: 1 }, { enum: ['a'] }] }],
    [
      'keeps references within',
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/x~1y' }, b: { $ref: '#/$defs/x~1y' } },
        $defs: { 'x/y': { type: 'string' } },
      },
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/x~1y' }, b: { $ref: '#/$defs/x~1y' } },
        $defs: { 'x/y': { type: 'string' } },
        additionalProperties: false,
      },
    ],
    [
      'has a property of any name',
      { type: 'object', properties: { minimum: { type: 'string' }, not: { type: 'string' } } },
      {
        type: 'object',
        properties: { minimum: { type: 'string' }, not: { type: 'string' } },
        additionalProperties: false,
      },
    ],
  ])('%s', (_name, given, expected) => {
    expect(toAnthropicSchema(given)).toEqual(expected);
  });

  it.each([
    [
      'recursion',
      {
        type: 'object',
        properties: { next: { $ref: '#/$defs/n' } },
        $defs: { n: { type: 'object', properties: { next: { $ref: '#/$defs/n' } } } },
      },
    ],
    ['a reference to all of it', { type: 'object', properties: { next: { $ref: '#' } } }],
    ['a reference elsewhere', { $ref: 'https://x.test/schema.json' }],
    ['a reference to nowhere', { $ref: '#/$defs/x' }],
    ['objects with members of any name', { type: 'object', additionalProperties: { type: 'string' } }],
    ['objects of which nothing is said', { type: 'object' }],
    ['open objects', { type: ['object', 'null'], properties: { a: {} }, additionalProperties: true }],
    ['conditions', { type: 'object', properties: {}, if: {}, else: {} }],
    ['tuples', { type: 'array', prefixItems: [{ type: 'string' }] }],
    ['a schema that is none', { type: 'array', items: true }],
  ])('cannot say %s', (_name, given) => {
    expect(toAnthropicSchema(given)).toBeNull();
  });

  it('is found in a time that grows with the schema, however its parts refer to each other', () => {
    const parts = Array.from({ length: 60 }, (_, index) => [
      `d${index}`,
      { anyOf: [{ $ref: `#/$defs/d${index + 1}` }, { $ref: `#/$defs/d${index + 1}` }] },
    ]);
    const given = { $ref: '#/$defs/d0', $defs: { ...Object.fromEntries(parts), d60: { type: 'string' } } };

    expect(toAnthropicSchema(given)).not.toBeNull();
  });

  it('changes nothing when it is asked twice', () => {
    const leaf = fc.constantFrom({ type: 'string', minLength: 2 }, { type: 'integer', maximum: 9 }, { const: 'a' });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.record({ type: fc.constant('array'), items: tie('tree') }),
        fc.record({ type: fc.constant('object'), properties: fc.dictionary(fc.string(), tie('tree')) }),
        fc.record({ anyOf: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
      ),
    }));

    fc.assert(
      fc.property(tree, (given) => {
        const once = toAnthropicSchema(given);

        expect(once).not.toBeNull();
        expect(toAnthropicSchema(once ?? {})).toEqual(once);
      }),
    );
  });
});

it('a schema whose references lead from one to the next for ever cannot be expressed', () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, index) => [`c${index}`, { anyOf: [{ $ref: `#/$defs/c${index + 1}` }] }]),
  );

  expect(toAnthropicSchema({ $ref: '#/$defs/c0', $defs: { ...$defs, c20000: { type: 'string' } } })).toBeNull();
});
