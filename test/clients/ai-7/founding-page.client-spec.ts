import { fileURLToPath } from 'node:url';
import { describeSamples } from '../founding-page/founding-page-suite.js';
import { SAMPLES } from '../founding-page/samples.js';

describeSamples(
  'the founding page with ai-gateway-provider 4.0',
  SAMPLES.filter(({ client }) => client === 'unified' || client === 'per provider'),
  fileURLToPath(new URL('.', import.meta.url)),
);
