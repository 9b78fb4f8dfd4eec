import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { BasetenStrategy } from './baseten.strategy.js';

describe('BasetenStrategy', () => {
  const strategy = new BasetenStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));
});
