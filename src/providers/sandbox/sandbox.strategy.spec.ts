import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import { describeProviderConformance } from '../../../test/support/provider-conformance.js';
import { SandboxStrategy } from './sandbox.strategy.js';

describe('SandboxStrategy', () => {
  const strategy = new SandboxStrategy();

  describeProviderConformance(strategy, fileURLToPath(new URL('./__fixtures__', import.meta.url)));
});
