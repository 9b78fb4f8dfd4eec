import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { Client } from 'pg';

import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { scratchDirectory } from './scratch-directory.js';

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

const DEBIAN = '/usr/lib/postgresql';

/** Where `initdb` and `postgres` are, or null. */
export function findPostgresBinaries(): string | null {
  const debian = existsSync(DEBIAN) ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, 'bin')) : [];
  const path = (process.env['PATH'] ?? '').split(delimiter);
  return (
    [...debian.toSorted().toReversed(), ...path].find((dir) =>
      ['initdb', 'postgres'].every((name) => existsSync(join(dir, name))),
    ) ?? null
  );
}

/** A Postgres server of our own on loopback, empty at first, that can be stopped and started again. */
export class PostgresServer {
  private child: ChildProcess | null = null;

  private constructor(
    private readonly binaries: string,
    private readonly scratch: ReturnType<typeof scratchDirectory>,
    private readonly port: number,
    /** Postgres refuses to run as root. */
    private readonly identity: Identity,
  ) {}

  static async create(binaries: string): Promise<PostgresServer> {
    const scratch = scratchDirectory();
    const identity: Identity = process.getuid?.() === 0 ? unprivilegedUser() : {};
    chmodSync(scratch.path, 0o755);
    if (identity.uid !== undefined && identity.gid !== undefined) chownSync(scratch.path, identity.uid, identity.gid);
    const server = new PostgresServer(binaries, scratch, await freePort(), identity);
    const options = ['-D', server.dataDir, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
    execFileSync(join(binaries, 'initdb'), options, { stdio: 'pipe', cwd: scratch.path, ...identity });
    await server.start();
    return server;
  }

  /** The URL of one of its databases. */
  url(database = 'postgres'): string {
    return `postgresql://postgres@127.0.0.1:${String(this.port)}/${database}`;
  }

  async start(): Promise<void> {
    const options = ['-D', this.dataDir, '-p', String(this.port), '-k', this.scratch.path, '-F'];
    this.child = spawn(join(this.binaries, 'postgres'), [...options, '-c', 'listen_addresses=127.0.0.1'], {
      stdio: 'ignore',
      cwd: this.scratch.path,
      ...this.identity,
    });
    await eventually(() => answers(this.url()));
  }

  /** As an administrator would: connections are cut, nothing is lost. */
  async stop(): Promise<void> {
    if (this.child === null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGINT');
    await exited;
    this.child = null;
  }

  async remove(): Promise<void> {
    await this.stop();
    this.scratch.remove();
  }

  private get dataDir(): string {
    return join(this.scratch.path, 'data');
  }
}

const idOf = (flag: '-u' | '-g', name: string): number =>
  Number(execFileSync('id', [flag, name], { stdio: 'pipe' }).toString());

function unprivilegedUser(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', name), gid: idOf('-g', name) };
    } catch {
      // the next one
    }
  }
  throw new Error('Postgres refuses to run as root, and there is neither a user postgres nor a user nobody');
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
