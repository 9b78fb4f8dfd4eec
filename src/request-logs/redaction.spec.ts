import { describe, expect, it } from '@jest/globals';

import { redact } from './redaction.js';

const redacted = (text: string): string => {
  const bytes = Buffer.from(text);
  redact(bytes);
  return bytes.toString();
};

const keys = [
  `aig_${'a'.repeat(43)}`,
  `sk-proj-${'B1_-'.repeat(12)}`,
  `sk-ant-api03-${'x'.repeat(80)}`,
  `AIza${'Zy9-'.repeat(8)}abc`,
  `gsk_${'q'.repeat(52)}`,
  'AKIAIOSFODNN7EXAMPLE',
];

describe('redact', () => {
  it.each(keys)('hides %s wherever it stands, and nothing beside it', (key) => {
    const hidden = key.slice(0, 4) + '*'.repeat(key.length - 4);
    for (let before = 0; before < 45; before++) {
      for (const [left, right] of [
        ['"', '"'],
        [' ', '.'],
        ['\\n', '\\n'],
        ['key=', '&'],
        ['Bearer ', ''],
      ]) {
        const text = `${'é word, '.repeat(3)}${'.'.repeat(before)}${left}`;
        expect(redacted(`${text}${key}${right} and so on, at length.`)).toBe(
          `${text}${hidden}${right} and so on, at length.`,
        );
      }
    }
  });

  it.each([
    'a-quite-long-but-harmless-identifier-of-something',
    '01KB0000000000000000000000',
    'chatcmpl-CZ0123456789abcdefghijklmn',
    'risk-and-reward-in-long-words',
    'sk-short',
    'task_sk-',
  ])('leaves %s alone', (text) => {
    expect(redacted(`{"id":"${text}"}`)).toBe(`{"id":"${text}"}`);
  });

  it('hides each of many', () => {
    expect(redacted(keys.join(' '))).toBe(keys.map((key) => key.slice(0, 4) + '*'.repeat(key.length - 4)).join(' '));
  });
});
