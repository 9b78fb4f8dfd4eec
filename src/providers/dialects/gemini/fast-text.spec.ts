import { describe, expect, it } from '@jest/globals';
import { FastText } from './fast-text.js';

const event = (text: string, more: { usage?: object; part?: object; candidate?: object; rest?: object } = {}): string =>
  `data: ${JSON.stringify({
    candidates: [{ content: { parts: [{ text, ...more.part }], role: 'model' }, index: 0, ...more.candidate }],
    usageMetadata: more.usage ?? { promptTokenCount: 5, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 5 }] },
    modelVersion: 'gemini',
    ...more.rest,
  })}`;

const taught = (raw: string): FastText => {
  const fast = new FastText();
  fast.learn(raw, JSON.parse(raw.slice('data: '.length)));
  return fast;
};
const read = (fast: FastText, raw: string) => fast.read(`${raw}\n\n`, 0, raw.length);

describe('FastText', () => {
  it('reads what differs from the event it learned by its text and its counts only', () => {
    const fast = taught(event('Hello'));

    expect(read(fast, event('wor"ld\n', { usage: { promptTokenCount: 5, candidatesTokenCount: 70 } }))).toEqual({
      escaped: 'wor\\"ld\\n',
      usage: '{"promptTokenCount":5,"candidatesTokenCount":70}',
    });
    expect(fast.member).toBe('content');
    expect(read(fast, event('é😀'))?.escaped).toBe('é😀');
  });

  it('learns thoughts apart from text', () => {
    const fast = taught(event('Hm', { part: { thought: true } }));

    expect(fast.member).toBe('reasoning_content');
    expect(read(fast, event(', so', { part: { thought: true } }))?.escaped).toBe(', so');
    expect(read(fast, event('Yes'))).toBeNull();
  });

  it('reads events without usage', () => {
    const raw = 'data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}';

    expect(read(taught(raw), raw.replace('"a"', '"b"'))).toEqual({ escaped: 'b', usage: null });
  });

  it.each([
    ['a finish', event('x', { candidate: { finishReason: 'STOP' } })],
    ['a signature', event('x', { part: { thoughtSignature: 'AA==' } })],
    ['an empty text', event('')],
    ['escapes of another kind', event('x').replace('"x"', '"\\u003c"')],
    ['bytes that no JSON string holds', event('x').replace('"x"', '"\t"')],
    ['something behind the usage', event('x', { rest: { promptFeedback: { blockReason: 'SAFETY' } } })],
    ['an end that is missing', event('x').slice(0, -1)],
    ['a text that does not end', event('x').slice(0, event('x').indexOf('"x"') + 2)],
  ])('leaves %s to the parser', (_what, raw) => expect(read(taught(event('Hello')), raw)).toBeNull());

  it.each([
    ['two parts', 'data: {"candidates":[{"content":{"parts":[{"text":"a"},{"text":"b"}]}}]}'],
    ['a finish', event('x', { candidate: { finishReason: 'STOP' } })],
    ['grounding', event('x', { candidate: { groundingMetadata: {} } })],
    ['a text escaped in another way', event('<').replace('"<"', '"\\u003c"')],
  ])('learns nothing from %s', (_what, raw) => expect(read(taught(raw), raw)).toBeNull());
});
