import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeLines } from '../support/bedrock-frames.js';
import { aCall, cutAt, joinStream, readStream } from '../support/chat-streams.js';
import { registeredStrategies } from '../support/registered-strategies.js';

/** Wherever a network cuts a provider's stream, the caller reads the same. */

const RUNS = 60;

const fixtureOf = (id: string, name: string): Buffer | null => {
  const file = (ending: string) =>
    new URL(`../../src/providers/${id}/__fixtures__/${name}.stream.${ending}`, import.meta.url);
  if (existsSync(file('sse'))) return readFileSync(file('sse'));
  return existsSync(file('jsonl')) ? encodeLines(readFileSync(file('jsonl'), 'utf8')) : null;
};

const cases = registeredStrategies().flatMap((strategy) =>
  ['text', 'tool-call'].flatMap((name) => {
    const bytes = fixtureOf(strategy.id, name);
    return bytes === null ? [] : [[strategy.id, name, strategy, bytes] as const];
  }),
);

describe('any cut of a stream', () => {
  it('is asked of every provider', () => {
    expect(new Set(cases.map(([id]) => id)).size).toBe(registeredStrategies().length);
    expect(cases.length).toBeGreaterThan(30);
  });

  it.each(cases)('gives the same of %s (%s)', (_id, _name, strategy, bytes) => {
    const call = aCall({ stream: true, stream_options: { include_usage: true } });
    const whole = readStream(strategy, [bytes], call);
    expect(joinStream(whole.text)).toMatchObject({ dones: 1, endsWithDone: true });

    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (positions) => {
        const { text, translator } = readStream(strategy, cutAt(bytes, positions), call);

        expect(text).toBe(whole.text);
        expect(translator.facts).toEqual(whole.translator.facts);
        expect(translator.status).toBe('complete');
      }),
      { numRuns: RUNS },
    );
  });

  it.each(cases)(
    'that loses its end leaves none of %s (%s) complete without what was said',
    (_id, _name, strategy, bytes) => {
      const call = aCall({ stream: true });
      const whole = joinStream(readStream(strategy, [bytes], call).text);

      fc.assert(
        fc.property(fc.nat(bytes.length - 1), (end) => {
          const { text, translator } = readStream(strategy, [bytes.subarray(0, end)], call);

          // Complete without the last bytes is possible: they may be an end that only repeats what is known.
          expect(text.includes('[DONE]')).toBe(translator.status === 'complete');
          if (translator.status !== 'complete') return;
          const { content, toolCalls, finishReasons } = joinStream(text);
          expect({ content, toolCalls, finishReasons }).toEqual({
            content: whole.content,
            toolCalls: whole.toolCalls,
            finishReasons: whole.finishReasons,
          });
        }),
        { numRuns: RUNS },
      );
    },
  );
});
