/** Starts the processes of a run, each on its core, and makes sure that none outlives it. */
import { execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const TASKSET = 'taskset';

/** Can processes be given a core of their own? */
export const canPin = (() => {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync(TASKSET, ['-c', '0', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** The target's core, and that of everything else. */
export const CORES = { target: 0, load: 1 };

/** Starts `node` with these arguments. What it writes to stderr, and to stdout where `showsOutput`, is kept in `output`. */
export function start(name, core, args, env = {}) {
  const node = [process.execPath, ...args];
  const [command, ...rest] = canPin ? [TASKSET, '-c', String(core), ...node] : node;
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const told = { output: '' };
  const keep = (text) => {
    told.output = (told.output + text).slice(-8000);
  };
  child.stderr.setEncoding('utf8').on('data', keep);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => keep(`${line}\n`));
  child.on('exit', () => running.delete(child));
  return { name, child, pid: child.pid, lines, told };
}

/** The first line on stdout that is JSON. Rejects with what the process said when it ends or waits too long. */
export function firstJson(started, timeoutMs = START_TIMEOUT_MS) {
  return new Promise((resolve, reject) => {
    const giveUp = (why) => reject(new Error(`${started.name} ${why}\n${started.told.output}`));
    const timer = setTimeout(() => {
      started.child.kill('SIGKILL');
      giveUp(`said nothing in ${timeoutMs} ms`);
    }, timeoutMs);
    started.lines.on('line', (line) => {
      if (!line.startsWith('{')) return;
      clearTimeout(timer);
      resolve(JSON.parse(line));
    });
    // Not `exit`: a last line may still be on its way then.
    started.child.on('close', (code) => {
      clearTimeout(timer);
      giveUp(`ended with ${code}`);
    });
  });
}

/** Ends a process: kindly, then not. */
export async function stop({ child }) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

/** Ends all that still run. */
export const stopAll = () => Promise.all([...running].map((child) => stop({ child })));
