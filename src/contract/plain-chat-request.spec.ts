import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chatCompletionRequestSchema } from './chat-completion-request.schema.js';
import { isPlainChatRequest } from './plain-chat-request.js';

const message = fc.record(
  {
    role: fc.oneof(fc.constantFrom('user', 'system', ''), fc.integer()),
    content: fc.oneof(fc.string(), fc.constant(null), fc.array(fc.string())),
  },
  { requiredKeys: [] },
);
const plainMessage = fc.record({ role: fc.constantFrom('user', 'system'), content: fc.string() });
const messages = fc.array(fc.oneof({ weight: 4, arbitrary: plainMessage }, { weight: 1, arbitrary: message }), {
  maxLength: 3,
});
const field = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.anything(), { maxLength: 2 }),
);
const names = [
  'model',
  'stream',
  'temperature',
  'top_p',
  'max_tokens',
  'max_completion_tokens',
  'reasoning_effort',
  'parallel_tool_calls',
  'presence_penalty',
  'frequency_penalty',
  'user',
  'n',
  'tools',
  'other',
  '__proto__',
  'constructor',
  'toString',
];
const request = fc
  .tuple(
    fc.oneof({ weight: 4, arbitrary: messages }, { weight: 1, arbitrary: field }),
    fc.array(fc.tuple(fc.constantFrom(...names), field), { maxLength: 4 }),
  )
  .map(
    ([given, fields]) =>
      JSON.parse(JSON.stringify({ model: 'm', messages: given, ...Object.fromEntries(fields) })) as unknown,
  );

describe('isPlainChatRequest', () => {
  it.each([
    [{ model: 'openai/m', messages: [{ role: 'user', content: 'Hi' }] }],
    [
      {
        messages: [
          { role: 'system', content: '' },
          { content: 'Hi', role: 'user' },
        ],
        model: 'm',
        stream: true,
        temperature: 0.5,
        max_tokens: 5,
      },
    ],
  ])('knows %j for one', (value) => {
    expect(isPlainChatRequest(value)).toBe(true);
  });

  it('never lets through what the schema would not, and changes nothing by it', () => {
    let plain = 0;
    fc.assert(
      fc.property(request, (value) => {
        if (!isPlainChatRequest(value)) return;
        plain++;
        expect(chatCompletionRequestSchema.parse(value)).toEqual(value);
      }),
      { numRuns: 5000 },
    );
    expect(plain).toBeGreaterThan(200);
  });
});
