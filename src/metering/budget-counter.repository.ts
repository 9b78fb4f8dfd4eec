import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { PrismaService } from '../persistence/prisma.service.js';
import type { StoredCounter } from '../state/memory-state.js';

/** How many rows one statement writes. */
const BATCH = 500;

const buckets = z.array(z.tuple([z.number(), z.number()]));

/** What budgets' counters hold, in the database. */
@Injectable()
export class BudgetCounterRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Those that still count for something. */
  async all(now: Date): Promise<readonly StoredCounter[]> {
    const rows = await this.prisma.budgetCounter.findMany({ where: { expiresAt: { gt: now } } });
    return rows.map(({ held, whenLost, expiresAt, ...row }) => ({
      scope: row.scope,
      key: row.key,
      windowId: row.windowId,
      buckets: buckets.parse(row.buckets),
      held: Number(held),
      whenLost: whenLost === 'charge' ? 'charge' : 'refund',
      expiresAt: expiresAt.getTime(),
    }));
  }

  async store(counters: readonly StoredCounter[]): Promise<void> {
    for (let from = 0; from < counters.length; from += BATCH) {
      const rows = JSON.stringify(counters.slice(from, from + BATCH));
      await this.prisma.$executeRaw`
        INSERT INTO budget_counters (scope, key, window_id, buckets, held, when_lost, expires_at)
        SELECT c.scope, c.key, c."windowId", c.buckets, c.held, c."whenLost", to_timestamp(c."expiresAt" / 1000.0)
        FROM jsonb_to_recordset(${rows}::jsonb)
          AS c(scope text, key text, "windowId" text, buckets jsonb, held bigint, "whenLost" text, "expiresAt" bigint)
        ON CONFLICT (scope, key, window_id) DO UPDATE
        SET buckets = EXCLUDED.buckets, held = EXCLUDED.held, when_lost = EXCLUDED.when_lost, expires_at = EXCLUDED.expires_at`;
    }
  }

  async removeExpired(now: Date): Promise<void> {
    await this.prisma.budgetCounter.deleteMany({ where: { expiresAt: { lte: now } } });
  }
}
