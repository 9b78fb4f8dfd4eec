import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type ClientBase, DatabaseError, Pool } from 'pg';

import { Database } from '../persistence/database.js';
import { idOfRow, LOG_COLUMNS } from './log-entry.js';
import { LogPartitionsRepository } from './log-partitions.repository.js';
import type { SpoolBatch, SpooledEntry } from './spool.js';

const COLUMNS = LOG_COLUMNS.map(([column]) => column).join(', ');
const MEMBERS = LOG_COLUMNS.map(([, type, member]) => `"${member}" ${type}`).join(', ');
const VALUES = LOG_COLUMNS.map(([, , member]) => `"${member}"`).join(', ');

/**
 * One statement for a batch, which is one parameter, as it was spooled: nothing is parsed and written again here, and the database cuts
 * it up. A row that is there already stays as it is, and so do its payload and the count of its day.
 */
const INSERT = `
  WITH entry AS MATERIALIZED (
    SELECT start, row_bytes, request_bytes, response_bytes, log.*
      FROM unnest($2::int[], $3::int[], $4::int[], $5::int[]) AS part (start, row_bytes, request_bytes, response_bytes),
           json_to_record(convert_from(substring($1::bytea FROM start FOR row_bytes), 'UTF8')::json) AS log (${MEMBERS})
  ), added AS (
    INSERT INTO request_logs (${COLUMNS}) SELECT ${VALUES} FROM entry
    ON CONFLICT (id) DO NOTHING RETURNING id, gateway_internal_id, created_at, request_size, response_size
  ), payloads AS (
    INSERT INTO request_log_payloads (id, request, response, request_cut, response_cut)
    SELECT id,
           CASE WHEN request_bytes > 0 THEN substring($1::bytea FROM start + row_bytes FOR request_bytes) END,
           CASE WHEN response_bytes > 0 THEN substring($1::bytea FROM start + row_bytes + request_bytes FOR response_bytes) END,
           request_bytes > 0 AND request_bytes < request_size,
           response_bytes > 0 AND response_bytes < response_size
      FROM entry JOIN added ON added.id = entry."i"
     WHERE request_bytes + response_bytes > 0
    ON CONFLICT (id) DO NOTHING
  )
  INSERT INTO request_log_counts (gateway_internal_id, day, logs)
  SELECT gateway_internal_id, (created_at AT TIME ZONE 'UTC')::date, count(*) FROM added GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (gateway_internal_id, day) DO UPDATE SET logs = request_log_counts.logs + EXCLUDED.logs`;

/** Classes of SQL errors that are about the row itself: the same row fails again. Any other error passes. */
const ROW_ERRORS = new Set(['22', '23']);

/** A better compression than Postgres' own, where the server was built with it. */
const PREFER_LZ4 = `SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings
  WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)`;

/** Writes logs in bulk, on a connection of its own: with `pg` itself, since every row passes here. */
@Injectable()
export class LogWriterRepository implements OnApplicationShutdown {
  private readonly logger = new Logger(LogWriterRepository.name);
  private readonly pool: Pool;
  private readonly statement: { readonly text: string; readonly name?: string };

  constructor(
    { connection, kind }: Database,
    private readonly partitions: LogPartitionsRepository,
  ) {
    this.pool = new Pool({ ...connection, max: 1 });
    // By its name it is planned once a connection. The embedded database has one session, and so one such name.
    this.statement = kind === 'server' ? { text: INSERT, name: 'insert_logs' } : { text: INSERT };
    const note = (error: Error): void => this.logger.debug(`A connection broke: ${error.message}`);
    this.pool.on('error', note);
    // The pool listens to connections that are idle. One that breaks while it is used says so as well, and unheard that ends the process.
    this.pool.on('connect', (client) => void client.on('error', note));
    if (kind === 'server') this.pool.on('connect', (client) => void client.query(PREFER_LZ4).catch(() => undefined));
  }

  /** Writes entries; those that are there already stay as they are. Returns how many could never be written. Throws when none could now. */
  write({ bytes, entries }: Pick<SpoolBatch, 'bytes' | 'entries'>): Promise<number> {
    return this.withClient((client) => this.writeAll(client, bytes, entries));
  }

  /** Runs something else on the connection. */
  async withClient<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let failure: unknown;
    try {
      return await work(client);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      client.release(failure instanceof DatabaseError ? undefined : failure instanceof Error ? failure : undefined);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  private async writeAll(client: ClientBase, bytes: Buffer, entries: readonly SpooledEntry[]): Promise<number> {
    const ids = entries.map(({ start }) => idOfRow(bytes, start));
    try {
      await this.partitions.ensureFor(client, ids);
      await client.query({ ...this.statement, values: parametersOf(bytes, entries) });
      return 0;
    } catch (error) {
      if (!(error instanceof DatabaseError) || !ROW_ERRORS.has(error.code?.slice(0, 2) ?? '')) throw error;
      if (entries.length === 1) {
        this.logger.error({ event: 'log.unwritable', id: ids[0], reason: error.message });
        return 1;
      }
      // One row must not keep the others away: halves, until it stands alone.
      const middle = entries.length >>> 1;
      const first = await this.writeAll(client, bytes, entries.slice(0, middle));
      return first + (await this.writeAll(client, bytes, entries.slice(middle)));
    }
  }
}

const INT4 = 23;
const INT4_BYTES = 4;
const HEADER_BYTES = 20;

/** An `int4[]` as Postgres' binary protocol has it. */
function toInt4Array(entries: readonly SpooledEntry[], numberOf: (entry: SpooledEntry) => number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + entries.length * 2 * INT4_BYTES);
  // One dimension, no nulls, the type of the elements, how many there are, and the number of the first.
  let at = 0;
  for (const number of [1, 0, INT4, entries.length, 1]) at = bytes.writeInt32BE(number, at);
  for (const entry of entries) {
    at = bytes.writeInt32BE(INT4_BYTES, at);
    at = bytes.writeInt32BE(numberOf(entry), at);
  }
  return bytes;
}

const parametersOf = (bytes: Buffer, entries: readonly SpooledEntry[]): Buffer[] => [
  bytes,
  // As SQL counts.
  toInt4Array(entries, ({ start }) => start + 1),
  toInt4Array(entries, ({ rowBytes }) => rowBytes),
  toInt4Array(entries, ({ requestBytes }) => requestBytes),
  toInt4Array(entries, ({ responseBytes }) => responseBytes),
];
