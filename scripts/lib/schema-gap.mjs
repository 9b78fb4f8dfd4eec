import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { prepare, root } from './prepare.mjs';

/**
 * What `prisma/migrations` lacks to reach `prisma/schema.prisma`, as SQL; null when nothing. Every migration is applied to
 * a throw-away embedded database, so that SQL written by hand counts as it is.
 */
export async function schemaGap() {
  prepare({ build: true });
  const { openDatabase } = await import('../../dist/persistence/database.js');
  const { diffToSchema } = await import('../../dist/persistence/schema-diff.js');
  const dataDir = mkdtempSync(join(tmpdir(), 'aig-schema-'));
  try {
    const database = await openDatabase({ url: null, poolSize: 2, dataDir, allowNewerSchema: false });
    try {
      return await diffToSchema(database.connection, readFileSync(join(root, 'prisma/schema.prisma'), 'utf8'));
    } finally {
      await database.close();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
