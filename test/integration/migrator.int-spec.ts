import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import type { Database } from '../../src/persistence/database.js';
import { type MigrationFile, readMigrationFiles } from '../../src/persistence/migration-files.js';
import { migrate } from '../../src/persistence/migrator.js';
import { diffToSchema } from '../../src/persistence/schema-diff.js';
import {
  type DatabaseFixture,
  describeOnEachDatabase,
  describeOnServer,
  onAnotherConnection,
} from '../support/database.js';

const FILES = readMigrationFiles();
const NAMES = FILES.map(({ name }) => name);
const SCHEMA = readFileSync(new URL('../../prisma/schema.prisma', import.meta.url), 'utf8');

const aMigration = (name: string, sql: string): MigrationFile => ({
  name,
  sql,
  checksum: createHash('sha256').update(sql).digest('hex'),
});

async function withDatabase(fixture: DatabaseFixture, work: (database: Database) => Promise<void>): Promise<void> {
  const database = await (await fixture.create()).openUnmigrated();
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

describeOnEachDatabase('The migrator', (fixture) => {
  it('applies every migration to an empty database, once, and notes it as Prisma does', () =>
    withDatabase(fixture, async (database) => {
      expect(await migrate(database)).toEqual(NAMES);
      expect(await migrate(database)).toEqual([]);

      const rows = await onAnotherConnection(
        database,
        'SELECT migration_name, checksum, applied_steps_count, finished_at IS NOT NULL AS finished FROM _prisma_migrations',
      );
      expect(rows).toEqual(
        FILES.map(({ name, checksum }) => ({ migration_name: name, checksum, applied_steps_count: 1, finished: true })),
      );
    }));

  it('leads to schema.prisma', () =>
    withDatabase(fixture, async (database) => {
      await migrate(database);

      expect(await diffToSchema(database.connection, SCHEMA)).toBeNull();
      const changed = SCHEMA.replace(/^model Account \{$/m, 'model Account {\n  nickname String?');
      expect(await diffToSchema(database.connection, changed)).toMatch(
        /ALTER TABLE "accounts" ADD COLUMN +"nickname" TEXT/,
      );
    }));

  it('refuses a migration whose file was changed after it was applied', () =>
    withDatabase(fixture, async (database) => {
      await migrate(database);
      const edited = FILES.map(({ name, sql }) => aMigration(name, `${sql}\n-- a second thought`));

      await expect(migrate(database, { files: edited })).rejects.toThrow(/was changed afterwards/);
    }));

  it('refuses a database of a newer release, unless it is told that this release can live with it', () =>
    withDatabase(fixture, async (database) => {
      const newer = [...FILES, aMigration('29990101000000_later', 'CREATE TABLE later (id int)')];
      await migrate(database, { files: newer });

      await expect(migrate(database)).rejects.toThrow(/29990101000000_later, which this release does not know/);
      expect(await migrate(database, { allowNewerSchema: true })).toEqual([]);
    }));

  it('leaves nothing of a migration that fails, says so at the next start, and goes on once it is marked', () =>
    withDatabase(fixture, async (database) => {
      const name = '29990101000000_broken';
      const broken = [...FILES, aMigration(name, 'CREATE TABLE half (id int); CREATE TABLE half (id int);')];
      const mended = [...FILES, aMigration(name, 'CREATE TABLE whole (id int);')];

      await expect(migrate(database, { files: broken })).rejects.toThrow(/relation "half" already exists/);
      const half = await onAnotherConnection(database, `SELECT to_regclass('half') AS found`);
      expect(half).toEqual([{ found: null }]);
      await expect(migrate(database, { files: mended })).rejects.toThrow(/failed half-way/);

      await onAnotherConnection(
        database,
        'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = $1',
        [name],
      );
      expect(await migrate(database, { files: mended })).toEqual([name]);
      expect(await migrate(database, { files: mended })).toEqual([]);
    }));
});

describeOnServer('Replicas that start at once', (fixture) => {
  it('take turns at migrating', () =>
    withDatabase(fixture, async (database) => {
      const applied = await Promise.all([migrate(database), migrate(database), migrate(database)]);

      expect(applied.flat()).toEqual(NAMES);
    }));

  it('do not wait for ever', () =>
    withDatabase(fixture, async (database) => {
      const holder = new Client(database.connection);
      await holder.connect();
      await holder.query('SELECT pg_advisory_lock(7270414001)');

      await expect(migrate(database, { lockTimeoutMs: 100 })).rejects.toThrow(/Another replica has been migrating/);

      await holder.end();
    }));
});

describe('The migration files', () => {
  it('are there, named for their time and their change', () => {
    expect(NAMES.length).toBeGreaterThan(0);
    for (const name of NAMES) expect(name).toMatch(/^\d{14}_[a-z0-9_]+$/);
  });
});
