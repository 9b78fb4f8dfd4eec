import { Injectable } from '@nestjs/common';

import { isUniqueViolation } from '../common/errors/database-error.js';
import { offsetOf, type Page, type PageRequest } from '../common/page.js';
import { PrismaService } from '../persistence/prisma.service.js';

import { lockGatewaysOfStore, lockSecretsOfStore, lockStore } from './row-locks.repository.js';
import type { SecretsStore } from './stored-secret.js';

const COLUMNS = { name: 'name', created: 'createdAt', modified: 'modifiedAt' } as const;

export interface StoreQuery {
  readonly order: keyof typeof COLUMNS;
  readonly direction: 'asc' | 'desc';
}

/** Secrets stores in the database, each question within an account. */
@Injectable()
export class SecretsStoreRepository {
  constructor(private readonly prisma: PrismaService) {}

  async list(accountId: string, page: PageRequest, { order, direction }: StoreQuery): Promise<Page<SecretsStore>> {
    const where = { accountId };
    const [items, total] = await this.prisma.$transaction([
      this.prisma.secretsStore.findMany({
        where,
        orderBy: [{ [COLUMNS[order]]: direction }, { id: direction }],
        ...offsetOf(page),
      }),
      this.prisma.secretsStore.count({ where }),
    ]);
    return { items, total };
  }

  count(accountId: string): Promise<number> {
    return this.prisma.secretsStore.count({ where: { accountId } });
  }

  find(accountId: string, id: string): Promise<SecretsStore | null> {
    return this.prisma.secretsStore.findFirst({ where: { accountId, id } });
  }

  findByName(accountId: string, name: string): Promise<SecretsStore | null> {
    return this.prisma.secretsStore.findUnique({ where: { accountId_name: { accountId, name } } });
  }

  /** Null when the account has a store of this name. */
  async insert(accountId: string, id: string, name: string): Promise<SecretsStore | null> {
    try {
      return await this.prisma.secretsStore.create({ data: { accountId, id, name } });
    } catch (error) {
      if (isUniqueViolation(error)) return null;
      throw error;
    }
  }

  /**
   * Deletes a store, and lets go of it where a gateway names it. With `force` its secrets go too, and the provider keys that
   * use them; without, a store that has secrets stays (`not_empty`).
   */
  async delete(accountId: string, id: string, force: boolean): Promise<'deleted' | 'not_empty' | 'not_found'> {
    return this.prisma.$transaction(async (transaction) => {
      if (!(await lockStore(transaction, accountId, id))) return 'not_found';
      await lockGatewaysOfStore(transaction, id);
      await lockSecretsOfStore(transaction, id);
      if (force) await transaction.providerKey.deleteMany({ where: { accountId, secret: { storeId: id } } });
      else if ((await transaction.storedSecret.count({ where: { accountId, storeId: id } })) > 0) return 'not_empty';
      await transaction.gateway.updateMany({ where: { accountId, storeId: id }, data: { storeId: null } });
      await transaction.secretsStore.delete({ where: { id } });
      return 'deleted';
    });
  }
}
