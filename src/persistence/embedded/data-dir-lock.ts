import { open, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { StartError } from '../../config/start-error.js';

/** Longer than taking the lock ever takes: a guard file of this age was left by a process that was killed meanwhile. */
const GUARD_MAX_AGE_MS = 5_000;

/**
 * Lets one process at a time use a data directory. The lock is a socket that its holder listens on: the system closes it
 * when the process ends, however it ends, so that a lock left behind by `kill -9` is known by nobody answering (a file
 * with a process id would need guessing: ids are used again, and every container's first process is number 1).
 */
export class DataDirLock {
  private constructor(private readonly server: Server) {}

  /** Throws a `StartError` when another process holds it. */
  static async take(dataDir: string, socketDirectory: string): Promise<DataDirLock> {
    const path = join(socketDirectory, 'lock');
    return holdingGuard(`${path}.guard`, async () => {
      if (await isAnswered(path)) {
        throw new StartError([`DATA_DIR: ${dataDir} is in use by another running gateway; stop it or use another one`]);
      }
      await rm(path, { force: true });
      const server = createServer((socket) => socket.destroy());
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
      server.unref();
      return new DataDirLock(server);
    });
  }

  async release(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Asking and listening must be one step, or two processes that start at once would both find nobody there. */
async function holdingGuard<T>(path: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const guard = await open(path, 'wx').catch((error: unknown) => {
      if (isErrorWithCode(error, 'EEXIST')) return null;
      throw error;
    });
    if (guard !== null) {
      await guard.close();
      return work().finally(() => rm(path, { force: true }));
    }
    const found = await stat(path).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > GUARD_MAX_AGE_MS) await rm(path, { force: true });
    else await sleep(20);
  }
}

function isErrorWithCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
