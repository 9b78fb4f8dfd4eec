import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aDialectElsewhere } from '../../../../test/support/anthropic-calls.js';
import { aCall, aTarget } from '../../../../test/support/chat-streams.js';
import { parseExact, stringifyExact } from './exact-json.js';

describe('exact JSON', () => {
  it.each([
    ['{"id":12345678901234567890,"x":[-98765432109876543210.5,1]}'],
    ['{"text":"12345678901234567890 \\" 12345678901234567890","n":12345678901234567890}'],
    ['[0.12345678901234567890,"\\\\",true]'],
  ])('comes out of it as it went in: %s', (text) => {
    expect(stringifyExact(parseExact(text))).toBe(text);
  });

  it.each(['{"id":12345678901234567890', '12345678901234567890.', '{"a":1-2345678901234567890}', ''])(
    'is none: %s',
    (text) => {
      expect(parseExact(text)).toBeUndefined();
    },
  );

  it('is JSON as ever for what a double holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);

        expect(stringifyExact(parseExact(text))).toBe(text);
      }),
    );
  });
});

describe('arguments with numbers that no double holds', () => {
  const { dialect, strategy } = aDialectElsewhere();
  const target = aTarget(strategy, { model: 'claude-sonnet-5' });
  const args = '{"order":12345678901234567890}';

  it('reach Anthropic as the model wrote them', () => {
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: args } };
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
    ];

    const { body } = dialect.buildChatRequest(aCall({ messages }), target);

    expect(body?.toString()).toContain(`"input":${args}`);
  });

  it('reach the caller as the model wrote them', () => {
    const message = `{"content":[{"type":"tool_use","id":"a","name":"f","input":${args}}],"stop_reason":"tool_use"}`;

    const { body } = dialect.readChatCompletion(
      { status: 200, headers: {}, body: Buffer.from(message) },
      aCall(),
      target,
    );

    expect(JSON.parse(body.toString())).toMatchObject({
      choices: [{ message: { tool_calls: [{ function: { name: 'f', arguments: args } }] } }],
    });
  });
});
