import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import { aCall, aTarget, TEST_SECRET } from '../support/chat-streams.js';
import { registeredStrategies } from '../support/registered-strategies.js';
import { fuzzed, unlessRefused } from './fuzzing.js';
import { bytesNear, jsonNear, recordedOf } from './inputs.js';

const strategies = registeredStrategies();
const chatting = strategies.filter(({ isNativeOnly }) => isNativeOnly !== true);
const embedding = strategies.filter(({ embeddings }) => embeddings !== undefined);

const parsed = (bytes: Buffer): unknown[] => {
  try {
    return [JSON.parse(bytes.toString())];
  } catch {
    return [];
  }
};
const recorded = strategies.flatMap(({ id }) => recordedOf(id, '.json'));
const bodies = [
  ...recorded.flatMap(parsed),
  { error: { message: 'x', type: 'y', code: 'z' } },
  [{ error: { code: 400 } }],
  { detail: [{ loc: ['body'], msg: 'm' }] },
];

/** An answer's body: JSON that has been tampered with, or bytes that may be none. */
const body = fc.oneof(
  jsonNear(bodies).map((value) => Buffer.from(JSON.stringify(value) ?? '')),
  bytesNear(recorded),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'retry-after',
    'retry-after-ms',
    'x-amzn-errortype',
    'x-should-retry',
    'x-request-id',
  ),
  fc.oneof(
    fc.constantFrom(
      'application/json',
      'text/html',
      '1e9',
      '-1',
      'NaN',
      'Wed, 21 Oct 2015 07:28:00 GMT',
      'constructor',
      '',
    ),
    fc.string(),
  ),
);
/** What a provider says must never hold the key that it was shown, whatever it says. */
const tells = (text: string): boolean => text.includes(TEST_SECRET);

describe('whole answers', () => {
  it(
    'of every provider are a completion, or an error that says whose',
    fuzzed([fc.constantFrom(...chatting), headers, body], (strategy, given, bytes) => {
      const target = aTarget(strategy);
      const answer = unlessRefused(
        () => strategy.readChatCompletion({ status: 200, headers: given, body: bytes }, aCall(), target),
        GatewayError,
      );

      if (answer === null) return;
      const completion: unknown = JSON.parse(answer.body.toString());
      expect(completion).toMatchObject({ choices: expect.any(Array) });
      for (const count of Object.values(answer.facts.usage ?? {}))
        if (typeof count === 'number') expect(Number.isFinite(count)).toBe(true);
      expect(['string', 'undefined']).toContain(typeof answer.facts.finishReason);
    }),
  );

  it(
    'of embeddings are a list, or an error',
    fuzzed(
      [fc.constantFrom(...embedding), headers, fc.array(body, { minLength: 1, maxLength: 2 })],
      (strategy, given, all) => {
        const call = {
          request: { model: 'm', input: all.map(() => 'x') },
          raw: Buffer.from('{"model":"m","input":"x"}'),
          headers: [],
        };
        const answers = all.map((bytes) => ({ status: 200, headers: given, body: bytes }));
        const list = unlessRefused(
          () => strategy.embeddings!.readAnswers(answers, call, aTarget(strategy)),
          GatewayError,
        );

        const read: unknown = list === null ? { data: [] } : JSON.parse(list.body.toString());
        expect(read).toMatchObject({ data: expect.any(Array) });
      },
    ),
  );
});

describe('errors', () => {
  it(
    'of every provider are an error in OpenAI’s terms, and tell no key',
    fuzzed(
      [fc.constantFrom(...strategies), fc.integer({ min: 300, max: 599 }), headers, body, fc.boolean()],
      (strategy, status, given, bytes, repeats) => {
        const shown = repeats ? Buffer.concat([bytes, Buffer.from(`{"error":{"message":"${TEST_SECRET}"}}`)]) : bytes;
        const error = strategy.readError({ status, headers: given, body: shown }, aTarget(strategy));

        expect(error).toBeInstanceOf(GatewayError);
        expect(error.status).toBeGreaterThanOrEqual(400);
        expect(error.status).toBeLessThanOrEqual(599);
        expect([
          typeof error.message,
          typeof error.type,
          tells(JSON.stringify([error.message, error.type, error.code, error.details.metadata])),
        ]).toEqual(['string', 'string', false]);
      },
    ),
  );
});
