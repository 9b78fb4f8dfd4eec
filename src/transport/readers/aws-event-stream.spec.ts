import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  anEvent,
  encodeFrame,
  encodeFrames,
  encodeHeader,
  encodeMessage,
} from '../../../test/support/bedrock-frames.js';
import { cutAt, numbersOf } from '../../../test/support/chat-streams.js';
import { AwsEventStreamReader, EventStreamError, type AwsEventMessage } from './aws-event-stream.js';

const FRAMES = [
  anEvent('messageStart', { role: 'assistant', p: 'abcd' }),
  anEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Grüße, 世界 🌍' } }),
  anEvent('contentBlockStop', { contentBlockIndex: 0 }),
  anEvent('messageStop', { stopReason: 'end_turn' }),
];
const BYTES = encodeFrames(FRAMES);

const readAll = (pieces: readonly Buffer[]): { messages: unknown[]; rest: number } => {
  const reader = new AwsEventStreamReader();
  const messages = pieces.flatMap((piece) => [...reader.push(piece)]).map(plain);
  return { messages, rest: reader.rest().length };
};

const plain = ({ headers, payload }: AwsEventMessage): unknown => ({
  headers: Object.fromEntries(headers),
  payload: JSON.parse(payload.toString()) as unknown,
});

describe('AwsEventStreamReader', () => {
  // The first vector of the event stream specification's test suite: no headers, no payload.
  it('reads the empty message of the specification', () => {
    const reader = new AwsEventStreamReader();

    const messages = [...reader.push(Buffer.from('000000100000000005c248eb7d98c8ff', 'hex'))];

    expect(messages).toHaveLength(1);
    expect(messages[0]?.payload).toHaveLength(0);
    expect(messages[0]?.headers.size).toBe(0);
  });

  it('reads the same messages wherever the bytes are cut', () => {
    const expected = { messages: FRAMES, rest: 0 };

    expect(readAll([BYTES])).toEqual(expected);
    for (let at = 1; at < BYTES.length; at++) expect(readAll(cutAt(BYTES, [at]))).toEqual(expected);
    expect(readAll(Array.from(BYTES, (byte) => Buffer.from([byte])))).toEqual(expected);
    const random = numbersOf(7);
    for (let round = 0; round < 20; round++) {
      expect(
        readAll(
          cutAt(
            BYTES,
            Array.from({ length: 9 }, () => random(BYTES.length)),
          ),
        ),
      ).toEqual(expected);
    }
  });

  it('keeps the beginning of a message that never ends', () => {
    const { messages, rest } = readAll([BYTES.subarray(0, BYTES.length - 3)]);

    expect(messages).toEqual(FRAMES.slice(0, -1));
    expect(rest).toBe(encodeFrame(FRAMES.at(-1)!).length - 3);
  });

  it('passes over headers that are no texts', () => {
    const name = Buffer.from([1, 0x61]);
    const values = [
      [0],
      [1],
      [2, 9],
      [3, 0, 9],
      [4, 0, 0, 0, 9],
      [5, 0, 0, 0, 0, 0, 0, 0, 9],
      [6, 0, 2, 9, 9],
      [8, 0, 0, 0, 0, 0, 0, 0, 9],
      [9, ...Array.from({ length: 16 }, () => 9)],
    ];
    const headers = Buffer.concat([
      ...values.flatMap((value) => [name, Buffer.from(value)]),
      encodeHeader(':event-type', 'x'),
    ]);

    const [message] = new AwsEventStreamReader().push(encodeMessage(headers, Buffer.from('{}')));

    expect(Object.fromEntries(message?.headers ?? [])).toEqual({ ':event-type': 'x' });
    expect(message?.payload.toString()).toBe('{}');
  });

  it('finds every damaged byte', () => {
    const frame = encodeFrame(FRAMES[1]!);
    for (let at = 0; at < frame.length; at++) {
      const damaged = Buffer.from(frame);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x01, at);

      expect(() => [...new AwsEventStreamReader().push(damaged)]).toThrow(EventStreamError);
    }
  });

  it.each([
    ['a page', Buffer.from('<html><body>Bad gateway</body></html>'), 'prelude'],
    [
      'a message shorter than its headers',
      withHeadersOf(encodeMessage(Buffer.alloc(0), Buffer.alloc(0)), 4),
      'shorter',
    ],
    ['a name beyond the headers', encodeMessage(Buffer.from([9, 0x61, 0]), Buffer.alloc(0)), 'headers'],
    ['a value of a type nobody knows', encodeMessage(Buffer.from([1, 0x61, 10, 0]), Buffer.alloc(0)), 'headers'],
    ['a value beyond the headers', encodeMessage(Buffer.from([1, 0x61, 7, 0, 9, 0]), Buffer.alloc(0)), 'headers'],
    ['a length beyond the headers', encodeMessage(Buffer.from([1, 0x61, 7, 0]), Buffer.alloc(0)), 'headers'],
  ])('refuses %s', (_name, bytes, reason) => {
    expect(() => [...new AwsEventStreamReader().push(bytes)]).toThrow(reason);
  });

  it('gives what came before the fault, and keeps what is at fault', () => {
    const reader = new AwsEventStreamReader();
    const page = Buffer.from('<html>Bad gateway</html>');
    const given: unknown[] = [];

    const readOn = (): void => {
      for (const message of reader.push(Buffer.concat([BYTES, page]))) given.push(plain(message));
    };

    expect(readOn).toThrow(EventStreamError);
    expect(given).toEqual(FRAMES);
    expect(reader.rest()).toEqual(page);
  });

  it('refuses a message beyond its limit as soon as its length is known', () => {
    const large = encodeMessage(Buffer.alloc(0), Buffer.alloc(2000));

    expect(() => [...new AwsEventStreamReader(1000).push(large.subarray(0, 12))]).toThrow('larger than 1000 bytes');
    expect([...new AwsEventStreamReader(2016).push(large)]).toHaveLength(1);
  });
});

/** The same message, saying that it has so many bytes of headers. */
function withHeadersOf(message: Buffer, headerBytes: number): Buffer {
  const wrong = encodeMessage(Buffer.alloc(headerBytes), Buffer.alloc(0));
  const out = Buffer.from(message);
  // A prelude that matches its checksum: that of a message of the right lengths, but for the total.
  const lengths = Buffer.from(wrong.subarray(0, 8));
  lengths.writeUInt32BE(message.length, 0);
  lengths.copy(out);
  out.writeUInt32BE(crc32(lengths), 8);
  return out;
}
