import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { DeepSeekStrategy } from './deepseek.strategy.js';

describe('DeepSeekStrategy', () => {
  const strategy = new DeepSeekStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));
});
