import { Injectable } from '@nestjs/common';

import { hexId } from '../common/ids.js';
import type { Secret } from '../common/secret.js';
import { FIRST_ACCOUNT_ID, newDefaultGateway } from '../gateways/default-gateway.js';
import { PrismaService } from '../persistence/prisma.service.js';
import { allPermissions } from '../tokens/token-policy.js';
import { newTokenValue, tokenHash, tokenPreview } from '../tokens/token-value.js';

/** Any number that is only ours: the key of the advisory lock. */
const LOCK_KEY = 7_270_414_002;

/** The rows that a gateway needs before anybody can ask it anything. */
@Injectable()
export class FirstStartRepository {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * Makes what is missing: the first account, its default gateway and secrets store, and an admin token. All or nothing,
   * and replicas that start at once take turns.
   * @param adminToken The token that must be there; null: one is generated when the account has none.
   * @returns The token that was generated, or null.
   */
  async prepare(adminToken: Secret | null): Promise<Secret | null> {
    return this.prisma.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK_KEY}::bigint)`;

      const accountId = FIRST_ACCOUNT_ID;
      // Looked for first instead of `ON CONFLICT DO NOTHING`: every statement on these tables counts as a change.
      if ((await tx.account.count({ where: { id: accountId } })) === 0) {
        await tx.account.create({ data: { id: accountId, name: 'Default account' } });
        await tx.secretsStore.create({ data: { id: hexId(), accountId, name: 'default_secrets_store' } });
      }

      const gateway = newDefaultGateway(accountId, new Date());
      if ((await tx.gateway.count({ where: { accountId, id: gateway.id } })) === 0) {
        const { internalId, id, isDefault, authentication, collectLogs, cacheInvalidateOnUpdate } = gateway;
        const { createdAt, modifiedAt } = gateway;
        await tx.gateway.create({
          data: {
            internalId,
            accountId,
            id,
            isDefault,
            authentication,
            collectLogs,
            cacheInvalidateOnUpdate,
            createdAt,
            modifiedAt,
          },
        });
      }

      const wanted = adminToken ?? newTokenValue();
      const hash = tokenHash(wanted);
      const known = await tx.gatewayToken.count({ where: adminToken === null ? { accountId } : { hash } });
      if (known > 0) return null;
      const policies = allPermissions(accountId);
      const preview = tokenPreview(wanted);
      await tx.gatewayToken.create({ data: { id: hexId(), accountId, name: 'Admin', hash, preview, policies } });
      return adminToken === null ? wanted : null;
    });
  }
}
