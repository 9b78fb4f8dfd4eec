import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { type DatabaseSettings, openDatabase } from '../../src/persistence/database.js';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { describeOnEachDatabase } from '../support/database.js';

Logger.overrideLogger(false);

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const KILLS = 2;
const UNDER_LOAD_MS = 700;

/** Lets a child write, kills it with SIGKILL in the middle, and returns the ids it saw acknowledged. */
async function writeUntilKilled(settings: DatabaseSettings): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ['--import', at('../support/run-typescript.mjs'), at('children/write-accounts.ts'), JSON.stringify(settings)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const errors = text(child.stderr);
  const exited = once(child, 'exit');
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    if (printed === '') setTimeout(() => child.kill('SIGKILL'), UNDER_LOAD_MS);
    printed += part;
  });
  await once(child, 'close');
  const [, signal] = await exited;
  if (signal !== 'SIGKILL') throw new Error(`The child ended by itself: ${await errors}`);
  return printed.split('\n').slice(0, -1);
}

describeOnEachDatabase('A process that is killed while it writes', (fixture) => {
  it('loses no change that was acknowledged', async () => {
    const { settings } = await fixture.create();

    for (let kill = 0; kill < KILLS; kill++) {
      const acknowledged = await writeUntilKilled(settings);
      expect(acknowledged.length).toBeGreaterThan(10);

      const database = await openDatabase(settings);
      const prisma = new PrismaService(database);
      const stored = new Set((await prisma.account.findMany({ select: { id: true } })).map(({ id }) => id));
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
      // Every change was counted, too: the feed's version is part of the same transaction.
      const { version } = await prisma.configState.findUniqueOrThrow({ where: { id: 1 } });
      expect(version).toBeGreaterThanOrEqual(BigInt(acknowledged.length));
      await prisma.account.deleteMany();
      await prisma.onApplicationShutdown();
    }
  });
});
