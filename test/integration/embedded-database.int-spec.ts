import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { EmbeddedDatabase } from '../../src/persistence/embedded/embedded-database.js';
import { copyEmbeddedTemplate } from '../support/embedded-template.js';
import { scratchDirectory } from '../support/scratch-directory.js';

const open: EmbeddedDatabase[] = [];
const scratches: ReturnType<typeof scratchDirectory>[] = [];

function newDirectory(): string {
  const scratch = scratchDirectory();
  scratches.push(scratch);
  return scratch.path;
}

/** One that has a database already. */
async function usedDirectory(): Promise<string> {
  const path = newDirectory();
  await copyEmbeddedTemplate(path, 'empty');
  return path;
}

async function openIn(dataDir: string): Promise<EmbeddedDatabase> {
  const database = await EmbeddedDatabase.open(dataDir);
  open.push(database);
  return database;
}

async function connect({ connection }: EmbeddedDatabase): Promise<Client> {
  const client = new Client(connection);
  await client.connect();
  return client;
}

describe('The embedded database', () => {
  afterEach(async () => {
    for (const database of open.splice(0)) await database.close();
    for (const scratch of scratches.splice(0)) scratch.remove();
  });

  it('makes a directory that only we can enter, and refuses it to a second gateway', async () => {
    const dataDir = join(newDirectory(), 'data');

    await openIn(dataDir);

    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    await expect(EmbeddedDatabase.open(dataDir)).rejects.toThrow(/is in use by another running gateway/);
  });

  it('gives a directory to one of several that want it at once', async () => {
    const dataDir = await usedDirectory();

    const results = await Promise.allSettled([openIn(dataDir), openIn(dataDir), openIn(dataDir)]);

    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('can be opened again after it was closed', async () => {
    const dataDir = await usedDirectory();
    const first = await EmbeddedDatabase.open(dataDir);
    const writer = await connect(first);
    await writer.query('CREATE TABLE kept AS SELECT 42 AS answer');
    await writer.end();
    await first.close();

    const reader = await connect(await openIn(dataDir));

    expect((await reader.query('SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }]);
    await reader.end();
  });

  it('works in a directory whose path is too long for a socket', async () => {
    const dataDir = join(newDirectory(), 'd'.repeat(60), 'e'.repeat(60));
    mkdirSync(dataDir, { recursive: true });
    await copyEmbeddedTemplate(dataDir, 'empty');

    const client = await connect(await openIn(dataDir));

    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await client.end();
    expect(readdirSync(dataDir)).not.toContain('run');
    await expect(EmbeddedDatabase.open(dataDir)).rejects.toThrow(/is in use/);
  });

  it('keeps the queries and transactions of several connections apart', async () => {
    const database = await openIn(await usedDirectory());
    const clients = await Promise.all(Array.from({ length: 6 }, () => connect(database)));
    await clients[0]?.query('CREATE TABLE entries (connection int, number int)');

    const work = clients.map(async (client, connection) => {
      for (let number = 0; number < 60; number++) {
        const { rows } = await client.query(`SELECT $1::int AS number, ${String(connection)} AS connection`, [number]);
        expect(rows).toEqual([{ number, connection }]);
        if (number % 10 !== 0) continue;
        await client.query('BEGIN');
        await client.query('INSERT INTO entries VALUES ($1, $2)', [connection, number]);
        await client.query(connection % 2 === 0 ? 'COMMIT' : 'ROLLBACK');
      }
    });
    await Promise.all(work);

    const { rows } = await clients[1]!.query('SELECT connection, count(*)::int FROM entries GROUP BY 1 ORDER BY 1');
    expect(rows).toEqual([0, 2, 4].map((connection) => ({ connection, count: 6 })));
    await Promise.all(clients.map((client) => client.end()));
  });

  it('goes on for the others when a connection breaks off in a transaction', async () => {
    const database = await openIn(await usedDirectory());
    const [leaving, staying] = [await connect(database), await connect(database)];
    await staying.query('CREATE TABLE entries (number int)');
    leaving.on('error', () => undefined);
    await leaving.query('BEGIN');
    await leaving.query('INSERT INTO entries VALUES (1)');

    leaving.connection.stream.destroy();

    expect((await staying.query('SELECT count(*)::int AS count FROM entries')).rows).toEqual([{ count: 0 }]);
    await staying.end();
  });
});
