// `node --import …/run-typescript.mjs file.ts`: a child process of a test, from the sources, compiled as the tests are.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
