import { Injectable } from '@nestjs/common';

import { offsetOf, type PageRequest } from '../common/page.js';
import { Prisma } from '../generated/prisma/client.js';
import { PrismaService } from '../persistence/prisma.service.js';
import { whereOf } from './log-conditions.repository.js';
import type { LogFilter } from './log-filter.js';
import type { LogBody, LogEdit, LogEntry, LogItem, LogRanges } from './request-log.js';

/** How far matches of a filter are counted: beyond it a list says that there are as many. */
export const MAX_COUNTED = 1000;
/** How much of a body its log shows. */
const HEAD_BYTES = 4096;

export const LOG_ORDERS = ['created_at', 'provider', 'model', 'model_type', 'success', 'cached'] as const;
export const LOG_DELETE_ORDERS = [...LOG_ORDERS, 'cost', 'tokens_in', 'tokens_out', 'duration', 'feedback'] as const;
export type LogOrder = (typeof LOG_DELETE_ORDERS)[number];
export type Direction = 'asc' | 'desc';

const ORDER_COLUMNS: Readonly<Record<LogOrder, string>> = {
  created_at: 'id',
  provider: 'provider',
  model: 'model',
  model_type: 'model_type',
  success: 'success',
  cached: 'cached',
  cost: 'cost_nano',
  tokens_in: 'tokens_in',
  tokens_out: 'tokens_out',
  duration: 'duration_ms',
  feedback: 'feedback',
};

/** Which logs are meant. */
export interface LogSelection {
  readonly gatewayInternalId: string;
  readonly filters: readonly LogFilter[];
  readonly search: string | null;
}

const ITEM = Prisma.raw(
  [
    'id',
    'created_at AS "createdAt"',
    'provider',
    'model',
    'requested_model AS "requestedModel"',
    'model_type AS "modelType"',
    'request_type AS "requestType"',
    'surface',
    'path',
    'duration_ms AS "durationMs"',
    'success',
    'status_code AS "statusCode"',
    'outcome',
    'cached',
    'streamed',
    'step',
    'tokens_in AS "tokensIn"',
    'tokens_out AS "tokensOut"',
    'cost_nano::double precision AS "costNano"',
    'custom_cost AS "customCost"',
    'metadata',
    'request_content_type AS "requestContentType"',
    'response_content_type AS "responseContentType"',
    'request_size AS "requestSize"',
    'response_size AS "responseSize"',
    'event_id AS "eventId"',
    'user_agent AS "userAgent"',
    'token_id AS "tokenId"',
    'credential',
    'error',
    'error_message AS "errorMessage"',
    'finish_reason AS "finishReason"',
    'feedback',
    'score',
  ].join(', '),
);

/** Logs as they are asked for. They are written by `LogWriterRepository`. */
@Injectable()
export class RequestLogRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Throws a `FilterValueError`. */
  list(selection: LogSelection, page: PageRequest, order: LogOrder, direction: Direction): Promise<LogItem[]> {
    const { skip, take } = offsetOf(page);
    return this.uncompiled<LogItem>(Prisma.sql`
      SELECT ${ITEM} FROM request_logs WHERE ${where(selection)} ORDER BY ${orderBy(order, direction)} LIMIT ${take} OFFSET ${skip}`);
  }

  /** How many there are: exactly without filters, else up to `MAX_COUNTED`. */
  async count(selection: LogSelection): Promise<number> {
    const isWhole = selection.filters.length === 0 && selection.search === null;
    const rows = await (isWhole
      ? this.prisma.$queryRaw<{ count: number }[]>`
          SELECT coalesce(sum(logs), 0)::int AS count FROM request_log_counts
           WHERE gateway_internal_id = ${selection.gatewayInternalId}::uuid`
      : this.uncompiled<{ count: number }>(Prisma.sql`
          SELECT count(*)::int AS count FROM (SELECT FROM request_logs WHERE ${where(selection)} LIMIT ${MAX_COUNTED}) AS found`));
    return rows[0]?.count ?? 0;
  }

  async ranges(selection: LogSelection): Promise<LogRanges> {
    const [row] = await this.prisma.$queryRaw<Record<string, number | null>[]>`
      SELECT min(cost_nano)::double precision / 1e9 AS "minCost", max(cost_nano)::double precision / 1e9 AS "maxCost",
             min(duration_ms) AS "minDuration", max(duration_ms) AS "maxDuration",
             min(tokens_in) AS "minIn", max(tokens_in) AS "maxIn", min(tokens_out) AS "minOut", max(tokens_out) AS "maxOut",
             min(tokens_in + tokens_out) AS "minTotal", max(tokens_in + tokens_out) AS "maxTotal"
        FROM request_logs WHERE ${where(selection)}`;
    const range = (name: string) => ({ min: row?.[`min${name}`] ?? null, max: row?.[`max${name}`] ?? null });
    return {
      cost: range('Cost'),
      duration: range('Duration'),
      tokensIn: range('In'),
      tokensOut: range('Out'),
      totalTokens: range('Total'),
    };
  }

  async find(gatewayInternalId: string, id: string): Promise<LogEntry | null> {
    const [row] = await this.prisma.$queryRaw<(LogEntry & { readonly heads: string })[]>`
      SELECT ${ITEM}, detail,
             (SELECT substring(request FROM 1 FOR ${HEAD_BYTES}) FROM request_log_payloads WHERE id = ${id}) AS "requestHead",
             (SELECT substring(response FROM 1 FOR ${HEAD_BYTES}) FROM request_log_payloads WHERE id = ${id}) AS "responseHead",
             request_size <= ${HEAD_BYTES} AS "requestHeadComplete", response_size <= ${HEAD_BYTES} AS "responseHeadComplete"
        FROM request_logs WHERE id = ${id} AND gateway_internal_id = ${gatewayInternalId}::uuid`;
    return row === undefined
      ? null
      : { ...row, requestHead: toBuffer(row.requestHead), responseHead: toBuffer(row.responseHead) };
  }

  /** Null: there is no such log, or it was kept without. */
  async findBody(gatewayInternalId: string, id: string, which: 'request' | 'response'): Promise<LogBody | null> {
    const [row] = await this.prisma.$queryRaw<
      { bytes: Uint8Array | null; contentType: string | null; isCut: boolean }[]
    >`
      SELECT ${Prisma.raw(which)} AS bytes, ${Prisma.raw(`${which}_content_type`)} AS "contentType",
             ${Prisma.raw(`${which}_cut`)} AS "isCut"
        FROM request_logs JOIN request_log_payloads USING (id)
       WHERE id = ${id} AND gateway_internal_id = ${gatewayInternalId}::uuid`;
    const bytes = toBuffer(row?.bytes ?? null);
    return row === undefined || bytes === null ? null : { ...row, bytes };
  }

  /** False: there is no such log. */
  async edit(gatewayInternalId: string, id: string, edit: LogEdit): Promise<boolean> {
    const changes: Prisma.Sql[] = [];
    if (edit.feedback !== undefined) changes.push(Prisma.sql`feedback = ${edit.feedback}::smallint`);
    if (edit.score !== undefined) changes.push(Prisma.sql`score = ${edit.score}::double precision`);
    if (edit.metadata !== undefined) {
      const metadata = edit.metadata === null ? null : JSON.stringify(edit.metadata);
      changes.push(Prisma.sql`metadata = ${metadata}::jsonb`);
    }
    // Also where nothing changes: is it there?
    if (changes.length === 0) changes.push(Prisma.sql`feedback = feedback`);
    const changed = await this.prisma.$executeRaw`
      UPDATE request_logs SET ${Prisma.join(changes)} WHERE id = ${id} AND gateway_internal_id = ${gatewayInternalId}::uuid`;
    return changed > 0;
  }

  /** Deletes the first `limit` of them. Returns how many that were. Throws a `FilterValueError`. */
  async delete(selection: LogSelection, limit: number, order: LogOrder, direction: Direction): Promise<number> {
    return this.deleteAll(
      Prisma.sql`SELECT id FROM request_logs WHERE ${where(selection)} ORDER BY ${orderBy(order, direction)} LIMIT ${limit}`,
    );
  }

  /** Deletes some logs of gateways that are no more. False: there are none. */
  async deleteOrphans(limit: number): Promise<boolean> {
    // Not today's: a gateway that has just come into being answers before it is stored.
    const [orphan] = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT gateway_internal_id AS id FROM request_log_counts AS count
       WHERE day < current_date AND NOT EXISTS (SELECT FROM gateways WHERE internal_id = count.gateway_internal_id) LIMIT 1`;
    if (orphan === undefined) return false;
    const gatewayInternalId = Prisma.sql`gateway_internal_id = ${orphan.id}::uuid`;
    const deleted = await this.deleteAll(
      Prisma.sql`SELECT id FROM request_logs WHERE ${gatewayInternalId} ORDER BY id LIMIT ${limit}`,
    );
    if (deleted === 0) await this.prisma.$executeRaw`DELETE FROM request_log_counts WHERE ${gatewayInternalId}`;
    return true;
  }

  /**
   * Without Postgres' compiler: it thinks that looking through millions of rows is worth compiling for, and takes a tenth of a second to
   * find out that the first few were enough.
   */
  private async uncompiled<Row>(query: Prisma.Sql): Promise<Row[]> {
    const [, rows] = await this.prisma.$transaction([
      this.prisma.$executeRaw`SET LOCAL jit = off`,
      this.prisma.$queryRaw<Row[]>(query),
    ]);
    return rows;
  }

  /** Deletes rows and what belongs to them, and takes them off the counts, in one statement. */
  private async deleteAll(ids: Prisma.Sql): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ deleted: number }[]>`
      WITH gone AS (
        DELETE FROM request_logs WHERE id IN (${ids}) RETURNING id, gateway_internal_id, created_at
      ), payloads AS (
        DELETE FROM request_log_payloads WHERE id IN (SELECT id FROM gone)
      ), counts AS (
        UPDATE request_log_counts AS count SET logs = count.logs - less.logs
          FROM (SELECT gateway_internal_id, (created_at AT TIME ZONE 'UTC')::date AS day, count(*)::int AS logs
                  FROM gone GROUP BY 1, 2) AS less
         WHERE count.gateway_internal_id = less.gateway_internal_id AND count.day = less.day
      )
      SELECT count(*)::int AS deleted FROM gone`;
    return row?.deleted ?? 0;
  }
}

const where = ({ gatewayInternalId, filters, search }: LogSelection): Prisma.Sql =>
  whereOf(gatewayInternalId, filters, search);

/** Of equal ones the newer are first, or last. */
const orderBy = (order: LogOrder, direction: Direction): Prisma.Sql => {
  const column = ORDER_COLUMNS[order];
  return Prisma.raw(column === 'id' ? `id ${direction}` : `${column} ${direction}, id ${direction}`);
};

const toBuffer = (bytes: Uint8Array | null): Buffer | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
