import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ADMIN_TOKEN } from './gateway.js';
import { scratchDirectory } from './scratch-directory.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');

/** A gateway in a process of its own, so that it can be killed. */
export interface Replica {
  readonly origin: string;
  readonly pid: number;
  readonly output: () => string;
  /** A control-plane call on the account `default`; throws unless it succeeded. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** At once, as a crash would. */
  kill(): Promise<void>;
  /** Resolves to its exit code. */
  stop(): Promise<number | null>;
}

/** Throws with what it printed, when it ends instead of listening. */
export async function startReplica(variables: Record<string, string>): Promise<Replica> {
  const { child, output, listening } = launch(variables);
  const origin = await listening;
  const ended = once(child, 'close');
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    await ended;
    return child.exitCode;
  };
  return {
    origin,
    pid: child.pid ?? 0,
    output,
    admin: async (method, path, body) => {
      const response = await fetch(`${origin}/client/v4/accounts/default${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as { success: boolean; result: unknown };
      if (!answer.success) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
      return answer.result;
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
  };
}

function launch(variables: Record<string, string>): {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly listening: Promise<string>;
} {
  const scratch = scratchDirectory();
  const inherited = { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_ENV: 'test', NO_COLOR: '1' };
  const child = spawn(process.execPath, ['--import', './test/support/run-typescript.mjs', 'src/main.ts'], {
    cwd: ROOT,
    env: { ...inherited, PORT: '0', DATA_DIR: scratch.path, MASTER_KEY, ADMIN_TOKEN, LOG_LEVEL: 'warn', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const listening = new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        printed += part;
        const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
        if (origin !== undefined) resolve(origin);
      });
    }
    child.once('close', () => {
      scratch.remove();
      reject(new Error(`The replica ended:\n${printed}`));
    });
  });
  return { child, output: () => printed, listening };
}
