import { setTimeout as sleep } from 'node:timers/promises';

import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { ChangeFeed, type SnapshotLoader } from '../../src/persistence/change-feed.service.js';
import { type Database, openDatabase } from '../../src/persistence/database.js';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { FellowWorkers } from '../../src/workers/fellow-workers.service.js';
import {
  type DatabaseFixture,
  describeOnEachDatabase,
  describeOnServer,
  type EmptyDatabase,
  onAnotherConnection,
} from '../support/database.js';
import { eventually } from '../support/eventually.js';

Logger.overrideLogger(false);

const NEVER_MS = 3_600_000;
/** For a machine that does much else: what is not noticed by its own way is not noticed for an hour. */
const NOTICED_MS = 20_000;

/** One gateway process' share of the database. */
interface Replica {
  readonly database: Database;
  readonly prisma: PrismaService;
  readonly feed: ChangeFeed;
  /** The names of the accounts as requests see them. */
  names(): readonly string[];
}

/** @param empty Of `fixture`; another replica's, to share it. */
async function startReplica(
  fixture: DatabaseFixture,
  pollMs: number,
  more: readonly SnapshotLoader[] = [],
  empty?: EmptyDatabase,
): Promise<Replica> {
  const { settings } = empty ?? (await fixture.create());
  const database = await openDatabase(settings);
  const prisma = new PrismaService(database);
  const feed = new ChangeFeed(prisma, database, new FellowWorkers(), { ...settings, configPollMs: pollMs });
  let names: readonly string[] = [];
  feed.register({
    name: 'accounts',
    load: async () => {
      const rows = await prisma.account.findMany({ orderBy: { id: 'asc' } });
      return () => void (names = rows.map(({ name }) => name));
    },
  });
  for (const loader of more) feed.register(loader);
  await prisma.onModuleInit();
  await feed.onApplicationBootstrap();
  fixture.cleanUp(async () => {
    await feed.onModuleDestroy();
    await prisma.onApplicationShutdown();
  });
  return { database, prisma, feed, names: () => names };
}

const addAccount = ({ database }: Replica, name: string): Promise<unknown> =>
  onAnotherConnection(database, 'INSERT INTO accounts (id, name) VALUES ($1, $1)', [name]);

describeOnEachDatabase('The change feed', (fixture) => {
  it('shows a change to the next call on the replica that made it', async () => {
    const replica = await startReplica(fixture, NEVER_MS);
    const before = replica.feed.version;

    for (const name of ['a', 'b', 'c']) {
      await replica.prisma.account.create({ data: { id: name, name } });
      await replica.feed.refresh();
      expect(replica.names().at(-1)).toBe(name);
    }

    expect(replica.feed.version).toBe(before + 3n);
  });

  it('counts every change of a table that a directory reads, and nothing of a transaction that is rolled back', async () => {
    const { prisma, feed } = await startReplica(fixture, NEVER_MS);
    const rising = async (change: () => Promise<unknown>): Promise<bigint> => {
      const before = feed.version;
      await change().catch(() => undefined);
      await feed.refresh();
      return feed.version - before;
    };

    expect(await rising(() => prisma.account.create({ data: { id: 'a', name: 'a' } }))).toBe(1n);
    expect(await rising(() => prisma.account.update({ where: { id: 'a' }, data: { name: 'b' } }))).toBe(1n);
    expect(await rising(() => prisma.secretsStore.create({ data: { id: 's', accountId: 'a', name: 's' } }))).toBe(1n);
    expect(
      await rising(() =>
        prisma.$transaction(async (tx) => {
          await tx.account.delete({ where: { id: 'a' } });
          throw new Error('changed my mind');
        }),
      ),
    ).toBe(0n);
    expect(await rising(() => prisma.account.count())).toBe(0n);
    expect(await rising(() => prisma.account.delete({ where: { id: 'a' } }))).toBeGreaterThan(0n);
  });

  it('sees a change that somebody else made', async () => {
    const replica = await startReplica(fixture, fixture.kind === 'embedded' ? 300 : NEVER_MS);

    // Its LISTEN may still be on the way: what is announced before is not heard.
    let added = 0;
    await eventually(async () => {
      await addAccount(replica, `theirs-${added++}`);
      return replica.names().length > 0;
    }, NOTICED_MS);

    expect(replica.names()).toContain('theirs-0');
  });

  it('swaps all snapshots in one go, after all of them have loaded', async () => {
    const events: string[] = [];
    let release = (): void => undefined;
    const slow: SnapshotLoader = {
      name: 'slow',
      load: async () => {
        await new Promise<void>((resolve) => (release = resolve));
        events.push('slow loaded');
        return () => void events.push('slow swapped');
      },
    };
    const quick: SnapshotLoader = {
      name: 'quick',
      load: () => {
        events.push('quick loaded');
        return Promise.resolve(() => {
          events.push('quick swapped');
          queueMicrotask(() => events.push('a request'));
        });
      },
    };
    const starting = startReplica(fixture, NEVER_MS, [quick, slow]);
    await eventually(() => events.includes('quick loaded'), NOTICED_MS);
    expect(events).toEqual(['quick loaded']);

    release();
    await starting;

    expect(events).toEqual(['quick loaded', 'slow loaded', 'quick swapped', 'slow swapped', 'a request']);
  });

  it('answers a refresh that comes during a round with the next round', async () => {
    let loads = 0;
    let gate: Promise<void> | null = null;
    const counting: SnapshotLoader = {
      name: 'counting',
      load: async () => {
        loads++;
        await gate;
        return () => undefined;
      },
    };
    const replica = await startReplica(fixture, NEVER_MS, [counting]);
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    await replica.prisma.account.create({ data: { id: 'a', name: 'a' } });
    const first = replica.feed.refresh();
    await eventually(() => loads === 2, NOTICED_MS);

    await replica.prisma.account.create({ data: { id: 'b', name: 'b' } });
    const second = [replica.feed.refresh(), replica.feed.refresh(), replica.feed.refresh()];
    open();
    await first;
    expect(replica.names()).not.toContain('b');
    await Promise.all(second);

    expect(replica.names()).toContain('b');
    expect(loads).toBe(3);
  });

  it('keeps the old snapshots whole when one directory cannot load, and tries again', async () => {
    let broken = false;
    const moody: SnapshotLoader = {
      name: 'moody',
      load: () => (broken ? Promise.reject(new Error('not today')) : Promise.resolve(() => undefined)),
    };
    const replica = await startReplica(fixture, 300, [moody]);
    const { version } = replica.feed;
    broken = true;

    await replica.prisma.account.create({ data: { id: 'a', name: 'a' } });
    await expect(replica.feed.refresh()).rejects.toThrow('Loading moody failed: not today');
    expect(replica.names()).toEqual([]);
    expect(replica.feed.version).toBe(version);

    broken = false;
    await eventually(() => replica.names().includes('a'), NOTICED_MS);
  });
});

describeOnServer('The change feed', (fixture) => {
  it('shows a change on another replica within a second', async () => {
    const empty = await fixture.create();
    const [here, there] = [
      await startReplica(fixture, NEVER_MS, [], empty),
      await startReplica(fixture, NEVER_MS, [], empty),
    ];
    await sleep(200);

    await here.prisma.account.create({ data: { id: 'a', name: 'a' } });
    await here.feed.refresh();
    expect(here.names()).toEqual(['a']);

    await eventually(() => there.names().includes('a'), NOTICED_MS);
    expect(there.feed.version).toBe(here.feed.version);
  });

  it('keeps serving while Postgres is down, and heals by itself', async () => {
    const server = fixture.server();
    if (server === null) {
      console.warn('Not run: the server of TEST_DATABASE_URL is not ours to stop');
      return;
    }
    const replica = await startReplica(fixture, 300);
    await replica.prisma.account.create({ data: { id: 'before', name: 'before' } });
    await replica.feed.refresh();

    await server.stop();
    await expect(replica.feed.refresh()).rejects.toThrow(/reach|terminat|connection/i);
    expect(replica.feed.ready).toBe(true);
    expect(replica.names()).toEqual(['before']);

    await server.start();
    await addAccount(replica, 'after');
    await eventually(() => replica.names().includes('after'), NOTICED_MS);
  });
});
