import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Clock } from '../common/clock.js';
import { analyticsConfig } from '../config/analytics.config.js';
import { Prisma } from '../generated/prisma/client.js';
import { PrismaService } from '../persistence/prisma.service.js';
import type { Position } from '../request-logs/spool.js';
import type { Resolution } from './rollup.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Rows that one statement deletes: a lock for a moment, not for a minute. */
const DELETED_AT_ONCE = 10_000;

const ROWS_A_STATEMENT = 500;
const TRANSACTION_MS = 30_000;
/** A spool that nobody has written to for so long is no more. */
const MARK_DAYS = 400;

/** Sums of a process, and where the spools end that are in them. */
export interface SumsToWrite {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly marks: ReadonlyMap<string, Position>;
}

/** What calls can be grouped by, and the column that holds it. */
export const GROUPS = {
  model: 'model',
  provider: 'provider',
  token: 'token_id',
  route: 'route',
  metadata: 'metadata_value',
} as const;
export type Group = keyof typeof GROUPS;

/** Which sums are asked for. Times are milliseconds since 1970. */
export interface AnalyticsQuery {
  readonly gatewayInternalId: string;
  readonly resolution: Resolution;
  readonly from: number;
  /** Not included. */
  readonly to: number;
  readonly intervalMs: number;
  readonly group: Group | null;
  /** For the group `metadata`. */
  readonly metadataKey: string;
  /** Groups that are told apart: those with the most calls. */
  readonly limit: number;
}

interface Place {
  /** When the interval begins. */
  readonly at: Date;
  /** Null: one of those that are not told apart. */
  readonly group: string | null;
}

export interface SumsRow extends Place {
  readonly failure: string;
  readonly requests: bigint;
  readonly cached: bigint;
  readonly tokensIn: bigint;
  readonly tokensOut: bigint;
  readonly tokensCacheRead: bigint;
  readonly tokensCacheWrite: bigint;
  readonly tokensReasoning: bigint;
  readonly costNano: bigint;
  readonly unpriced: bigint;
}

/** A bucket of a histogram of the calls that ended well. */
export interface BucketRow extends Place {
  readonly kind: 'latency' | 'first_token';
  readonly bucket: number;
  readonly count: bigint;
}

/** Sums of calls in the database. Charts are drawn of them alone: rows of calls are never counted. */
@Injectable()
export class AnalyticsRepository {
  constructor(
    private readonly prisma: PrismaService,
    private readonly clock: Clock,
    @Inject(analyticsConfig.KEY) private readonly config: ConfigType<typeof analyticsConfig>,
  ) {}

  /**
   * Writes totals, over those of the same process, series and time, and with them how far each spool is in them: all of it, or nothing.
   * What is to be written is asked for when the database is there.
   */
  async write(take: () => SumsToWrite): Promise<void> {
    await this.prisma.$transaction(
      async (transaction) => {
        const { rows, marks } = take();
        for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) {
          await transaction.$executeRaw(upsert(rows.slice(at, at + ROWS_A_STATEMENT)));
        }
        for (const [spool, { segment, offset }] of marks) {
          await transaction.$executeRaw`
            INSERT INTO analytics_marks (spool, segment, "offset", noted_at)
            VALUES (${spool}, ${BigInt(segment)}, ${BigInt(offset)}, ${new Date(this.clock.now())})
            ON CONFLICT (spool) DO UPDATE SET
              segment = EXCLUDED.segment, "offset" = EXCLUDED."offset", noted_at = EXCLUDED.noted_at`;
        }
      },
      { maxWait: TRANSACTION_MS, timeout: TRANSACTION_MS },
    );
  }

  /** How far the spools of logs are in the sums, by their ids. */
  async marks(): Promise<ReadonlyMap<string, Position>> {
    const marks = await this.prisma.analyticsMark.findMany();
    return new Map(
      marks.map(({ spool, segment, offset }) => [spool, { segment: Number(segment), offset: Number(offset) }]),
    );
  }

  sums(query: AnalyticsQuery): Promise<SumsRow[]> {
    return this.prisma.$queryRaw<SumsRow[]>`${grouped(query)}
      SELECT interval_at AS at, name AS "group", failure,
             sum(requests)::bigint AS requests, sum(cached)::bigint AS cached,
             sum(tokens_in)::bigint AS "tokensIn", sum(tokens_out)::bigint AS "tokensOut",
             sum(tokens_cache_read)::bigint AS "tokensCacheRead", sum(tokens_cache_write)::bigint AS "tokensCacheWrite",
             sum(tokens_reasoning)::bigint AS "tokensReasoning",
             sum(cost_nano)::bigint AS "costNano", sum(unpriced)::bigint AS unpriced
        FROM named GROUP BY 1, 2, 3`;
  }

  buckets(query: AnalyticsQuery): Promise<BucketRow[]> {
    return this.prisma.$queryRaw<BucketRow[]>`${grouped(query)}
      SELECT interval_at AS at, name AS "group", 'latency' AS kind, bucket, sum(count)::bigint AS count
        FROM named, unnest(latency_buckets, latency_counts) AS filled (bucket, count) WHERE failure = '' GROUP BY 1, 2, 4
      UNION ALL
      SELECT interval_at, name, 'first_token', bucket, sum(count)::bigint
        FROM named, unnest(first_token_buckets, first_token_counts) AS filled (bucket, count) WHERE failure = ''
       GROUP BY 1, 2, 4`;
  }

  /** Sums that are older than they are kept, and those of gateways that are gone. */
  async deleteOld(): Promise<void> {
    const { minuteDays, hourDays } = this.config;
    const before = (days: number): Date => new Date(days === 0 ? 0 : this.clock.now() - days * DAY_MS);
    for (let deleted = DELETED_AT_ONCE; deleted >= DELETED_AT_ONCE;) {
      deleted = await this.prisma.$executeRaw`
        DELETE FROM analytics_rollups WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM analytics_rollups
           WHERE (resolution = 'minute' AND at < ${before(minuteDays)}) OR (resolution = 'hour' AND at < ${before(hourDays)})
           LIMIT ${DELETED_AT_ONCE}))`;
    }
    await this.prisma.analyticsMark.deleteMany({ where: { notedAt: { lt: before(MARK_DAYS) } } });
  }
}

const upsert = (rows: SumsToWrite['rows']): Prisma.Sql => Prisma.sql`
  INSERT INTO analytics_rollups
  SELECT * FROM json_populate_recordset(NULL::analytics_rollups, ${JSON.stringify(rows)}::json)
  ON CONFLICT (gateway_internal_id, resolution, at, writer, series) DO UPDATE SET
    requests = EXCLUDED.requests, cached = EXCLUDED.cached,
    tokens_in = EXCLUDED.tokens_in, tokens_out = EXCLUDED.tokens_out,
    tokens_cache_read = EXCLUDED.tokens_cache_read, tokens_cache_write = EXCLUDED.tokens_cache_write,
    tokens_reasoning = EXCLUDED.tokens_reasoning, cost_nano = EXCLUDED.cost_nano, unpriced = EXCLUDED.unpriced,
    latency_buckets = EXCLUDED.latency_buckets, latency_counts = EXCLUDED.latency_counts,
    first_token_buckets = EXCLUDED.first_token_buckets, first_token_counts = EXCLUDED.first_token_counts`;

/** The rows that are asked for, each with its interval and its group's name: null for those beyond the limit. */
function grouped({ gatewayInternalId, resolution, from, to, intervalMs, group, metadataKey, limit }: AnalyticsQuery) {
  const column = group === null ? Prisma.sql`''::text` : Prisma.raw(GROUPS[group]);
  return Prisma.sql`WITH chosen AS MATERIALIZED (
      SELECT *, date_bin(make_interval(secs => ${intervalMs / 1000}::float8), at, to_timestamp(0)) AS interval_at, ${column} AS own
        FROM analytics_rollups
       WHERE gateway_internal_id = ${gatewayInternalId}::uuid AND resolution = ${resolution}
         AND at >= ${new Date(from)} AND at < ${new Date(to)} AND metadata_key = ${metadataKey}
    ), top AS (
      SELECT own AS name FROM chosen GROUP BY own ORDER BY sum(requests) DESC, own LIMIT ${limit}
    ), named AS (
      SELECT chosen.*, top.name FROM chosen LEFT JOIN top ON top.name = chosen.own
    )`;
}
