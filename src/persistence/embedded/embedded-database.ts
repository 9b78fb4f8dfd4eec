import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { Logger } from '@nestjs/common';
import type { PoolConfig } from 'pg';

import { StartError } from '../../config/start-error.js';
import { DataDirLock } from './data-dir-lock.js';
import { prepareSocketDirectory } from './socket-directory.js';

const PORT = 5432;
/** The gateway itself needs few; the rest is for a curious `psql`. */
const MAX_CONNECTIONS = 20;

/** PostgreSQL in this process: PGlite in a worker thread, reached over a Unix socket like any other server. */
export class EmbeddedDatabase {
  private closing = false;

  private constructor(
    private readonly worker: Worker,
    private readonly lock: DataDirLock,
    private readonly socketDirectory: string,
  ) {
    worker.on('error', (error) => new Logger('EmbeddedDatabase').error('The embedded database failed', error));
    worker.on('exit', () => {
      if (!this.closing) new Logger('EmbeddedDatabase').error('The embedded database ended; restart the gateway');
    });
  }

  /** Makes the directory (mode 0700) and the database where there is none. Throws a `StartError`. */
  static async open(dataDir: string): Promise<EmbeddedDatabase> {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    chmodSync(dataDir, 0o700);
    const socketDirectory = prepareSocketDirectory(dataDir);
    const lock = await DataDirLock.take(dataDir, socketDirectory);
    const socketPath = join(socketDirectory, `.s.PGSQL.${String(PORT)}`);
    rmSync(socketPath, { force: true });
    const worker = new Worker(new URL('./pglite.worker.mjs', import.meta.url), {
      workerData: { dataDir: join(dataDir, 'postgres'), socketPath, maxConnections: MAX_CONNECTIONS },
    });
    try {
      await started(worker);
    } catch (cause) {
      await lock.release();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StartError([`DATA_DIR: the embedded database in ${dataDir} does not open: ${reason}`], cause);
    }
    return new EmbeddedDatabase(worker, lock, socketDirectory);
  }

  get connection(): PoolConfig {
    return { host: this.socketDirectory, port: PORT, user: 'postgres', database: 'postgres', ssl: false };
  }

  async close(): Promise<void> {
    this.closing = true;
    const exited = new Promise((resolve) => this.worker.once('exit', resolve));
    this.worker.postMessage('close');
    await exited;
    await this.lock.release();
  }
}

function started(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => (): void => {
      worker.removeAllListeners();
      finish();
    };
    worker.once('message', settle(resolve));
    worker.once('error', (error) => settle(() => reject(error))());
    worker.once('exit', (code) => settle(() => reject(new Error(`its thread ended with code ${String(code)}`)))());
  });
}
