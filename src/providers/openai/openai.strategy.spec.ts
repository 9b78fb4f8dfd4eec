import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { OpenAiStrategy } from './openai.strategy.js';

describe('OpenAiStrategy', () => {
  const strategy = new OpenAiStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));
});
