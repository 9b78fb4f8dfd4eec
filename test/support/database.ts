import { randomBytes } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { Client, type QueryResultRow } from 'pg';

import type { Database, DatabaseSettings } from '../../src/persistence/database.js';
import { EmbeddedDatabase } from '../../src/persistence/embedded/embedded-database.js';
import { copyEmbeddedTemplate } from './embedded-template.js';
import { findPostgresBinaries, PostgresServer } from './postgres-server.js';
import { scratchDirectory } from './scratch-directory.js';

/** An empty database, for `openDatabase` or to be opened as it is. */
export interface EmptyDatabase {
  readonly kind: 'embedded' | 'server';
  readonly settings: DatabaseSettings;
  /** Without migrating it. Close it again. */
  openUnmigrated(): Promise<Database>;
}

/** What a suite that runs on both databases is given. */
export interface DatabaseFixture {
  readonly kind: 'embedded' | 'server';
  /** Makes one; it is removed after the test. */
  create(): Promise<EmptyDatabase>;
  /** Makes one for all tests of the suite, in its `beforeAll`; it is removed after them. */
  readonly createForAll: () => Promise<EmptyDatabase>;
  /** Done after the test, last come first served; before the database goes. */
  cleanUp(work: () => Promise<void>): void;
  /** The server, where it is ours to stop and start. */
  server(): PostgresServer | null;
}

type Create = () => Promise<EmptyDatabase & { remove(): Promise<void> }>;

/**
 * Runs a suite on the embedded database and on a real Postgres: the one of `TEST_DATABASE_URL`, in databases made for the
 * purpose, or a private one where Postgres is installed. Where neither is there, that half says so and is skipped.
 */
export function describeOnEachDatabase(name: string, suite: (fixture: DatabaseFixture) => void): void {
  describe(`${name}, embedded`, () => {
    suite(fixtureOf('embedded', createEmbedded, () => null));
  });
  describeOnServer(name, suite);
}

/** As `describeOnEachDatabase`, on the real Postgres only. */
export function describeOnServer(name: string, suite: (fixture: DatabaseFixture) => void): void {
  const given = process.env['TEST_DATABASE_URL'];
  const binaries = findPostgresBinaries();
  if (given === undefined && binaries === null) {
    // oxlint-disable-next-line jest/no-disabled-tests -- said aloud, where it cannot run
    describe.skip(`${name}, on Postgres (skipped: install PostgreSQL, or set TEST_DATABASE_URL)`, () => {
      suite(fixtureOf('server', createEmbedded, () => null));
    });
    return;
  }
  describe(`${name}, on Postgres`, () => {
    let server: PostgresServer | null = null;
    beforeAll(async () => {
      if (given === undefined && binaries !== null) server = await PostgresServer.create(binaries);
    });
    suite(
      fixtureOf(
        'server',
        () => createOnServer(given ?? server?.url() ?? ''),
        () => server,
      ),
    );
    // After the suite's own, since hooks run in the order in which they were made.
    afterAll(() => server?.remove());
  });
}

function fixtureOf(
  kind: DatabaseFixture['kind'],
  create: Create,
  server: () => PostgresServer | null,
): DatabaseFixture {
  const work: (() => Promise<void>)[] = [];
  const shared: (() => Promise<void>)[] = [];
  const run = async (steps: (() => Promise<void>)[]): Promise<void> => {
    for (const step of steps.splice(0).toReversed()) await step();
  };
  afterEach(() => run(work));
  afterAll(() => run(shared));
  return {
    kind,
    server,
    cleanUp: (step) => void work.push(step),
    create: async () => {
      const database = await create();
      work.push(() => database.remove());
      return database;
    },
    createForAll: async () => {
      const database = await create();
      shared.push(() => database.remove());
      return database;
    },
  };
}

const createEmbedded: Create = async () => {
  const scratch = scratchDirectory();
  await copyEmbeddedTemplate(scratch.path, 'empty');
  const settings = { url: null, poolSize: 2, dataDir: scratch.path, allowNewerSchema: false };
  return {
    kind: 'embedded',
    settings,
    openUnmigrated: async () => {
      const embedded = await EmbeddedDatabase.open(settings.dataDir);
      return { kind: 'embedded' as const, connection: embedded.connection, close: () => embedded.close() };
    },
    remove: () => Promise.resolve(scratch.remove()),
  };
};

async function createOnServer(adminUrl: string): ReturnType<Create> {
  const name = `aig_test_${randomBytes(6).toString('hex')}`;
  await execute(adminUrl, `CREATE DATABASE ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const connection = { connectionString: url.href };
  return {
    kind: 'server' as const,
    settings: { url: url.href, poolSize: 4, dataDir: '/nowhere', allowNewerSchema: false },
    openUnmigrated: () => Promise.resolve({ kind: 'server' as const, connection, close: () => Promise.resolve() }),
    remove: () => execute(adminUrl, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}

/** Runs one statement on a connection of its own, as another replica or a person would. */
export async function onAnotherConnection<Row extends QueryResultRow>(
  { connection }: Pick<Database, 'connection'>,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
