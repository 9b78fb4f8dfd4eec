import { describe, expect, it } from '@jest/globals';
import { surfaceOf } from './surface.js';

describe('surfaceOf', () => {
  it.each([
    ['/v1/a/g/compat/chat/completions', 'compat'],
    ['/v1/a/g', 'universal'],
    ['/v1/a/g/?x=/compat', 'universal'],
    ['/v1/a/g/openai/v1/responses', 'native'],
    ['/v1/a/compat/openai/v1/responses', 'native'],
    ['/client/v4/accounts/a/ai/v1/chat/completions', 'rest'],
    ['/client/v4/accounts/a/ai/run/@cf/meta/llama', 'rest'],
    ['/client/v4/accounts/a/ai-gateway/gateways', null],
    ['/client/v4/accounts/a/secrets_store/ai/x', null],
    ['/healthz', null],
  ])('takes %s for %s', (url, surface) => {
    expect(surfaceOf(url)).toBe(surface);
  });
});
