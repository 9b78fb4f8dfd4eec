// Writes as fast as it can and prints each id once the database has acknowledged it, until it is killed.
import 'reflect-metadata';
import { writeSync } from 'node:fs';

import { z } from 'zod';

import { openDatabase } from '../../../src/persistence/database.js';
import { PrismaService } from '../../../src/persistence/prisma.service.js';

const STDOUT = 1;
const WRITERS = 4;

const settings = z.object({
  url: z.string().nullable(),
  poolSize: z.number(),
  dataDir: z.string(),
  allowNewerSchema: z.boolean(),
});

const prisma = new PrismaService(await openDatabase(settings.parse(JSON.parse(process.argv[2] ?? ''))));

async function write(writer: number): Promise<never> {
  for (let count = 0; ; count++) {
    const id = `${String(writer)}-${String(count)}`;
    await prisma.account.create({ data: { id, name: 'x'.repeat(200) } });
    // Synchronous: what was printed has left the process when it is killed.
    writeSync(STDOUT, `${id}\n`);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
