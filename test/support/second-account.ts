import { hexId } from '../../src/common/ids.js';
import { newDefaultGateway } from '../../src/gateways/default-gateway.js';
import { ChangeFeed } from '../../src/persistence/change-feed.service.js';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { allPermissions, type TokenPolicy } from '../../src/tokens/token-policy.js';
import { newTokenValue, tokenHash, tokenPreview } from '../../src/tokens/token-value.js';
import type { RunningGateway } from './gateway.js';

/** Writes a token past the API: for tokens that no admin could make. Returns its value. */
export async function insertToken(
  { app }: RunningGateway,
  token: { accountId?: string; policies?: TokenPolicy[]; status?: string; expiresOn?: Date; notBefore?: Date },
): Promise<string> {
  const value = newTokenValue();
  const { accountId = 'default', policies = allPermissions(accountId), ...rest } = token;
  await app.get(PrismaService, { strict: false }).gatewayToken.create({
    data: {
      id: hexId(),
      accountId,
      name: 'inserted',
      hash: tokenHash(value),
      preview: tokenPreview(value),
      policies,
      ...rest,
    },
  });
  await app.get(ChangeFeed, { strict: false }).refresh();
  return value.reveal();
}

/** A second account with a default gateway and an admin token, which no API makes. Returns the token's value. */
export async function insertAccount(gateway: RunningGateway, id: string): Promise<string> {
  const prisma = gateway.app.get(PrismaService, { strict: false });
  await prisma.account.create({ data: { id, name: id } });
  const { internalId, isDefault, collectLogs, cacheInvalidateOnUpdate, ...made } = newDefaultGateway(id, new Date());
  await prisma.gateway.create({
    data: { internalId, accountId: id, id: made.id, isDefault, collectLogs, cacheInvalidateOnUpdate },
  });
  return insertToken(gateway, { accountId: id });
}
