import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { isUniqueViolation } from '../common/errors/database-error.js';
import { offsetOf, type Page, type PageRequest } from '../common/page.js';
import type { Prisma } from '../generated/prisma/client.js';
import { toSealedHeaders } from '../keys/sealed-headers.repository.js';
import type { SealedSecret } from '../keys/sealed-secret.js';
import { PrismaService } from '../persistence/prisma.service.js';
import { type CustomProvider, type CustomProviderFields, customSlug } from './custom-provider.js';
import { customProviderSettingsSchema } from './custom-provider-settings.schema.js';

const BATCH = 500;

/** The columns that TypeScript cannot vouch for. */
const columns = z.object({
  settings: customProviderSettingsSchema,
  headersPreview: z.record(z.string(), z.string()),
});

type Row = Prisma.CustomProviderGetPayload<object>;

/** A custom provider with its headers as they are kept; null: it has none. */
export interface SealedCustomProvider {
  readonly provider: CustomProvider;
  readonly headers: SealedSecret | null;
}

/** Headers as they are written: sealed, and what people may see of them. */
export interface WrittenHeaders {
  readonly sealed: SealedSecret | null;
  readonly preview: CustomProvider['headersPreview'];
}

export interface CustomProviderQuery {
  readonly beta: boolean | null;
  readonly enable: boolean | null;
  /** A part of the id, the name or the slug. */
  readonly search: string | null;
}

/** Custom providers in the database. What an admin asks for is asked within an account. */
@Injectable()
export class CustomProviderRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** By position, then name. */
  async list(accountId: string, page: PageRequest, query: CustomProviderQuery): Promise<Page<CustomProvider>> {
    const { beta, enable, search } = query;
    const contains = search === null ? null : { contains: search.replace(/[\\%_]/g, '\\$&') };
    const where = {
      accountId,
      ...(beta === null ? {} : { beta }),
      ...(enable === null ? {} : { enable }),
      ...(contains === null ? {} : { OR: [{ id: contains }, { name: contains }, { slug: contains }] }),
    };
    const [rows, total] = await this.prisma.$transaction([
      this.prisma.customProvider.findMany({
        where,
        orderBy: [{ position: 'asc' }, { name: 'asc' }, { id: 'asc' }],
        ...offsetOf(page),
      }),
      this.prisma.customProvider.count({ where }),
    ]);
    return { items: rows.map((row) => toSealed(row).provider), total };
  }

  async find(accountId: string, id: string): Promise<SealedCustomProvider | null> {
    const row = await this.prisma.customProvider.findFirst({ where: { accountId, id } });
    return row === null ? null : toSealed(row);
  }

  /** Null when the account has one of this slug. */
  async insert(
    identity: Pick<CustomProvider, 'id' | 'accountId' | 'slug'>,
    fields: CustomProviderFields,
    { sealed, preview }: WrittenHeaders,
    now: Date,
  ): Promise<CustomProvider | null> {
    try {
      const row = await this.prisma.customProvider.create({
        data: { ...identity, ...fields, headersPreview: preview, ...sealed, createdAt: now, modifiedAt: now },
      });
      return toSealed(row).provider;
    } catch (error) {
      if (isUniqueViolation(error)) return null;
      throw error;
    }
  }

  /** Writes what is given, unless the row is another by now than the one that was read; null then. */
  async update(
    { id, accountId, modifiedAt }: CustomProvider,
    fields: Partial<CustomProviderFields>,
    headers: WrittenHeaders | null,
    now: Date,
  ): Promise<CustomProvider | null> {
    const rows = await this.prisma.customProvider.updateManyAndReturn({
      where: { id, accountId, modifiedAt },
      data: {
        ...fields,
        ...(headers === null
          ? {}
          : {
              headersPreview: headers.preview,
              ...(headers.sealed ?? { kekId: null, wrappedKey: null, ciphertext: null }),
            }),
        modifiedAt: now,
      },
    });
    return rows[0] === undefined ? null : toSealed(rows[0]).provider;
  }

  /** False when there is none. */
  async delete(accountId: string, id: string): Promise<boolean> {
    return (await this.prisma.customProvider.deleteMany({ where: { accountId, id } })).count > 0;
  }

  /** Are keys stored, at any gateway of the account, for the provider of this slug? */
  async hasKeys(accountId: string, slug: string): Promise<boolean> {
    return (await this.prisma.providerKey.count({ where: { accountId, providerSlug: customSlug(slug) } })) > 0;
  }

  /** Every one that is served, in batches: the directory's load. */
  async *allServed(): AsyncGenerator<SealedCustomProvider> {
    let after = '';
    for (;;) {
      const rows: Row[] = await this.prisma.customProvider.findMany({
        where: { enable: true, id: { gt: after } },
        orderBy: { id: 'asc' },
        take: BATCH,
      });
      yield* rows.map(toSealed);
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      after = last.id;
    }
  }
}

function toSealed({ kekId, wrappedKey, ciphertext, ...row }: Row): SealedCustomProvider {
  return {
    provider: { ...row, ...columns.parse(row) },
    headers: toSealedHeaders({ kekId, wrappedKey, ciphertext }),
  };
}
