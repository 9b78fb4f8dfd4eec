import type { Prisma } from '../generated/prisma/client.js';
import type { PrismaService } from './prisma.service.js';

// Every transaction that writes more than one row, or one that goes with its gateway, first takes its locks, in this order: store,
// gateway, secrets by id. Only then does it write: the first write also locks the one row of `config_state` (by trigger) until the
// commit, and whoever took a row lock after that would sooner or later wait in a circle.

/** A gateway that something is made for, and that must not go meanwhile. False when there is none. */
export async function holdGateway(transaction: Prisma.TransactionClient, internalId: string): Promise<boolean> {
  const rows: unknown[] = await transaction.$queryRaw`
    SELECT 1 FROM gateways WHERE internal_id = ${internalId}::uuid FOR KEY SHARE`;
  return rows.length > 0;
}

/**
 * Reads rows with their relations as of one moment. Prisma asks for each relation in a query of its own: without this, a row
 * that is deleted in between leaves half of what was asked for. (A list of one query would run outside any transaction, so this is
 * the interactive form.)
 */
export const readSnapshot = <T>(
  prisma: PrismaService,
  read: (transaction: Prisma.TransactionClient) => Promise<T>,
): Promise<T> => prisma.$transaction(read, { isolationLevel: 'RepeatableRead' });
