import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { offsetOf, type Page, type PageRequest } from '../common/page.js';
import type { Prisma } from '../generated/prisma/client.js';
import { PrismaService } from '../persistence/prisma.service.js';
import type { PriceOverride, PriceOverrideFields, PriceOverridePlace } from './price-override.js';
import { modelRuleSchema, pricingSchema } from './price-override.schema.js';

const BATCH = 500;
const WITH_GATEWAY = { gateway: { select: { id: true } } } as const;

type Row = Prisma.PriceOverrideGetPayload<{ include: typeof WITH_GATEWAY }>;

/** The columns that TypeScript cannot vouch for. */
const columns = z.object({ pricing: pricingSchema, modelRule: modelRuleSchema });

export interface PriceOverrideQuery {
  /** Costs of custom providers, or an account's own list? */
  readonly kind: 'costs' | 'list';
  readonly gatewayId?: string;
  readonly provider?: string;
  readonly customProviderId?: string;
  readonly enable?: boolean;
  readonly modelRule?: string;
  readonly costType?: string;
  /** A part of the model's name or of who changed it. */
  readonly search?: string;
}

/** What an override is for, found. */
export interface FoundPlace {
  readonly provider: string;
  readonly gatewayInternalId: string | null;
  readonly customProviderId: string | null;
}

/** Price overrides in the database. What an admin asks for is asked within an account. */
@Injectable()
export class PriceOverrideRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** The oldest first. */
  async list(accountId: string, page: PageRequest, query: PriceOverrideQuery): Promise<Page<PriceOverride>> {
    const where = { accountId, ...toFilter(query) };
    const [rows, total] = await this.prisma.$transaction([
      this.prisma.priceOverride.findMany({
        where,
        include: WITH_GATEWAY,
        orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        ...offsetOf(page),
      }),
      this.prisma.priceOverride.count({ where }),
    ]);
    return { items: rows.map(toOverride), total };
  }

  async find(accountId: string, id: string): Promise<PriceOverride | null> {
    const row = await this.prisma.priceOverride.findFirst({ where: { accountId, id }, include: WITH_GATEWAY });
    return row === null ? null : toOverride(row);
  }

  /** The gateway and the custom provider that a place names; the name of the one that is not there. */
  async findPlace(accountId: string, place: PriceOverridePlace): Promise<FoundPlace | 'gateway' | 'customProvider'> {
    const { gatewayId, customProviderId, provider } = place;
    let gatewayInternalId: string | null = null;
    if (gatewayId !== null) {
      const where = { accountId_id: { accountId, id: gatewayId } };
      const gateway = await this.prisma.gateway.findUnique({ where, select: { internalId: true } });
      if (gateway === null) return 'gateway';
      gatewayInternalId = gateway.internalId;
    }
    if (customProviderId === null) return { provider, gatewayInternalId, customProviderId };
    const where = { accountId, id: customProviderId };
    const custom = await this.prisma.customProvider.findFirst({ where, select: { slug: true } });
    return custom === null
      ? 'customProvider'
      : { provider: `custom-${custom.slug}`, gatewayInternalId, customProviderId };
  }

  async insert(
    id: string,
    accountId: string,
    place: FoundPlace,
    fields: PriceOverrideFields,
    now: Date,
  ): Promise<PriceOverride> {
    const data = { id, accountId, ...place, ...fields, createdAt: now, modifiedAt: now };
    return toOverride(await this.prisma.priceOverride.create({ data, include: WITH_GATEWAY }));
  }

  /** Null when there is none. */
  async update(
    accountId: string,
    id: string,
    place: FoundPlace,
    fields: PriceOverrideFields,
    now: Date,
  ): Promise<PriceOverride | null> {
    const rows = await this.prisma.priceOverride.updateManyAndReturn({
      where: { accountId, id },
      data: { ...place, ...fields, modifiedAt: now },
      include: WITH_GATEWAY,
    });
    return rows[0] === undefined ? null : toOverride(rows[0]);
  }

  /** False when there is none. */
  async delete(accountId: string, id: string): Promise<boolean> {
    return (await this.prisma.priceOverride.deleteMany({ where: { accountId, id } })).count > 0;
  }

  /** Every one that counts, in batches: the directory's load. */
  async *allEnabled(): AsyncGenerator<PriceOverride> {
    let after = '';
    for (;;) {
      const rows: Row[] = await this.prisma.priceOverride.findMany({
        where: { enable: true, id: { gt: after } },
        include: WITH_GATEWAY,
        orderBy: { id: 'asc' },
        take: BATCH,
      });
      yield* rows.map(toOverride);
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      after = last.id;
    }
  }
}

function toFilter(query: PriceOverrideQuery): Prisma.PriceOverrideWhereInput {
  const { kind, gatewayId, provider, customProviderId, enable, modelRule, costType, search } = query;
  const contains = search === undefined ? null : { contains: search.replace(/[\\%_]/g, '\\$&') };
  const pricing = [
    { pricing: { path: ['kind'], equals: kind } },
    ...(costType === undefined ? [] : [{ pricing: { path: ['cost_type'], equals: costType } }]),
  ];
  return {
    AND: pricing,
    ...(gatewayId === undefined ? {} : { gateway: { id: gatewayId } }),
    ...(provider === undefined ? {} : { provider }),
    ...(customProviderId === undefined ? {} : { customProviderId }),
    ...(enable === undefined ? {} : { enable }),
    ...(modelRule === undefined ? {} : { modelRule }),
    ...(contains === null ? {} : { OR: [{ model: contains }, { changedBy: contains }] }),
  };
}

const toOverride = ({ gateway, ...row }: Row): PriceOverride => ({
  ...row,
  ...columns.parse(row),
  gatewayId: gateway?.id ?? null,
});
