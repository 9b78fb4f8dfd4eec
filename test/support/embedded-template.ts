import { createHash, randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { EmbeddedDatabase } from '../../src/persistence/embedded/embedded-database.js';
import { readMigrationFiles } from '../../src/persistence/migration-files.js';
import { migrate } from '../../src/persistence/migrator.js';
import { scratchDirectory } from './scratch-directory.js';

/** `empty`: as PostgreSQL makes one; `migrated`: with this release's tables and no rows. */
export type TemplateState = 'empty' | 'migrated';

const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const DATABASE_DIR = 'postgres';

/**
 * Puts an embedded database into a data directory that has none: a copy of one that the first test to want it made, since
 * making one takes seconds of a core. The templates stay in `node_modules/.cache`, named for what they were made of.
 */
export async function copyEmbeddedTemplate(dataDir: string, state: TemplateState): Promise<void> {
  const target = join(dataDir, DATABASE_DIR);
  if (existsSync(target)) return;
  const template = join(MODULES, '.cache/unified-ai-gateway/databases', `${state}-${digestOf(state)}`);
  if (!existsSync(template)) await makeTemplate(template, state);
  cpSync(template, target, { recursive: true });
}

function digestOf(state: TemplateState): string {
  const hash = createHash('sha256').update(readFileSync(join(MODULES, '@electric-sql/pglite/package.json')));
  if (state === 'migrated') for (const { name, checksum } of readMigrationFiles()) hash.update(`${name} ${checksum}\n`);
  return hash.digest('hex').slice(0, 16);
}

/** Whole or not at all: several workers may be at it, and the first to finish wins. */
async function makeTemplate(template: string, state: TemplateState): Promise<void> {
  const scratch = scratchDirectory();
  const database = await EmbeddedDatabase.open(scratch.path);
  try {
    if (state === 'migrated') await migrate({ kind: 'embedded', connection: database.connection });
  } finally {
    await database.close();
  }
  const copy = `${template}.${randomBytes(6).toString('hex')}`;
  mkdirSync(dirname(template), { recursive: true });
  cpSync(join(scratch.path, DATABASE_DIR), copy, { recursive: true });
  scratch.remove();
  try {
    renameSync(copy, template);
  } catch (error) {
    rmSync(copy, { recursive: true });
    if (!existsSync(template)) throw error;
  }
}
