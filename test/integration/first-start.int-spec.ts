import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { FirstStartRepository } from '../../src/bootstrap/first-start.repository.js';
import { Secret } from '../../src/common/secret.js';
import { openDatabase } from '../../src/persistence/database.js';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { tokenHash } from '../../src/tokens/token-value.js';
import { type DatabaseFixture, describeOnEachDatabase, type EmptyDatabase } from '../support/database.js';

Logger.overrideLogger(false);

async function replicaOf(fixture: DatabaseFixture, { settings }: EmptyDatabase): Promise<PrismaService> {
  const prisma = new PrismaService(await openDatabase(settings));
  fixture.cleanUp(() => prisma.onApplicationShutdown());
  return prisma;
}

describeOnEachDatabase('A first start', (fixture) => {
  it('makes an account with a gateway, a store and a token that may do everything', async () => {
    const prisma = await replicaOf(fixture, await fixture.create());

    const token = await new FirstStartRepository(prisma).prepare(null);

    expect(token?.reveal()).toMatch(/^aig_[\w-]{43}$/);
    const account = await prisma.account.findUniqueOrThrow({
      where: { id: 'default' },
      include: { gateways: true, stores: true, tokens: true },
    });
    expect(account.gateways).toMatchObject([
      {
        id: 'default',
        isDefault: true,
        authentication: true,
        collectLogs: true,
        cacheTtl: null,
        rateLimitingLimit: null,
      },
    ]);
    expect(account.stores).toHaveLength(1);
    expect(account.tokens).toHaveLength(1);
    expect(Buffer.from(account.tokens[0]?.hash ?? [])).toEqual(Buffer.from(tokenHash(token ?? new Secret(''))));
    expect(account.tokens[0]?.policies).toMatchObject([
      { effect: 'allow', resources: { 'com.cloudflare.api.account.default': '*' } },
    ]);
  });

  it('is the only one: later starts change nothing', async () => {
    const prisma = await replicaOf(fixture, await fixture.create());
    const repository = new FirstStartRepository(prisma);
    await repository.prepare(null);
    const before = await prisma.configState.findUniqueOrThrow({ where: { id: 1 } });

    expect(await repository.prepare(null)).toBeNull();

    expect(await prisma.configState.findUniqueOrThrow({ where: { id: 1 } })).toEqual(before);
  });

  it('takes the token it is given, once, also on an account that has others', async () => {
    const prisma = await replicaOf(fixture, await fixture.create());
    const repository = new FirstStartRepository(prisma);
    const given = new Secret('a-token-that-an-operator-chose-themselves');
    await repository.prepare(null);

    expect(await repository.prepare(given)).toBeNull();
    expect(await repository.prepare(given)).toBeNull();

    expect(await prisma.gatewayToken.count({ where: { hash: tokenHash(given) } })).toBe(1);
    expect(await prisma.gatewayToken.count()).toBe(2);
  });

  it('gives one token away when several replicas start at once', async () => {
    const empty = await fixture.create();
    const first = await replicaOf(fixture, empty);
    // The embedded database has one process, whose transactions take turns anyway.
    const second = fixture.kind === 'server' ? await replicaOf(fixture, empty) : first;

    const tokens = await Promise.all(
      [first, second, first, second].map((prisma) => new FirstStartRepository(prisma).prepare(null)),
    );

    expect(tokens.filter((token) => token !== null)).toHaveLength(1);
    expect(await first.gateway.count()).toBe(1);
    expect(await first.gatewayToken.count()).toBe(1);
  });
});
