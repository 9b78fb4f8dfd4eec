import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import { isUniqueViolation } from '../common/errors/database-error.js';
import { offsetOf, type Page, type PageRequest } from '../common/page.js';
import { Prisma } from '../generated/prisma/client.js';
import { PrismaService } from '../persistence/prisma.service.js';
import { engineSettingsSchema } from './engine-settings.schema.js';
import { storedGatewayColumns } from './gateway-columns.schema.js';
import type { GatewayOptions, GatewaySettings } from './gateway-settings.js';

const BATCH = 500;

/** The columns that TypeScript cannot vouch for. */
const columns = storedGatewayColumns.extend({
  rateLimitingTechnique: z.enum(['fixed', 'sliding']).nullable(),
  retryBackoff: z.enum(['constant', 'linear', 'exponential']).nullable(),
  logManagementStrategy: z.enum(['STOP_INSERTING', 'DELETE_OLDEST']).nullable(),
  workersAiBillingMode: z.enum(['postpaid', 'unified']),
  engine: engineSettingsSchema,
});

type Row = Prisma.GatewayGetPayload<object>;

/** Gateways in the database. */
@Injectable()
export class GatewayRepository {
  constructor(private readonly prisma: PrismaService) {}

  async findById(accountId: string, id: string): Promise<GatewaySettings | null> {
    const row = await this.prisma.gateway.findUnique({ where: { accountId_id: { accountId, id } } });
    return row === null ? null : toGateway(row);
  }

  /** By id; `search` is a part of the id. */
  async list(accountId: string, page: PageRequest, search: string | null): Promise<Page<GatewaySettings>> {
    const where = { accountId, ...(search === null ? {} : { id: { contains: escapeLike(search) } }) };
    const [rows, total] = await this.prisma.$transaction([
      this.prisma.gateway.findMany({ where, orderBy: { id: 'asc' }, ...offsetOf(page) }),
      this.prisma.gateway.count({ where }),
    ]);
    return { items: rows.map(toGateway), total };
  }

  /** Null when the account has a gateway of this id. */
  async insert(gateway: GatewaySettings): Promise<GatewaySettings | null> {
    const { internalId, accountId, id, isDefault, createdAt, modifiedAt } = gateway;
    try {
      const row = await this.prisma.gateway.create({
        data: { internalId, accountId, id, isDefault, createdAt, modifiedAt, ...toColumns(gateway) },
      });
      return toGateway(row);
    } catch (error) {
      if (isUniqueViolation(error)) return null;
      throw error;
    }
  }

  /** Replaces every option. Null when there is no such gateway. */
  async replace(accountId: string, id: string, options: GatewayOptions, now: Date): Promise<GatewaySettings | null> {
    const rows = await this.prisma.gateway.updateManyAndReturn({
      where: { accountId, id },
      data: { ...toColumns(options), modifiedAt: now },
    });
    return rows[0] === undefined ? null : toGateway(rows[0]);
  }

  async hasStore(accountId: string, storeId: string): Promise<boolean> {
    return (await this.prisma.secretsStore.count({ where: { accountId, id: storeId } })) > 0;
  }

  /** Every gateway there is, in batches: the directory's load. */
  async *all(): AsyncGenerator<GatewaySettings> {
    let after: string | null = null;
    for (;;) {
      const rows: Row[] = await this.prisma.gateway.findMany({
        ...(after === null ? {} : { where: { internalId: { gt: after } } }),
        orderBy: { internalId: 'asc' },
        take: BATCH,
      });
      yield* rows.map(toGateway);
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      after = last.internalId;
    }
  }

  /** Every account there is, in batches: the directory's load. */
  async *allAccounts(): AsyncGenerator<{ readonly id: string; readonly name: string; readonly createdAt: Date }> {
    let after = '';
    for (;;) {
      const rows = await this.prisma.account.findMany({
        where: { id: { gt: after } },
        orderBy: { id: 'asc' },
        take: BATCH,
        select: { id: true, name: true, createdAt: true },
      });
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      after = last.id;
    }
  }
}

/** Someone's text is not a pattern. */
const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

const json = (value: Prisma.InputJsonValue | null) => value ?? Prisma.DbNull;

const toColumns = (options: GatewayOptions) => ({
  authentication: options.authentication,
  byokOnly: options.byokOnly,
  cacheTtl: options.cacheTtl,
  cacheInvalidateOnUpdate: options.cacheInvalidateOnUpdate,
  collectLogs: options.collectLogs,
  rateLimitingLimit: options.rateLimitingLimit,
  rateLimitingInterval: options.rateLimitingInterval,
  rateLimitingTechnique: options.rateLimitingTechnique,
  retryMaxAttempts: options.retryMaxAttempts,
  retryDelay: options.retryDelayMs,
  retryBackoff: options.retryBackoff,
  logManagement: options.logManagement,
  logManagementStrategy: options.logManagementStrategy,
  logClassification: options.logClassification,
  logpush: options.logpush,
  logpushPublicKey: options.logpushPublicKey,
  otel: json(options.otel),
  dlp: json(options.dlp),
  guardrails: json(options.guardrails),
  spendLimits: json(options.spendLimits),
  stripe: json(options.stripe),
  storeId: options.storeId,
  workersAiBillingMode: options.workersAiBillingMode,
  zdr: options.zdr,
  engine: options.engine,
});

function toGateway({ retryDelay, ...row }: Row): GatewaySettings {
  return { ...row, retryDelayMs: retryDelay, ...columns.parse(row) };
}
