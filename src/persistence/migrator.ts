import { MigrationAdapter } from './migration-adapter.js';
import { Client, type ClientConfig, DatabaseError, Pool } from 'pg';

import { StartError } from '../config/start-error.js';
import { type MigrationFile, readMigrationFiles } from './migration-files.js';

/** Any number that is only ours: the key of the advisory lock (Prisma's own is 72707369). */
const LOCK_KEY = 7_270_414_001;
const LOCK_TIMEOUT_MS = 60_000;
const LOCK_NOT_AVAILABLE = '55P03';

export interface MigrationOptions {
  /** Start although the database has migrations that this release does not know? */
  readonly allowNewerSchema?: boolean;
  /** Instead of `prisma/migrations`. */
  readonly files?: readonly MigrationFile[];
  readonly lockTimeoutMs?: number;
}

/** What of a database the migrator needs. */
export interface MigrationTarget {
  readonly kind: 'embedded' | 'server';
  readonly connection: ClientConfig;
}

interface AppliedMigration {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/**
 * Brings the database to this release's schema and returns the names of the migrations it applied. Replicas that start at
 * once take turns. Never resets anything: whatever looks wrong throws a `StartError` that says what to do.
 */
export async function migrate(target: MigrationTarget, options: MigrationOptions = {}): Promise<string[]> {
  const files = options.files ?? readMigrationFiles();
  const client = new Client({ ...target.connection, query_timeout: undefined });
  client.on('error', () => undefined); // breaks the query under way, which says so
  await client.connect();
  try {
    // What is half-way now may be another replica's work: who holds the lock can tell.
    const applied = await readApplied(client);
    if (applied.every(({ finished }) => finished) && !isBehind(files, applied, options)) return [];
    // The embedded database has one session, which every lock would be granted to; its directory's lock stands in.
    if (target.kind === 'server') await takeLock(client, options.lockTimeoutMs ?? LOCK_TIMEOUT_MS);
    // Another replica may have done it meanwhile.
    if (!isBehind(files, await readApplied(client), options)) return [];
    return await apply(target.connection, files);
  } finally {
    await client.end(); // also releases the lock
  }
}

/** Are there migrations to apply? Plain SQL, so that the engine is only loaded when there are: it costs a start 100 ms. */
function isBehind(
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
  { allowNewerSchema = false }: MigrationOptions,
): boolean {
  const local = new Map(files.map((file) => [file.name, file]));
  const problems = applied.flatMap(({ migration_name: name, checksum, finished }) => {
    const file = local.get(name);
    if (!finished) {
      return `Migration ${name} failed half-way. Repair what it left, then run: UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${name}'`;
    }
    if (file === undefined) {
      return allowNewerSchema
        ? []
        : `The database has migration ${name}, which this release does not know. Start the newer release, or set ALLOW_NEWER_SCHEMA=true to go back one release (docs/persistence.md)`;
    }
    return file.checksum === checksum
      ? []
      : `Migration ${name} is not the one that was applied: its file was changed afterwards. Restore prisma/migrations/${name} from this release`;
  });
  if (problems.length > 0) throw new StartError(problems);
  return files.some(({ name }) => !applied.some((row) => row.migration_name === name));
}

async function readApplied(client: Client): Promise<AppliedMigration[]> {
  const { rows: found } = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists`,
  );
  if (found[0]?.exists !== true) return [];
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`,
  );
  return rows;
}

async function takeLock(client: Client, timeoutMs: number): Promise<void> {
  await client.query(`SELECT set_config('lock_timeout', $1, false)`, [`${String(timeoutMs)}ms`]);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
  } catch (cause) {
    if (cause instanceof DatabaseError && cause.code === LOCK_NOT_AVAILABLE) {
      const waited = `${String(timeoutMs / 1000)} s`;
      throw new StartError(
        [`Another replica has been migrating the database for more than ${waited}; start again when it is done`],
        cause,
      );
    }
    throw cause;
  }
}

async function apply(connection: ClientConfig, files: readonly MigrationFile[]): Promise<string[]> {
  const { openSchemaEngine, toMigrationList } = await import('./schema-engine.js');
  const pool = new Pool({ ...connection, max: 1, query_timeout: undefined });
  const engine = await openSchemaEngine(new MigrationAdapter(pool));
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: toMigrationList(files),
      filters: { externalTables: [], externalEnums: [] },
    });
    return appliedMigrationNames;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError([`Migrating the database failed: ${reason.replaceAll(/\s*\n\s*/g, ' ')}`], cause);
  } finally {
    engine.free();
    await pool.end();
  }
}
