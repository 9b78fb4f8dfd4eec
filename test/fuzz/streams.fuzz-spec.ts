import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readEvents } from '../../src/providers/dialects/sse-events.js';
import { AwsEventStreamReader, EventStreamError } from '../../src/transport/readers/aws-event-stream.js';
import { EventTooLargeError, SseCutter } from '../../src/transport/readers/sse-cutter.js';
import { aCall, aTarget, readStream } from '../support/chat-streams.js';
import { encodeHeader, encodeMessage } from '../support/bedrock-frames.js';
import { registeredStrategies } from '../support/registered-strategies.js';
import { fuzzed, unlessRefused } from './fuzzing.js';
import { bytesNear, cutInto, cuts, recordedOf } from './inputs.js';

const strategies = registeredStrategies().filter(({ isNativeOnly }) => isNativeOnly !== true);
const streams = new Map(strategies.map((strategy) => [strategy, recordedOf(strategy.id, '.stream')]));
const everyStream = [...streams.values()].flat();
/** A bound on what a reader holds back, so that a run sees it. */
const MAX_HELD = 64 * 1024;

describe('server-sent events', () => {
  const readAll = (pieces: readonly Buffer[]): { readonly text: string; readonly isWhole: boolean } => {
    const cutter = new SseCutter(MAX_HELD);
    const blocks: Buffer[] = [];
    const isWhole =
      unlessRefused(() => {
        for (const piece of pieces) blocks.push(Buffer.from(cutter.push(piece)));
        return true;
      }, EventTooLargeError) ?? false;
    return { text: Buffer.concat(isWhole ? [...blocks, cutter.rest()] : blocks).toString('latin1'), isWhole };
  };

  it(
    'cut anywhere, give the same bytes and the same events',
    fuzzed([bytesNear(everyStream), cuts], (bytes, places) => {
      const whole = readAll([bytes]);
      const pieces = readAll(cutInto(bytes, places));

      if (whole.isWhole && pieces.isWhole) {
        expect(pieces.text).toBe(whole.text);
        expect(readEvents(pieces.text)).toEqual(readEvents(whole.text));
        expect(whole.text).not.toContain('\r');
      }
    }),
  );
});

describe("Amazon's event stream", () => {
  const readAll = (pieces: readonly Buffer[]) => {
    const reader = new AwsEventStreamReader(MAX_HELD);
    const messages: string[] = [];
    const isWhole =
      unlessRefused(() => {
        for (const piece of pieces)
          for (const { headers, payload } of reader.push(piece))
            messages.push(`${JSON.stringify([...headers])}${payload.toString('latin1')}`);
        return true;
      }, EventStreamError) ?? false;
    return { messages, isWhole };
  };
  const corpus = recordedOf('aws-bedrock', '.stream');
  /** A sound frame around anything: past the checksums, where flipped bytes do not come. */
  const framed = fc
    .array(
      fc.tuple(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
          fc
            .tuple(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 }))
            .map(([name, value]) => encodeHeader(name, value)),
        ),
        fc.uint8Array({ maxLength: 60 }),
      ),
      { maxLength: 4 },
    )
    .map((frames) => Buffer.concat(frames.map(([headers, payload]) => encodeMessage(headers, Buffer.from(payload)))));

  it(
    'cut anywhere, gives the same messages before the same fault',
    fuzzed([fc.oneof(bytesNear(corpus), framed), cuts], (bytes, places) => {
      expect(readAll(cutInto(bytes, places))).toEqual(readAll([bytes]));
    }),
  );
});

describe('chat streams, translated', () => {
  const call = aCall({ stream: true, stream_options: { include_usage: true } });
  const pairs = [...streams].flatMap(([strategy, own]) => own.map((bytes) => [strategy, bytes] as const));

  it(
    'of every provider, cut anywhere, come out the same, whole events only, and end once',
    fuzzed(
      [
        fc
          .nat(pairs.length - 1)
          .chain((index) => fc.tuple(fc.constant(pairs[index]![0]), bytesNear([pairs[index]![1]]))),
        cuts,
      ],
      ([strategy, bytes], places) => {
        const whole = readStream(strategy, [bytes], call);
        const pieces = readStream(strategy, cutInto(bytes, places), call);

        expect(pieces.text).toBe(whole.text);
        expect(pieces.translator.facts).toEqual(whole.translator.facts);
        expect(pieces.translator.status).toBe(whole.translator.status);
        expect(whole.text.includes('data: [DONE]\n\n')).toBe(whole.translator.status === 'complete');
        if (whole.translator.status === 'complete') expect(whole.text.endsWith('\n\n')).toBe(true);
      },
    ),
  );

  it(
    'of one provider, read as another’s, are at worst no stream',
    fuzzed([fc.constantFrom(...strategies), bytesNear(everyStream), cuts], (strategy, bytes, places) => {
      const { translator, text } = readStream(strategy, cutInto(bytes, places), call);

      expect(translator.status === 'complete' || !text.includes('data: [DONE]')).toBe(true);
    }),
  );
});

describe('answers in a provider’s own API, watched', () => {
  const types = [
    'text/event-stream',
    'application/vnd.amazon.eventstream',
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    '',
  ];
  const encodings = ['identity', 'gzip', 'br', 'deflate', 'constructor', 'x'];
  const everything = [...everyStream, ...registeredStrategies().flatMap(({ id }) => recordedOf(id, '.json'))];

  it(
    'go by as they came, cut anywhere, and tell the same',
    fuzzed(
      [
        fc.constantFrom(...registeredStrategies()),
        fc.constantFrom(...types),
        fc.constantFrom(...encodings),
        bytesNear(everything),
        cuts,
      ],
      (strategy, type, encoding, bytes, places) => {
        const watch = (pieces: readonly Buffer[]) => {
          const answer = strategy.native.openAnswer(
            { status: 200, headers: { 'content-type': type, 'content-encoding': encoding } },
            aTarget(strategy, { credential: null }),
          );
          const out = pieces.flatMap((piece) => answer.push(piece));
          return { bytes: Buffer.concat([...out, ...answer.end()]), answer };
        };
        const whole = watch([bytes]);
        const pieces = watch(cutInto(bytes, places));

        expect(whole.bytes.equals(bytes)).toBe(true);
        expect(pieces.bytes.equals(bytes)).toBe(true);
        expect(pieces.answer.facts.usage).toEqual(whole.answer.facts.usage);
      },
    ),
  );
});
