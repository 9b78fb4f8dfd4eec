import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { HuggingFaceStrategy } from './huggingface.strategy.js';

describe('HuggingFaceStrategy', () => {
  const strategy = new HuggingFaceStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));
});
