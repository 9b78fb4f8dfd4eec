import { describe, expect, it } from '@jest/globals';
import { hasFixtures } from '../../../../test/support/fixtures.js';
import { readRecordedAnswers, streamBytes, toAnswer } from '../../../../test/support/provider-survey.js';
import { aTarget, cutAt, numbersOf } from '../../../../test/support/chat-streams.js';

/** Every recorded answer of a model, passed through: what is read on the side must be what a translation would have read. */
(hasFixtures ? describe : describe.skip)('recorded answers, passed through', () => {
  const answers = readRecordedAnswers();

  it('are many', () => {
    expect(answers.length).toBeGreaterThan(300);
  });

  it('come out as they went in, whole, with the usage that they tell', () => {
    const wrong: unknown[] = [];
    for (const { strategy, exchange, facts } of answers) {
      const stream = streamBytes(exchange);
      const bytes = stream ?? toAnswer(exchange).body;
      const type =
        stream === null || Array.isArray(exchange.body)
          ? 'application/json'
          : exchange.sse === null
            ? 'application/vnd.amazon.eventstream'
            : 'text/event-stream';
      const watch = strategy.native.openAnswer(
        { status: 200, headers: { ...exchange.headers, 'content-encoding': undefined, 'content-type': type } },
        aTarget(strategy),
      );
      const next = numbersOf(bytes.length);
      const pieces = cutAt(
        bytes,
        Array.from({ length: 20 }, () => next(bytes.length)),
      );

      const out = Buffer.concat([...pieces.flatMap((piece) => watch.push(piece)), ...watch.end()]);

      const { usage } = watch.facts;
      if (
        !out.equals(bytes) ||
        watch.status !== 'complete' ||
        usage?.prompt_tokens !== facts.usage?.prompt_tokens ||
        usage?.completion_tokens !== facts.usage?.completion_tokens ||
        usage?.prompt_tokens_details?.cached_tokens !== facts.usage?.prompt_tokens_details?.cached_tokens
      )
        wrong.push({ id: exchange.id, provider: strategy.id, status: watch.status, usage, expected: facts.usage });
    }

    expect(wrong).toEqual([]);
  });
});
