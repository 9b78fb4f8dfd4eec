import type { Prisma } from '../generated/prisma/client.js';
import type { PrismaService } from '../persistence/prisma.service.js';
import { TRANSACTION } from './row-locks.repository.js';

/**
 * Reads rows with their relations as of one moment. Prisma asks for each relation in a query of its own: without this, a row
 * that is deleted in between leaves half of what was asked for. (A list of one query would run outside any transaction, so this is
 * the interactive form.)
 */
export const readSnapshot = <T>(
  prisma: PrismaService,
  read: (transaction: Prisma.TransactionClient) => Promise<T>,
): Promise<T> => prisma.$transaction(read, { ...TRANSACTION, isolationLevel: 'RepeatableRead' });
