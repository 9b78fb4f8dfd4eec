import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget } from '../../../../test/support/chat-streams.js';
import { hasFixtures } from '../../../../test/support/fixtures.js';
import { geminiExchanges } from '../../../../test/support/gemini-exchanges.js';
import { meaningOf, toOpenAiRequest } from '../../../../test/support/gemini-requests.js';
import { GoogleAiStudioStrategy } from '../../google-ai-studio/google-ai-studio.strategy.js';

(hasFixtures ? describe : describe.skip)('recorded requests to Gemini', () => {
  const strategy = new GoogleAiStudioStrategy();
  const exchanges = geminiExchanges(['chat', 'error']).filter(({ requestBody }) => requestBody !== null);
  const expressible = exchanges.flatMap(({ id, requestBody, model, stream }) => {
    const request = toOpenAiRequest(requestBody, model ?? '');
    return request === null ? [] : [{ id, request: { ...request, stream }, model: model ?? '', requestBody }];
  });

  it("can mostly be said in OpenAI's dialect", () => {
    expect(expressible.length).toBeGreaterThan(0.9 * exchanges.length);
  });

  it.each(expressible.map((row) => [row.id, row] as const))('mean the same when we send them: %s', (_id, row) => {
    const sent = strategy.buildChatRequest(aCall(row.request), aTarget(strategy, { model: row.model }));

    expect(meaningOf(JSON.parse(sent.body?.toString() ?? ''))).toEqual(meaningOf(row.requestBody));
  });
});
