// `npm test`: installs and generates what is missing, then runs Jest with the flags that ES modules need. Arguments are
// Jest's: `npm test -- --selectProjects unit`.
import { requireNode } from './lib/require-node.mjs';

requireNode();
const { prepare, root } = await import('./lib/prepare.mjs');
prepare({ build: false });

const { spawn } = await import('node:child_process');
const jest = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
jest.on('exit', (code) => process.exit(code ?? 1));
