import { describe, expect, it } from '@jest/globals';
import { answered, asked, lastMembers, streamed, toFrames } from '../../../../test/support/anthropic-calls.js';
import type { JsonObject } from '../openai-chat/json-value.js';

const user = { role: 'user', content: 'Weather?' };
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'Rain' });
const thinking = (text: string, signature: string) => ({ type: 'thinking', thinking: text, signature });
const call = (id: string) => ({ type: 'tool_use', id, name: 'f', input: { city: 'Köln' } });
const text = { type: 'text', text: 'I look.' };
const redacted = { type: 'redacted_thinking', data: 'EmwKAhgB==' };

const turnOf = (message: object, model?: string): unknown => {
  const { messages } = asked({ messages: [user, message, result('toolu_1')] }, model);
  return (messages as { content: unknown }[])[1]?.content;
};

describe('thinking that must go back', () => {
  const contents: readonly (readonly [string, readonly JsonObject[]])[] = [
    ['signed, before a text and a call', [thinking('Hm.\n"Rain"? ☔', 'sig=='), text, call('toolu_1')]],
    ['redacted', [redacted, call('toolu_1')]],
    ['several, of both kinds', [thinking('a', 's1'), redacted, thinking('b', 's2'), text, call('toolu_1')]],
    ['between the other blocks', [thinking('a', 's1'), text, thinking('b', 's2'), call('toolu_1')]],
    ['without its text', [thinking('', 's1'), call('toolu_1')]],
  ];

  it.each(contents)('comes back from the message of a whole answer as it was: %s', (_name, content) => {
    const { message } = answered({ content, stop_reason: 'tool_use' });

    expect(turnOf(message)).toEqual(content);
  });

  it.each(contents)('comes back from a stream that an SDK has joined: %s', (_name, content) => {
    const native = { id: 'msg_1', model: 'claude-sonnet-5', content, stop_reason: 'tool_use', usage: {} };
    const { text: out } = streamed(toFrames(native));
    const { reasoning_details: details } = lastMembers(out);
    const whole = answered(native).message;

    expect(turnOf({ ...whole, reasoning_details: details })).toEqual(content);
    expect(details).toEqual(whole['reasoning_details']);
  });

  it.each(contents)('comes back with the calls alone: %s', (_name, content) => {
    const { message } = answered({ content, stop_reason: 'tool_use' });
    const { role, content: said, tool_calls: calls } = message;

    expect(turnOf({ role, content: said, tool_calls: calls })).toEqual(content);
  });

  it("comes back in LiteLLM's form, and in pieces as other gateways stream it", () => {
    const calls = answered({ content: [call('toolu_1')], stop_reason: 'tool_use' }).message['tool_calls'];
    const piece = { type: 'reasoning.text', format: 'anthropic-claude-v1', index: 0 };

    expect(turnOf({ role: 'assistant', tool_calls: calls, thinking_blocks: [thinking('a', 's'), redacted] })).toEqual([
      thinking('a', 's'),
      redacted,
      call('toolu_1'),
    ]);
    const details = [
      { ...piece, text: 'a' },
      { ...piece, text: 'b' },
      { ...piece, signature: 's' },
    ];
    expect(turnOf({ role: 'assistant', tool_calls: calls, reasoning_details: details })).toEqual([
      thinking('ab', 's'),
      call('toolu_1'),
    ]);
  });

  it.each([
    ['of another vendor', { type: 'reasoning.encrypted', data: 'x', format: 'google-gemini-v1', index: 0 }],
    ['of nobody', { type: 'reasoning.text', text: 'x', signature: 's', index: 0 }],
    ['unsigned', { type: 'reasoning.text', text: 'x', format: 'anthropic-claude-v1', index: 0 }],
    ['a summary', { type: 'reasoning.summary', summary: 'x', format: 'anthropic-claude-v1', index: 0 }],
    ['nonsense', 7],
  ])('stays here where it is %s', (_name, detail) => {
    const { message } = answered({ content: [call('toolu_1')], stop_reason: 'tool_use' });

    expect(turnOf({ ...message, reasoning_details: [detail], reasoning_content: 'x' })).toEqual([call('toolu_1')]);
  });

  it('stays here for models that do not think', () => {
    const { message } = answered({ content: [thinking('a', 's'), call('toolu_1')], stop_reason: 'tool_use' });

    expect(turnOf(message, 'claude-3-5-haiku-20241022')).toEqual([call('toolu_1')]);
  });

  it('is not missed where it was lost: the loop goes on without thinking on models that count it', () => {
    const { message } = answered({ content: [thinking('a', 's'), call('toolu_1')], stop_reason: 'tool_use' });
    const [plain] = message['tool_calls'] as JsonObject[];
    const { extra_content: _extra, ...bare } = plain ?? {};
    const lost = { role: 'assistant', content: null, tool_calls: [bare] };
    const sent = (assistant: object, model: string) =>
      asked({ messages: [user, assistant, result('toolu_1')], reasoning_effort: 'medium' }, model)['thinking'];

    expect(sent(lost, 'claude-sonnet-4-5')).toBeUndefined();
    expect(sent(message, 'claude-sonnet-4-5')).toEqual({ type: 'enabled', budget_tokens: 4096 });
    expect(sent(lost, 'claude-opus-4-8')).toEqual({ type: 'adaptive', display: 'summarized' });
  });
});

describe("a turn in which Anthropic's own tools worked", () => {
  const content = [
    thinking('I search.', 'sig'),
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'rain' } },
    {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [
        { type: 'web_search_result', url: 'https://x.test', title: 'X', encrypted_content: 'E==', page_age: null },
      ],
    },
    {
      type: 'text',
      text: 'It rains.',
      citations: [
        {
          type: 'web_search_result_location',
          url: 'https://x.test',
          title: 'X',
          cited_text: 'rain',
          encrypted_index: 'I==',
        },
      ],
    },
  ];
  const request = { web_search_options: {} };

  it('shows no call to the caller, and is kept whole', () => {
    const { message, choice } = answered({ content, stop_reason: 'pause_turn' }, request);

    expect(message).not.toHaveProperty('tool_calls');
    expect(choice).toMatchObject({ finish_reason: 'stop', native_finish_reason: 'pause_turn' });
    expect(message['native_content']).toEqual({ format: 'anthropic-claude-v1', blocks: content });
  });

  it('is the same in a stream', () => {
    const native = { id: 'msg_1', model: 'claude-sonnet-5', content, stop_reason: 'pause_turn', usage: {} };

    const { text: out } = streamed(toFrames(native), request);

    expect(out).not.toContain('"tool_calls"');
    expect(lastMembers(out)['native_content']).toEqual({ format: 'anthropic-claude-v1', blocks: content });
  });

  it('goes on where it was paused, on models that go on with nothing else', () => {
    const { message } = answered({ content, stop_reason: 'pause_turn' }, request);

    expect(asked({ messages: [user, message] }, 'claude-opus-5')['messages']).toEqual([
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content },
    ]);
  });

  it('is not taken from another vendor', () => {
    const foreign = { format: 'google-gemini-v1', blocks: content };

    expect(() => asked({ messages: [user, { role: 'assistant', content: 'x', native_content: foreign }] })).toThrow(
      /does not go on/,
    );
  });
});
