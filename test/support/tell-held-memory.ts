// `node --import …/run-typescript.mjs --import …/tell-held-memory.ts`: a child process of a test says on demand what it holds.
import { heldBytes } from './held-memory.js';

process.on('message', () => process.send?.(heldBytes()));

process.channel?.unref();
