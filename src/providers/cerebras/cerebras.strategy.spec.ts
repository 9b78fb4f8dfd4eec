import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { CerebrasStrategy } from './cerebras.strategy.js';

describe('CerebrasStrategy', () => {
  const strategy = new CerebrasStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));
});
