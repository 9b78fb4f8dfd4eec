import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../../common/secret.js';
import { redact } from './redaction.js';

const credential = (secret: string) =>
  ({ source: 'stored', alias: 'default', keyId: 'key-1', secret: new Secret(secret), settings: {} }) as const;

describe('redact', () => {
  it.each([
    ['sk-proj-AbCdEf123456', 'OpenAI'],
    ['sk-ant-api03-AbC_def-123', 'Anthropic'],
    ['gsk_AbCdEf1234567890', 'Groq'],
    ['xai-AbCdEf1234567890', 'xAI'],
    ['hf_AbCdEf1234567890', 'Hugging Face'],
    ['csk-abcdef1234567890', 'Cerebras'],
    ['AIzaSyA1234567890abcdefg', 'Google'],
    ['AKIAIOSFODNN7EXAMPLE', 'AWS'],
    ['ASIAIOSFODNN7EXAMPLE', 'AWS, temporary'],
    ['eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl', 'a JWT'],
    ['Bearer abc.def/ghi+jkl=', 'a bearer value'],
    ['sk-ab***********************wxyz', 'a masked key'],
    ['****-key', 'a masked rest'],
  ])('hides %s (%s)', (key) => {
    const text = redact(`{"message":"Refused: ${key} is wrong."}`, null);

    expect(text).not.toContain(key);
    expect(JSON.parse(text)).toEqual({ message: expect.stringContaining('[redacted]') });
  });

  it('hides the key of the call, whole, begun or ended, however it looks', () => {
    const secret = 'Some+Odd/Key(with).dots-0123456789';
    const text = redact(`a ${secret} b ${secret.slice(0, 20)} c …${secret.slice(-10)} d`, credential(secret));

    for (const part of [secret.slice(0, 10), secret.slice(-10)]) expect(text).not.toContain(part);
    expect(redact('the key is short1!', credential('short1!'))).toBe('the key is [redacted]');
  });

  it('leaves ordinary words alone', () => {
    const text =
      'The model `gpt-4o` does not exist; see https://example.com/docs-keys. **Note** that sk- is a prefix, task-based.';

    expect(redact(text, null)).toBe(text);
  });

  it.each(['x', 'eyJ-', 'sk-', '*a', '<', 'bearer '])('is quick with a long text of %j', (piece) => {
    const begun = performance.now();
    redact(piece.repeat(32_768 / piece.length), credential('abcdefgh-abcdefgh-abcdefgh'));

    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
