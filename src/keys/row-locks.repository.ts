import type { Prisma } from '../generated/prisma/client.js';

// The locks of transactions here; persistence/transactions.ts says in which order they are taken.

type Transaction = Prisma.TransactionClient;

/** A store that is to be deleted. False when there is none. */
export async function lockStore(transaction: Transaction, accountId: string, id: string): Promise<boolean> {
  const rows: unknown[] = await transaction.$queryRaw`
    SELECT 1 FROM secrets_stores WHERE account_id = ${accountId} AND id = ${id} FOR UPDATE`;
  return rows.length > 0;
}

/** A gateway that is to be deleted: a key that is being made for it waits, and then finds none. False when there is none. */
export async function lockGateway(transaction: Transaction, internalId: string): Promise<boolean> {
  const rows: unknown[] = await transaction.$queryRaw`
    SELECT 1 FROM gateways WHERE internal_id = ${internalId}::uuid FOR UPDATE`;
  return rows.length > 0;
}

/** The gateways that name a store, which is to be taken out of them. */
export async function lockGatewaysOfStore(transaction: Transaction, storeId: string): Promise<void> {
  await transaction.$queryRaw`
    SELECT 1 FROM gateways WHERE store_id = ${storeId} ORDER BY internal_id FOR NO KEY UPDATE`;
}

export async function lockSecret(transaction: Transaction, id: string): Promise<void> {
  await transaction.$queryRaw`SELECT 1 FROM stored_secrets WHERE id = ${id} FOR UPDATE`;
}

export async function lockSecretsOfStore(transaction: Transaction, storeId: string): Promise<void> {
  await transaction.$queryRaw`SELECT 1 FROM stored_secrets WHERE store_id = ${storeId} ORDER BY id FOR UPDATE`;
}

/** The secrets that a gateway's provider keys use. */
export async function lockSecretsOfGateway(transaction: Transaction, internalId: string): Promise<void> {
  await transaction.$queryRaw`
    SELECT 1 FROM stored_secrets s JOIN provider_keys k ON k.secret_id = s.id
    WHERE k.gateway_internal_id = ${internalId}::uuid ORDER BY s.id FOR UPDATE OF s`;
}
