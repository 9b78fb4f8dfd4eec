import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From `src/` and from `dist/` alike. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

export interface MigrationFile {
  /** The folder's name: `20261123000000_foundation`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 in hex, as Prisma's engine notes it. */
  readonly checksum: string;
}

/** The reviewed migrations, oldest first. */
export function readMigrationFiles(directory: string = MIGRATIONS_DIR): MigrationFile[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
    .map((name) => {
      const sql = readFileSync(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}
