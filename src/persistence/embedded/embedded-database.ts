import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { Logger } from '@nestjs/common';
import type { PoolConfig } from 'pg';

import { StartError } from '../../config/start-error.js';
import { DataDirLock } from './data-dir-lock.js';
import { prepareSocketDirectory } from './socket-directory.js';

const DATABASE_DIR = 'postgres';
const PORT = 5432;
/** Each worker of the gateway needs two, one more while it starts; the rest is for a curious `psql`. */
const MAX_CONNECTIONS = 256;

/** How the embedded database of a data directory is reached, by the process that opened it and by its workers. */
export const embeddedConnection = (dataDir: string): PoolConfig => ({
  host: prepareSocketDirectory(dataDir),
  port: PORT,
  user: 'postgres',
  database: 'postgres',
  ssl: false,
});

/** PostgreSQL in this process: PGlite in a worker thread, reached over a Unix socket like any other server. */
export class EmbeddedDatabase {
  private closing = false;
  private readonly exited: Promise<void>;

  private constructor(
    private readonly worker: Worker,
    private readonly lock: DataDirLock,
    readonly connection: PoolConfig,
  ) {
    const logger = new Logger(EmbeddedDatabase.name);
    worker.on('error', (error) => logger.error('The embedded database failed', error));
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => {
        if (!this.closing) logger.error('The embedded database ended; calls go on, but restart the gateway');
        resolve();
      });
    });
  }

  /** Makes the directory (mode 0700) and the database where there is none. Throws a `StartError`. */
  static async open(dataDir: string): Promise<EmbeddedDatabase> {
    if (process.platform === 'win32') {
      throw new StartError([
        'DATABASE_URL: is required on Windows, or use WSL: the embedded database needs Unix sockets',
      ]);
    }
    const socketDirectory = prepareDirectories(dataDir);
    const lock = await DataDirLock.take(dataDir, socketDirectory);
    const socketPath = join(socketDirectory, `.s.PGSQL.${String(PORT)}`);
    rmSync(socketPath, { force: true });
    const worker = new Worker(new URL('./pglite.worker.mjs', import.meta.url), {
      workerData: { dataDir: join(dataDir, DATABASE_DIR), socketPath, maxConnections: MAX_CONNECTIONS },
    });
    try {
      await started(worker);
    } catch (cause) {
      await lock.release();
      throw new StartError([`DATA_DIR: the embedded database in ${dataDir} does not open: ${reasonOf(cause)}`], cause);
    }
    return new EmbeddedDatabase(worker, lock, embeddedConnection(dataDir));
  }

  async close(): Promise<void> {
    this.closing = true;
    this.worker.postMessage('close');
    await this.exited;
    await this.lock.release();
  }
}

/** Returns the sockets' directory. What must stay private has a directory that nobody else may enter. */
function prepareDirectories(dataDir: string): string {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    mkdirSync(join(dataDir, DATABASE_DIR), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StartError([`DATA_DIR: ${dataDir} cannot be used: ${reasonOf(cause)}`], cause);
  }
  try {
    chmodSync(dataDir, 0o700);
  } catch {
    // A mounted volume may belong to somebody else and still be ours to write to.
  }
  return prepareSocketDirectory(dataDir);
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

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
