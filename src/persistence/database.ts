import cluster from 'node:cluster';
import { Client, type PoolConfig } from 'pg';

import { StartError } from '../config/start-error.js';
import { EmbeddedDatabase, embeddedConnection } from './embedded/embedded-database.js';
import { migrate } from './migrator.js';

const OLDEST_SERVER = 15;
const CONNECT_TIMEOUT_MS = 5_000;
/** No query of ours takes this long; one that does hangs on a connection nobody answers any more. */
const QUERY_TIMEOUT_MS = 60_000;

export interface DatabaseSettings {
  /** Null: the embedded database. */
  readonly url: string | null;
  readonly poolSize: number;
  readonly dataDir: string;
  readonly allowNewerSchema: boolean;
}

/** A database that is up and migrated, and how it is reached. */
export abstract class Database {
  abstract readonly kind: 'embedded' | 'server';
  abstract readonly connection: PoolConfig;
  abstract close(): Promise<void>;
}

/** Opens the embedded database or finds the server, and migrates it. Throws a `StartError` with a line for the operator. */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  const database = settings.url === null ? await openEmbedded(settings) : await findServer(settings.url, settings);
  try {
    await migrate(database, { allowNewerSchema: settings.allowNewerSchema });
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

async function openEmbedded({ dataDir }: DatabaseSettings): Promise<Database> {
  // A worker's primary has opened it.
  const embedded = cluster.isWorker ? null : await EmbeddedDatabase.open(dataDir);
  return {
    kind: 'embedded',
    // It has one session: more connections would only wait for each other there instead of in the pool.
    connection: { ...embeddedConnection(dataDir), max: 1 },
    close: async () => embedded?.close(),
  };
}

async function findServer(url: string, { poolSize }: DatabaseSettings): Promise<Database> {
  const connection: PoolConfig = {
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'unified-ai-gateway',
  };
  const version = await serverVersion(connection);
  if (version < OLDEST_SERVER) {
    throw new StartError([
      `DATABASE_URL: this is PostgreSQL ${String(version)}; ${String(OLDEST_SERVER)} or newer is needed`,
    ]);
  }
  return { kind: 'server', connection, close: async () => {} };
}

async function serverVersion(connection: PoolConfig): Promise<number> {
  const client = new Client(connection);
  client.on('error', () => undefined); // an error while connecting also rejects connect()
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS version`,
    );
    return rows[0]?.version ?? 0;
  } catch (cause) {
    const where = `${client.host}:${String(client.port)}/${client.database ?? ''}`;
    throw new StartError([`DATABASE_URL: Postgres at ${where} does not answer: ${reasonOf(cause)}`], cause);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Node reports a refused connection to a name with several addresses as an AggregateError without a message. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
