// `npm start`: installs, generates and builds what is missing, then becomes the gateway (the same process, so that
// signals reach it).
import { requireNode } from './lib/require-node.mjs';

requireNode();
// Imported only now: an older Node may not even be able to read it.
const { prepare } = await import('./lib/prepare.mjs');
prepare({ build: true });
await import('../dist/main.js');
