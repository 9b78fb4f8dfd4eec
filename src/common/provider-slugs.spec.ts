import { describe, expect, it } from '@jest/globals';

import { canonicalSlug, isProviderSlug, PROVIDER_SLUGS } from './provider-slugs.js';

describe('provider slugs', () => {
  it.each([
    ['google', 'google-ai-studio'],
    ['xai', 'grok'],
    ['perplexity', 'perplexity-ai'],
    ['azure', 'azure-openai'],
    ['bedrock', 'aws-bedrock'],
    ['vertex', 'google-vertex-ai'],
    ['openai', 'openai'],
    ['nobody', 'nobody'],
    ['constructor', 'constructor'],
  ])('knows %s as %s', (slug, canonical) => {
    expect(canonicalSlug(slug)).toBe(canonical);
  });

  it('lists canonical slugs only, each once', () => {
    expect(PROVIDER_SLUGS.map(canonicalSlug)).toEqual([...PROVIDER_SLUGS]);
    expect(new Set(PROVIDER_SLUGS).size).toBe(PROVIDER_SLUGS.length);
    expect(PROVIDER_SLUGS.every(isProviderSlug)).toBe(true);
  });

  it.each(['custom-mine', 'custom-a-1'])('takes %s for a custom provider', (slug) => {
    expect(isProviderSlug(slug)).toBe(true);
  });

  it.each(['custom-', 'custom--a', 'custom-A', 'custom-a/b', 'xai', '', 'toString'])('takes %j for none', (slug) => {
    expect(isProviderSlug(slug)).toBe(false);
  });
});
