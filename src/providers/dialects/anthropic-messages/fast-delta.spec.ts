import { describe, expect, it } from '@jest/globals';
import { FastDelta } from './fast-delta.js';

const HEAD =
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"';
const BEFORE = 'event: ping\ndata: {}\n\n';

describe('FastDelta', () => {
  const read = (event: string) => {
    const bytes = Buffer.from(`${BEFORE}${event}after`);
    const piece = new FastDelta('text', 3).read(bytes, BEFORE.length);
    return piece === null ? null : { ...piece, rest: bytes.subarray(piece.end).toString() };
  };

  it.each([
    ['a text', 'Hi', '"}}\n\n', 2],
    ['no text', '', '"}}\n\n', 0],
    ['a text in an event that is padded', 'Hi', '"}     }   \n\n', 2],
    ['a text with escapes', 'a\\n\\"b\\"\\\\', '"}}\n\n', 6],
    ['a text beyond ASCII', 'ä👋€', '"}}\n\n', 3],
  ])('reads %s', (_name, escaped, tail, points) => {
    expect(read(HEAD + escaped + tail)).toMatchObject({ escaped, points, rest: 'after' });
  });

  it.each([
    ['escapes of units, two of which may be one code point', `${HEAD}\\ud83d\\udc4b"}}\n\n`],
    ['an escape that is none', `${HEAD}\\x41"}}\n\n`],
    ['a control character, which JSON forbids', `${HEAD}a\tb"}}\n\n`],
    ['a further member', `${HEAD}a","more":1}}\n\n`],
    ['a text that does not end', `${HEAD}a`],
    ['an event that does not end', `${HEAD}a"}}\n`],
    ['a delta of another block', `${HEAD.replace('3', '4')}a"}}\n\n`],
    ['a delta of another type', `${HEAD.replace('text_delta', 'more_delta')}a"}}\n\n`],
    ['members in another order', 'event: content_block_delta\ndata: {"index":3}\n\n'],
  ])('leaves to the parser %s', (_name, event) => {
    expect(read(event)).toBeNull();
  });
});
