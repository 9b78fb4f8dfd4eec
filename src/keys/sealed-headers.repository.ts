import { Injectable } from '@nestjs/common';
import { PrismaService } from '../persistence/prisma.service.js';
import type { SealedSecret } from './sealed-secret.js';

/** Custom providers' headers, sealed as secrets are: what a new master key needs of them. */
@Injectable()
export class SealedHeadersRepository {
  constructor(private readonly prisma: PrismaService) {}

  /** Rows whose data key is wrapped by another master key than `kekId`: the next of them after an id. */
  async notWrappedBy(
    kekId: string,
    after: string,
    limit: number,
  ): Promise<{ id: string; accountId: string; sealed: SealedSecret }[]> {
    const rows = await this.prisma.customProvider.findMany({
      where: { kekId: { not: kekId }, id: { gt: after } },
      orderBy: { id: 'asc' },
      take: limit,
      select: { id: true, accountId: true, kekId: true, wrappedKey: true, ciphertext: true },
    });
    return rows.flatMap(({ id, accountId, ...columns }) => {
      const sealed = toSealedHeaders(columns);
      return sealed === null ? [] : { id, accountId, sealed };
    });
  }

  /** Writes a re-wrapped data key, unless the row has changed. */
  async rewrap(id: string, before: SealedSecret, after: SealedSecret): Promise<boolean> {
    const { count } = await this.prisma.customProvider.updateMany({
      where: { id, wrappedKey: before.wrappedKey },
      data: { kekId: after.kekId, wrappedKey: after.wrappedKey },
    });
    return count > 0;
  }
}

/** The three columns as one thing; null where there are no headers. */
export function toSealedHeaders({
  kekId,
  wrappedKey,
  ciphertext,
}: {
  readonly [Column in keyof SealedSecret]: SealedSecret[Column] | null;
}): SealedSecret | null {
  return kekId === null || wrappedKey === null || ciphertext === null ? null : { kekId, wrappedKey, ciphertext };
}
