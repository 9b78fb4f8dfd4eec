import { Injectable } from '@nestjs/common';

import { isReferenceViolation, isUniqueViolation } from '../common/errors/database-error.js';
import { offsetOf, type Page, type PageRequest } from '../common/page.js';
import type { Prisma } from '../generated/prisma/client.js';
import { PrismaService } from '../persistence/prisma.service.js';
import { readSnapshot } from '../persistence/transactions.js';
import type { SealedSecret } from './sealed-secret.js';
import { DEFAULT_STORE, PROVIDER_KEY_SCOPE, type SealedStoredSecret, type StoredSecret } from './stored-secret.js';
import { WriteConflict } from './write-conflict.js';

const SHOWN = {
  id: true,
  accountId: true,
  storeId: true,
  name: true,
  status: true,
  scopes: true,
  comment: true,
  managed: true,
  preview: true,
  createdAt: true,
  modifiedAt: true,
} as const;

const SEALED = {
  ...SHOWN,
  kekId: true,
  wrappedKey: true,
  ciphertext: true,
  providerKey: { select: { gatewayInternalId: true, providerSlug: true, alias: true } },
} as const;

export interface SecretQuery {
  readonly order: 'name' | 'comment' | 'created' | 'modified' | 'status';
  readonly direction: 'asc' | 'desc';
  /** A part of the name. */
  readonly search: string | null;
  /** Secrets that have one of these. Empty: all. */
  readonly scopes: readonly string[];
}

/** A secret as it is made. */
export type SecretDraft = Pick<
  StoredSecret,
  'id' | 'accountId' | 'storeId' | 'name' | 'scopes' | 'comment' | 'managed' | 'preview'
> & {
  readonly sealed: SealedSecret;
};

const COLUMNS = {
  name: 'name',
  comment: 'comment',
  created: 'createdAt',
  modified: 'modifiedAt',
  status: 'status',
} as const;

/** Secrets in the database. What an admin asks for is asked within an account and a store. */
@Injectable()
export class StoredSecretRepository {
  constructor(private readonly prisma: PrismaService) {}

  async list(accountId: string, storeId: string, page: PageRequest, query: SecretQuery): Promise<Page<StoredSecret>> {
    const where = {
      accountId,
      storeId,
      ...(query.search === null ? {} : { name: { contains: query.search.replace(/[\\%_]/g, '\\$&') } }),
      ...(query.scopes.length === 0 ? {} : { scopes: { hasSome: [...query.scopes] } }),
    };
    const [items, total] = await this.prisma.$transaction([
      this.prisma.storedSecret.findMany({
        where,
        select: SHOWN,
        orderBy: [{ [COLUMNS[query.order]]: query.direction }, { id: query.direction }],
        ...offsetOf(page),
      }),
      this.prisma.storedSecret.count({ where }),
    ]);
    return { items, total };
  }

  count(accountId: string): Promise<number> {
    return this.prisma.storedSecret.count({ where: { accountId } });
  }

  find(accountId: string, storeId: string, id: string): Promise<SealedStoredSecret | null> {
    return this.findSealed({ accountId, storeId, id });
  }

  findInAccount(accountId: string, id: string): Promise<SealedStoredSecret | null> {
    return this.findSealed({ accountId, id });
  }

  /** An active secret with the scope of this gateway's; `storeId` null means the account's default store. */
  findNamed(accountId: string, storeId: string | null, name: string): Promise<SealedStoredSecret | null> {
    return this.findSealed({
      accountId,
      name,
      status: 'active',
      scopes: { has: PROVIDER_KEY_SCOPE },
      ...(storeId === null ? { store: { name: DEFAULT_STORE } } : { storeId }),
    });
  }

  /** All or none. Null when the store has a secret of one of these names; `no_store` when it is gone. */
  async insertAll(drafts: readonly SecretDraft[]): Promise<StoredSecret[] | 'no_store' | null> {
    try {
      return await this.prisma.$transaction(
        drafts.map((draft) => this.prisma.storedSecret.create({ data: secretColumns(draft), select: SHOWN })),
      );
    } catch (error) {
      if (isUniqueViolation(error)) return null;
      if (isReferenceViolation(error)) return 'no_store';
      throw error;
    }
  }

  /**
   * Changes what is given. A new value names the wrapped key of the row it was sealed for, and marks the provider key that
   * uses the secret as modified. Throws `WriteConflict` when the row is another by now, or gone.
   */
  async update(
    { id, sealed: before }: SealedStoredSecret,
    change: {
      readonly scopes?: readonly string[];
      readonly comment?: string | null;
      readonly value?: { readonly sealed: SealedSecret; readonly preview: string };
    },
    now: Date,
  ): Promise<StoredSecret> {
    const { scopes, comment, value } = change;
    return this.prisma.$transaction(async (transaction) => {
      const rows = await transaction.storedSecret.updateManyAndReturn({
        where: { id, wrappedKey: before.wrappedKey },
        data: {
          ...(scopes === undefined ? {} : { scopes: [...scopes] }),
          ...(comment === undefined ? {} : { comment }),
          ...(value === undefined ? {} : { ...value.sealed, preview: value.preview }),
          modifiedAt: now,
        },
        select: SHOWN,
      });
      if (rows[0] === undefined) throw new WriteConflict();
      if (value !== undefined)
        await transaction.providerKey.updateMany({ where: { secretId: id }, data: { modifiedAt: now } });
      return rows[0];
    });
  }

  /** All or none. False when one of them is in use by a provider key. */
  async deleteAll(accountId: string, storeId: string, ids: readonly string[]): Promise<boolean> {
    try {
      await this.prisma.storedSecret.deleteMany({ where: { accountId, storeId, id: { in: [...ids] } } });
      return true;
    } catch (error) {
      if (isReferenceViolation(error)) return false;
      throw error;
    }
  }

  /** Secrets whose data key is wrapped by another master key than `kekId`: the next of them after an id. */
  async notWrappedBy(
    kekId: string,
    after: string,
    limit: number,
  ): Promise<{ id: string; accountId: string; sealed: SealedSecret }[]> {
    const rows = await this.prisma.storedSecret.findMany({
      where: { kekId: { not: kekId }, id: { gt: after } },
      orderBy: { id: 'asc' },
      take: limit,
      select: { id: true, accountId: true, kekId: true, wrappedKey: true, ciphertext: true },
    });
    return rows.map(({ id, accountId, ...sealed }) => ({ id, accountId, sealed }));
  }

  /** Writes a re-wrapped data key, unless the row has changed. */
  async rewrap(id: string, before: SealedSecret, after: SealedSecret): Promise<boolean> {
    const { count } = await this.prisma.storedSecret.updateMany({
      where: { id, wrappedKey: before.wrappedKey },
      data: { kekId: after.kekId, wrappedKey: after.wrappedKey },
    });
    return count > 0;
  }

  private async findSealed(where: Prisma.StoredSecretWhereInput): Promise<SealedStoredSecret | null> {
    const row = await readSnapshot(this.prisma, (transaction) =>
      transaction.storedSecret.findFirst({ where, select: SEALED }),
    );
    return row === null ? null : toSealed(row);
  }
}

/** A draft as columns; for the provider keys' repository as well, which makes a secret in its own transaction. */
export const secretColumns = ({ sealed, scopes, ...rest }: SecretDraft): Prisma.StoredSecretUncheckedCreateInput => ({
  ...rest,
  scopes: [...scopes],
  ...sealed,
});

type SealedRow = Prisma.StoredSecretGetPayload<{ select: typeof SEALED }>;

function toSealed({ kekId, wrappedKey, ciphertext, providerKey, ...secret }: SealedRow): SealedStoredSecret {
  const { id: secretId, accountId, storeId } = secret;
  return {
    ...secret,
    sealed: { kekId, wrappedKey, ciphertext },
    owner:
      providerKey === null
        ? { kind: 'stored-secret', accountId, storeId, secretId }
        : {
            kind: 'provider-key',
            accountId,
            gatewayInternalId: providerKey.gatewayInternalId,
            provider: providerKey.providerSlug,
            alias: providerKey.alias,
          },
  };
}
