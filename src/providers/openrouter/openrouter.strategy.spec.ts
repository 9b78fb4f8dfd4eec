import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { OpenRouterStrategy } from './openrouter.strategy.js';

describe('OpenRouterStrategy', () => {
  const strategy = new OpenRouterStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));
});
