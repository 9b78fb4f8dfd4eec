import { Injectable } from '@nestjs/common';

import { isUniqueViolation } from '../common/errors/database-error.js';
import { offsetOf, type Page, type PageRequest } from '../common/page.js';
import type { Prisma } from '../generated/prisma/client.js';
import { PrismaService } from '../persistence/prisma.service.js';
import { holdGateway, readSnapshot } from '../persistence/transactions.js';
import { providerKeySettingsSchema } from './provider-key-settings.schema.js';
import type { ProviderKeyRecord } from './provider-key.js';
import { lockGateway, lockSecret, lockSecretsOfGateway } from './row-locks.repository.js';
import type { SealedSecret, SecretOwner } from './sealed-secret.js';
import { secretColumns, type SecretDraft } from './stored-secret.repository.js';
import type { SealedStoredSecret } from './stored-secret.js';
import { WriteConflict } from './write-conflict.js';

const BATCH = 500;
const WITH_PREVIEW = { secret: { select: { preview: true } } } as const;

type Row = Prisma.ProviderKeyGetPayload<{ include: typeof WITH_PREVIEW }>;
type RowWithSecret = Prisma.ProviderKeyGetPayload<{ include: { secret: true } }>;

/** A provider key as it is made. */
export type ProviderKeyDraft = Omit<ProviderKeyRecord, 'secretPreview' | 'createdAt' | 'modifiedAt'>;

/** One sealed value moves from one owner to another. */
export type Reseal = (sealed: SealedSecret, from: SecretOwner, to: SecretOwner) => SealedSecret;

/** A provider key with its sealed value: what the directory opens. */
export interface SealedProviderKey {
  readonly key: ProviderKeyRecord;
  readonly sealed: SealedSecret;
}

/** What a provider key's value is sealed for. */
export const providerKeyOwner = ({
  accountId,
  gatewayInternalId,
  provider,
  alias,
}: Pick<ProviderKeyRecord, 'accountId' | 'gatewayInternalId' | 'provider' | 'alias'>): SecretOwner => ({
  kind: 'provider-key',
  accountId,
  gatewayInternalId,
  provider,
  alias,
});

/** Provider keys in the database, each with its secret: both change in one transaction or not at all. */
@Injectable()
export class ProviderKeyRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** By provider, then alias. */
  async list(gatewayInternalId: string, page: PageRequest): Promise<Page<ProviderKeyRecord>> {
    const where = { gatewayInternalId };
    const [rows, total] = await readSnapshot(this.prisma, async (transaction) => [
      await transaction.providerKey.findMany({
        where,
        include: WITH_PREVIEW,
        orderBy: [{ providerSlug: 'asc' }, { alias: 'asc' }],
        ...offsetOf(page),
      }),
      await transaction.providerKey.count({ where }),
    ]);
    return { items: rows.map(toRecord), total };
  }

  async find(gatewayInternalId: string, id: string): Promise<ProviderKeyRecord | null> {
    const row = await readSnapshot(this.prisma, (transaction) =>
      transaction.providerKey.findFirst({ where: { gatewayInternalId, id }, include: WITH_PREVIEW }),
    );
    return row === null ? null : toRecord(row);
  }

  /** Says which name was taken, the provider key's own or the secret's in the store; or that the gateway is gone. */
  async insertWithSecret(
    draft: ProviderKeyDraft,
    secret: SecretDraft,
  ): Promise<ProviderKeyRecord | 'alias_exists' | 'secret_exists' | 'no_gateway'> {
    try {
      return await this.prisma.$transaction(async (transaction) => {
        if (!(await holdGateway(transaction, draft.gatewayInternalId))) return 'no_gateway';
        await transaction.storedSecret.create({ data: secretColumns(secret) });
        return toRecord(await transaction.providerKey.create({ data: toColumns(draft), include: WITH_PREVIEW }));
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return (await this.exists(draft)) ? 'alias_exists' : 'secret_exists';
    }
  }

  /** Takes a stored secret into use, sealed anew for the provider key. Throws `WriteConflict` when the secret has changed. */
  async insertForSecret(
    draft: ProviderKeyDraft,
    secret: SealedStoredSecret,
    sealed: SealedSecret,
  ): Promise<ProviderKeyRecord | 'alias_exists' | 'secret_in_use' | 'no_gateway'> {
    try {
      return await this.prisma.$transaction(async (transaction) => {
        if (!(await holdGateway(transaction, draft.gatewayInternalId))) return 'no_gateway';
        const { count } = await transaction.storedSecret.updateMany({
          where: { id: secret.id, wrappedKey: secret.sealed.wrappedKey },
          data: { ...sealed },
        });
        if (count === 0) throw new WriteConflict();
        return toRecord(await transaction.providerKey.create({ data: toColumns(draft), include: WITH_PREVIEW }));
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      return (await this.exists(draft)) ? 'alias_exists' : 'secret_in_use';
    }
  }

  /** Deletes a key with a secret made for it; one that was there before is sealed for itself again. Null when there is no such key. */
  async delete(gatewayInternalId: string, id: string, reseal: Reseal): Promise<ProviderKeyRecord | null> {
    const where = { gatewayInternalId, id };
    return this.prisma.$transaction(async (transaction) => {
      const seen = await transaction.providerKey.findFirst({ where, select: { secretId: true } });
      if (seen === null) return null;
      await lockSecret(transaction, seen.secretId);
      const row = await transaction.providerKey.findFirst({ where, include: { secret: true } });
      if (row === null) return null;
      await release(transaction, row, reseal);
      return toRecord(row);
    });
  }

  /** Deletes a gateway with its provider keys and the secrets made for them. False when it is gone already. */
  async deleteGateway(gatewayInternalId: string, reseal: Reseal): Promise<boolean> {
    return this.prisma.$transaction(async (transaction) => {
      if (!(await lockGateway(transaction, gatewayInternalId))) return false;
      await lockSecretsOfGateway(transaction, gatewayInternalId);
      for (;;) {
        const rows = await transaction.providerKey.findMany({
          where: { gatewayInternalId },
          include: { secret: true },
          take: BATCH,
        });
        if (rows.length === 0) break;
        for (const row of rows) await release(transaction, row, reseal);
      }
      await transaction.gateway.delete({ where: { internalId: gatewayInternalId } });
      return true;
    });
  }

  /** Every provider key with its sealed value, in batches: the directory's load. */
  async *all(): AsyncGenerator<SealedProviderKey> {
    let after = '';
    for (;;) {
      const rows: RowWithSecret[] = await readSnapshot(this.prisma, (transaction) =>
        transaction.providerKey.findMany({
          where: { id: { gt: after } },
          include: { secret: true },
          orderBy: { id: 'asc' },
          take: BATCH,
        }),
      );
      for (const row of rows) yield { key: toRecord(row), sealed: sealedOf(row) };
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      after = last.id;
    }
  }

  private async exists({ gatewayInternalId, provider, alias }: ProviderKeyDraft): Promise<boolean> {
    const where = { gatewayInternalId, providerSlug: provider, alias };
    return (await this.prisma.providerKey.count({ where })) > 0;
  }
}

/** The caller holds the secret's lock, so its row is as it was read. */
async function release(transaction: Prisma.TransactionClient, row: RowWithSecret, reseal: Reseal): Promise<void> {
  const { id, secret } = row;
  await transaction.providerKey.delete({ where: { id } });
  if (secret.managed) {
    await transaction.storedSecret.delete({ where: { id: secret.id } });
    return;
  }
  const { accountId, storeId, id: secretId } = secret;
  const own: SecretOwner = { kind: 'stored-secret', accountId, storeId, secretId };
  const sealed = reseal(sealedOf(row), providerKeyOwner(toRecord(row)), own);
  await transaction.storedSecret.update({ where: { id: secretId }, data: { ...sealed } });
}

const sealedOf = ({ secret: { kekId, wrappedKey, ciphertext } }: RowWithSecret): SealedSecret => ({
  kekId,
  wrappedKey,
  ciphertext,
});

const toColumns = ({ provider, ...draft }: ProviderKeyDraft): Prisma.ProviderKeyUncheckedCreateInput => ({
  ...draft,
  providerSlug: provider,
  settings: draft.settings,
});

function toRecord({ providerSlug, settings, secret, ...row }: Row): ProviderKeyRecord {
  return {
    ...row,
    provider: providerSlug,
    settings: providerKeySettingsSchema.parse(settings),
    secretPreview: secret.preview,
  };
}
