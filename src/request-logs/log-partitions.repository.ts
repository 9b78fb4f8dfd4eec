import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';

import { ulidStart, ulidTime } from '../common/ids.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Any number that is only ours: the key of the advisory lock of those who make and drop partitions. */
const LOCK_KEY = 7_270_414_002;
const PARENTS = ['request_logs', 'request_log_payloads'] as const;
/** Payloads are compressed from this length on, a row in all. */
const COMPRESSED_FROM = 256;

/** A partition holds the ids of a day, of UTC. */
const dayOf = (time: number): number => Math.floor(time / DAY_MS);

const nameOf = (parent: string, day: number): string =>
  `${parent}_${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`;

/** The days of the log tables: made ahead, dropped whole. Dropping a day costs nothing, deleting its rows would cost hours. */
@Injectable()
export class LogPartitionsRepository {
  /** Days that are known to be there. */
  private readonly made = new Set<number>();

  /** Makes the days of these ids where they are missing. Cheap when they are not. */
  async ensureFor(client: ClientBase, ids: readonly string[]): Promise<void> {
    const days = new Set<number>();
    for (const id of ids) {
      const day = dayOf(ulidTime(id));
      if (!this.made.has(day)) days.add(day);
    }
    for (const day of days) await this.make(client, day);
  }

  /** Makes today's and the next days'. */
  async makeAhead(client: ClientBase, now: number, days: number): Promise<void> {
    for (let day = dayOf(now); day <= dayOf(now) + days; day++) if (!this.made.has(day)) await this.make(client, day);
  }

  /** Drops the days that are older than `keptDays`. Returns how many. */
  async dropBefore(client: ClientBase, now: number, keptDays: number): Promise<number> {
    const first = dayOf(now) - keptDays;
    const { rows } = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        WHERE p.relname = ANY($1) AND c.relname < p.relname || '_' || $2`,
      [[...PARENTS], nameOf('', first).slice(1)],
    );
    for (const { name } of rows) {
      await this.locked(client, () => client.query(`DROP TABLE IF EXISTS "${name}"`));
    }
    if (rows.length > 0) {
      await client.query('DELETE FROM request_log_counts WHERE day < $1', [new Date(first * DAY_MS)]);
      for (const day of this.made) if (day < first) this.made.delete(day);
    }
    return rows.length / PARENTS.length;
  }

  private async make(client: ClientBase, day: number): Promise<void> {
    const from = ulidStart(day * DAY_MS);
    const to = ulidStart((day + 1) * DAY_MS);
    await this.locked(client, async () => {
      for (const parent of PARENTS) {
        const name = nameOf(parent, day);
        await client.query(
          `CREATE TABLE IF NOT EXISTS "${name}" PARTITION OF "${parent}" FOR VALUES FROM ('${from}') TO ('${to}')`,
        );
        if (parent === 'request_log_payloads')
          await client.query(`ALTER TABLE "${name}" SET (toast_tuple_target = ${String(COMPRESSED_FROM)})`);
      }
    });
    this.made.add(day);
  }

  /** Replicas take turns; whoever reads the tables for long is not waited for behind a closed door: it is tried again later. */
  private async locked(client: ClientBase, work: () => Promise<unknown>): Promise<void> {
    await client.query('BEGIN');
    try {
      await client.query(`SET LOCAL lock_timeout = '5s'`);
      await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK_KEY]);
      await work();
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }
}
