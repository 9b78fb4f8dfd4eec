import { fileURLToPath } from 'node:url';
import { describeSamples } from './founding-page-suite.js';
import { SAMPLES } from './samples.js';

describeSamples('the founding page', SAMPLES, fileURLToPath(new URL('.', import.meta.url)));
