import { describe, expect, it } from '@jest/globals';
import { meaningOf } from '../../../test/support/anthropic-meaning.js';
import { toOpenAiRequest } from '../../../test/support/anthropic-requests.js';
import { aCall, aTarget, cutAt, joinStream, numbersOf } from '../../../test/support/chat-streams.js';
import { hasFixtures, readExchanges } from '../../../test/support/fixtures.js';
import { isObject, type JsonObject } from '../dialects/openai-chat/json-value.js';
import { GoogleVertexAiStrategy } from './google-vertex-ai.strategy.js';

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

(hasFixtures ? describe : describe.skip)('recorded exchanges with Claude on Vertex', () => {
  const strategy = new GoogleVertexAiStrategy();
  const exchanges = readExchanges('vertex', ['chat']).filter(({ model }) => (model ?? '').startsWith('claude'));
  const targetOf = (model: string | null) =>
    aTarget(strategy, {
      model: `anthropic/${model ?? ''}`,
      credential: { ...aTarget(strategy).credential!, settings: { project_id: 'p', region: 'us-east5' } },
    });

  it('are there', () => {
    expect(exchanges.length).toBeGreaterThan(3);
  });

  it.each(exchanges.map((exchange) => [exchange.id, exchange] as const))(
    'mean the same when we send %s',
    (_id, exchange) => {
      const { requestBody, model, stream } = exchange;
      if (!isObject(requestBody)) throw new Error('The recorded body is no object.');
      const call = aCall({ ...toOpenAiRequest(requestBody), model: 'x', stream });

      const sent = strategy.buildChatRequest(call, targetOf(model));

      const body: unknown = JSON.parse(sent.body?.toString() ?? '');
      expect(isObject(body) ? meaningOf(body) : null).toEqual(meaningOf(requestBody));
      expect(sent.path).toContain(
        `/publishers/anthropic/models/${model}:${stream ? 'streamRawPredict' : 'rawPredict'}`,
      );
    },
  );

  it.each(exchanges.filter(({ sse }) => sse === null).map((exchange) => [exchange.id, exchange] as const))(
    'reads %s',
    (_id, { body, model }) => {
      const bytes = Buffer.from(JSON.stringify(body));
      const blocks = isObject(body) ? list(body['content']) : [];

      const answer = strategy.readChatCompletion({ status: 200, headers: {}, body: bytes }, aCall(), targetOf(model));

      const text = answer.body.toString();
      for (const { name, id } of blocks.filter(({ type }) => type === 'tool_use'))
        expect(text).toContain(JSON.stringify(name ?? id));
      for (const block of blocks.filter(({ type }) => type === 'text'))
        expect(text).toContain(JSON.stringify(block['text']));
      expect(answer.facts.usage?.prompt_tokens).toBeGreaterThan(0);
    },
  );

  it.each(exchanges.filter(({ sse }) => sse !== null).map((exchange) => [exchange.id, exchange] as const))(
    'reads the stream %s the same wherever it is cut',
    (_id, { sse, model }) => {
      const bytes = Buffer.from(sse ?? '');
      const read = (pieces: readonly Buffer[]): string => {
        const translator = strategy.openChatStream(aCall({ stream: true }), targetOf(model));
        const out = pieces.flatMap((piece) => translator.push(piece));
        return Buffer.concat([...out, ...translator.end()]).toString();
      };
      const whole = read([bytes]);
      const random = numbersOf(1);

      expect(joinStream(whole)).toMatchObject({ dones: 1, endsWithDone: true, finishReasons: [expect.any(String)] });
      for (let round = 0; round < 50; round++)
        expect(read(cutAt(bytes, [random(bytes.length), random(bytes.length)]))).toBe(whole);
      for (const { arguments: text } of joinStream(whole).toolCalls) expect(() => JSON.parse(text)).not.toThrow();
    },
  );
});
