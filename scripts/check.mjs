// `npm run check`: everything that must hold. What reads the tree goes side by side, as many at once as there are cores, and
// prints when it is through; the tests follow when all of it holds.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const npm = (script, stdio) =>
  spawn('npm', ['run', '--silent', script], { stdio, shell: process.platform === 'win32', env: process.env });

/** The longest first, so that they end together. */
const waiting = ['types', 'format:check', 'lint', 'unused', 'deps'];
let holds = true;

async function checkInTurn() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const from = performance.now();
    const child = npm(name, ['ignore', 'pipe', 'pipe']);
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => printed.push(part));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) holds = false;
    console.log(`${name}: ${code === 0 ? 'holds' : 'FAILED'} (${Math.round((performance.now() - from) / 1000)} s)`);
    process.stdout.write(Buffer.concat(printed));
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, checkInTurn));
if (!holds) process.exit(1);
npm('test', 'inherit').once('close', (code) => process.exit(code ?? 1));
