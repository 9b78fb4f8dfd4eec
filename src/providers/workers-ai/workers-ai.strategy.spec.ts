import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { WorkersAiStrategy } from './workers-ai.strategy.js';

describe('WorkersAiStrategy', () => {
  const strategy = new WorkersAiStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));
});
