import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { aCall, aTarget } from '../../../test/support/chat-streams.js';
import { GEMINI_WIRE } from '../../../test/support/gemini-wire.js';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { GoogleAiStudioStrategy } from './google-ai-studio.strategy.js';

describe('GoogleAiStudioStrategy', () => {
  const strategy = new GoogleAiStudioStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)), {
    ...GEMINI_WIRE,
    credential: { header: 'x-goog-api-key', valueOf: (secret) => secret },
  });

  it.each([
    ['gemini-2.5-flash', false, '/v1beta/models/gemini-2.5-flash:generateContent'],
    ['gemini-2.5-flash', true, '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse'],
    ['models/gemini-2.5-flash', false, '/v1beta/models/gemini-2.5-flash:generateContent'],
    ['tunedModels/mine-123', false, '/v1beta/tunedModels/mine-123:generateContent'],
    ['../files?x=#', false, '/v1beta/models/%2E%2E/files%3Fx%3D%23:generateContent'],
  ])('calls %s (stream: %s) at %s', (model, stream, path) => {
    const request = strategy.buildChatRequest(aCall({ stream }), aTarget(strategy, { model }));

    expect(request.path).toBe(path);
  });

  it('asks for a service tier in the body', () => {
    const request = strategy.buildChatRequest(aCall({ service_tier: 'flex' }), aTarget(strategy));

    expect(JSON.parse(request.body?.toString() ?? '')).toMatchObject({ serviceTier: 'flex' });
  });
});
