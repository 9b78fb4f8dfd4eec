import { describe, expect, it } from '@jest/globals';
import { EventTooLargeError, SseCutter } from './sse-cutter.js';

const cut = (pieces: readonly (string | Buffer)[]): { blocks: string[]; rest: string } => {
  const cutter = new SseCutter();
  const blocks = pieces.map((piece) => cutter.push(Buffer.from(piece)).toString()).filter((block) => block !== '');
  return { blocks, rest: cutter.rest().toString() };
};

describe('SseCutter', () => {
  it('gives whole events on as the memory they came in', () => {
    const bytes = Buffer.from('data: 1\n\ndata: 2\n\n');

    expect(new SseCutter().push(bytes)).toBe(bytes);
  });

  it.each([
    ['a tail', ['data: 1\n\ndata:', ' 2\n\n'], ['data: 1\n\n', 'data: 2\n\n'], ''],
    ['the blank line', ['data: 1\n', '\ndata: 2\n\n'], ['data: 1\n\ndata: 2\n\n'], ''],
    ['an event without its end', ['data: 1\n\ndata: 2\n'], ['data: 1\n\n'], 'data: 2\n'],
    ['CRLF', ['data: 1\r\n\r\ndata: 2\r\n\r\n'], ['data: 1\n\ndata: 2\n\n'], ''],
    ['CRLF cut inside', ['data: 1\r', '\n\r', '\ndata: 2'], ['data: 1\n\n'], 'data: 2'],
    ['CR', ['data: 1\r\rdata: 2\r\r'], ['data: 1\n\ndata: 2\n\n'], ''],
    ['a byte order mark', ['\ufeffdata: 1\n\n'], ['data: 1\n\n'], ''],
    ['half a mark', [Buffer.from([0xef]), Buffer.from([0xbb, 0xbf, 0x64, 0x0a, 0x0a])], ['d\n\n'], ''],
  ])('handles %s', (_name, pieces, blocks, rest) => {
    expect(cut(pieces)).toEqual({ blocks, rest });
  });

  it('gives back what only began like a mark', () => {
    const cutter = new SseCutter();

    const out = [Buffer.from([0xef]), Buffer.from([0xbb, 0x41, 0x0a, 0x0a])].map((piece) => cutter.push(piece));

    expect(Buffer.concat(out)).toEqual(Buffer.from([0xef, 0xbb, 0x41, 0x0a, 0x0a]));
  });

  it.each(['\n', '\r\n', '\r'])('reads the same cut at every byte with line end %j', (lineEnd) => {
    const text = ': hello\n\ndata: {"a":"ü😀"}\n\nevent: x\ndata: 1\ndata: 2\n\n';
    const bytes = Buffer.from(text.replaceAll('\n', lineEnd));

    const { blocks, rest } = cut(Array.from(bytes, (byte) => Buffer.from([byte])));

    expect(blocks.join('') + rest).toBe(text);
    expect(blocks).toHaveLength(3);
  });

  it('stops at an event that does not end', () => {
    const cutter = new SseCutter(10);
    cutter.push(Buffer.from('data: 12'));

    expect(() => cutter.push(Buffer.from('345'))).toThrow(EventTooLargeError);
  });
});
