import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type ClientBase, DatabaseError, Pool } from 'pg';

import { Database } from '../persistence/database.js';
import { idOfRow, LOG_COLUMNS } from './log-entry.js';
import { LogPartitionsRepository } from './log-partitions.repository.js';
import type { SpooledEntry } from './spool.js';

const COLUMNS = LOG_COLUMNS.join(', ');

/**
 * One statement for a batch. The rows are a JSON array whose members are the columns, which is how they were spooled: nothing is parsed
 * and written again here. The bodies are one parameter that the database cuts up. A row that is there already stays as it is,
 * and so do its payload and the count of its day.
 */
const INSERT = `
  WITH added AS (
    INSERT INTO request_logs (${COLUMNS}) SELECT ${COLUMNS} FROM json_populate_recordset(NULL::request_logs, $1)
    ON CONFLICT (id) DO NOTHING RETURNING id, gateway_internal_id, created_at, request_size, response_size
  ), payloads AS (
    INSERT INTO request_log_payloads (id, request, response, request_cut, response_cut)
    SELECT added.id,
           CASE WHEN part.request > 0 THEN substring($2::bytea FROM part.start FOR part.request) END,
           CASE WHEN part.response > 0 THEN substring($2::bytea FROM part.start + part.request FOR part.response) END,
           part.request > 0 AND part.request < added.request_size,
           part.response > 0 AND part.response < added.response_size
      FROM unnest($3::text[], $4::int[], $5::int[], $6::int[]) AS part (id, start, request, response)
      JOIN added USING (id)
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
  private readonly parameters = new Parameters();
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
  write(entries: readonly SpooledEntry[]): Promise<number> {
    return this.withClient((client) => this.writeAll(client, entries));
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

  private async writeAll(client: ClientBase, entries: readonly SpooledEntry[]): Promise<number> {
    const ids = entries.map(({ row }) => idOfRow(row));
    try {
      await this.partitions.ensureFor(client, ids);
      await client.query({ ...this.statement, values: this.parameters.of(entries, ids) });
      return 0;
    } catch (error) {
      if (!(error instanceof DatabaseError) || !ROW_ERRORS.has(error.code?.slice(0, 2) ?? '')) throw error;
      if (entries.length === 1) {
        this.logger.error({ event: 'log.unwritable', id: ids[0], reason: error.message });
        return 1;
      }
      // One row must not keep the others away: halves, until it stands alone.
      const middle = entries.length >>> 1;
      const first = await this.writeAll(client, entries.slice(0, middle));
      return first + (await this.writeAll(client, entries.slice(middle)));
    }
  }
}

const OPEN = '['.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
const CLOSE = ']'.charCodeAt(0);

/** A batch as the statement takes it. The two large ones are made in memory that is used again. */
class Parameters {
  private readonly rows = new Gatherer();
  private readonly bodies = new Gatherer();

  of(entries: readonly SpooledEntry[], ids: readonly string[]): unknown[] {
    const withBody: string[] = [];
    const starts: number[] = [];
    const requests: number[] = [];
    const responses: number[] = [];
    let rowBytes = 1;
    let bodyBytes = 0;
    for (const { row, request, response } of entries) {
      rowBytes += row.length + 1;
      bodyBytes += request.length + response.length;
    }
    this.rows.begin(rowBytes);
    this.bodies.begin(bodyBytes);
    entries.forEach(({ row, request, response }, at) => {
      this.rows.addByte(at === 0 ? OPEN : COMMA);
      this.rows.add(row);
      if (request.length + response.length === 0) return;
      withBody.push(ids[at]!);
      starts.push(this.bodies.length + 1); // as SQL counts
      requests.push(request.length);
      responses.push(response.length);
      this.bodies.add(request);
      this.bodies.add(response);
    });
    this.rows.addByte(CLOSE);
    return [this.rows.all, this.bodies.all, withBody, starts, requests, responses];
  }
}

const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** Bytes, one after the other. */
class Gatherer {
  private bytes = Buffer.allocUnsafeSlow(0);
  length = 0;

  begin(size: number): void {
    const isEnormous = this.bytes.length > MAX_KEPT_BYTES;
    if (size > this.bytes.length || isEnormous) this.bytes = Buffer.allocUnsafeSlow(size);
    this.length = 0;
  }

  add(part: Buffer): void {
    this.length += part.copy(this.bytes, this.length);
  }

  addByte(byte: number): void {
    this.bytes[this.length++] = byte;
  }

  get all(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}
