// @ts-check
// The embedded database, in a thread of its own so that its queries do not hold up calls. Plain JavaScript because a
// worker is loaded by Node itself: the same file must serve the build and the tests.
import { parentPort, workerData } from 'node:worker_threads';

import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** Messages after which more of the same request follows: Parse, Bind, Describe, Execute, Close, Flush, CopyData. */
const UNFINISHED = new Set(Array.from('PBDECHd', (tag) => tag.charCodeAt(0)));

/**
 * PGlite has one session, and the socket server lets its connections take turns message by message, except in a
 * transaction. The extended protocol spreads one query over several messages, so two connections would bind to each
 * other's statements (seen with pglite-socket 0.2.17). Calling a request in progress a transaction keeps it whole.
 */
class SharedPGlite extends PGlite {
  #unfinished = false;

  /** @override */
  isInTransaction() {
    return this.#unfinished || super.isInTransaction();
  }

  /**
   * @override
   * @param {Uint8Array} message
   * @param {Parameters<PGlite['execProtocolRawStream']>[1]} options
   */
  async execProtocolRawStream(message, options) {
    this.#unfinished = UNFINISHED.has(message[0] ?? 0);
    await super.execProtocolRawStream(message, options);
  }

  /**
   * @override
   * @param {string} query
   * @param {Parameters<PGlite['exec']>[1]} [options]
   */
  async exec(query, options) {
    // The server's own ROLLBACK after a connection went away in mid-request.
    this.#unfinished = false;
    return super.exec(query, options);
  }
}

/** @type {{ dataDir: string, socketPath: string, maxConnections: number }} */
const { dataDir, socketPath, maxConnections } = workerData;

const database = new SharedPGlite({ dataDir });
await database.waitReady;
const server = new PGLiteSocketServer({ db: database, path: socketPath, maxConnections });
await server.start();

parentPort?.once('message', async () => {
  await server.stop();
  await database.close();
  parentPort?.close();
});
parentPort?.postMessage('ready');
