import { describe, expect, it } from '@jest/globals';
import type { ChatStream, StreamOutcome } from '../providers/chat-stream.js';
import type { CachedAnswer } from './cached-answer.js';
import { toReply } from './replay.js';

const anAnswer = (pieces: readonly Buffer[]): CachedAnswer => ({
  kind: 'stream',
  status: 200,
  headers: {},
  model: 'm',
  finishReason: 'stop',
  pieces,
});

function streamOf(pieces: readonly Buffer[]): ChatStream {
  const reply = toReply(anAnswer(pieces));
  if (reply.kind !== 'stream') throw new Error('It is no stream.');
  return reply.stream;
}

/** A caller who takes so many pieces at a time. */
function aReader(stream: ChatStream, atATime: number) {
  const taken: Buffer[] = [];
  let outcome: StreamOutcome | null = null;
  let left = atATime;
  stream.pipe({
    write: (bytes) => {
      taken.push(bytes);
      return --left > 0;
    },
    end: (ended) => {
      outcome = ended;
    },
  });
  return {
    taken,
    outcome: () => outcome,
    more: (): void => {
      left = atATime;
      stream.resume();
    },
  };
}

const PIECES = Array.from({ length: 100 }, (_, index) => Buffer.alloc(10_000, index));

describe('toReply', () => {
  it('gives a stream to a reader no faster than it takes it', () => {
    const reader = aReader(streamOf(PIECES), 1);
    let seen = 0;
    while (reader.outcome() === null) {
      // The first write is what may be held before there is a reader.
      expect(reader.taken.length - seen).toBeLessThanOrEqual(1);
      seen = reader.taken.length;
      reader.more();
    }

    expect(Buffer.concat(reader.taken).equals(Buffer.concat(PIECES))).toBe(true);
    expect(reader.outcome()).toBe('completed');
    expect(reader.taken.length).toBeGreaterThan(50);
  });

  it.each([[[]], [PIECES.slice(0, 3)]])('ends as a stream does that is complete', (pieces) => {
    const reader = aReader(streamOf(pieces), 10);

    expect(reader.outcome()).toBe('completed');
    expect(Buffer.concat(reader.taken).equals(Buffer.concat(pieces))).toBe(true);
  });

  it('stops when its reader leaves', () => {
    const stream = streamOf(PIECES);
    const reader = aReader(stream, 1);
    stream.abort();
    const taken = reader.taken.length;
    reader.more();

    expect(reader.outcome()).toBe('aborted');
    expect(reader.taken).toHaveLength(taken);
  });

  it('used no tokens', () => {
    const { facts } = streamOf(PIECES);

    expect(facts).toEqual({
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      finishReason: 'stop',
      model: 'm',
    });
  });
});
