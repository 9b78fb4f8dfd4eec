import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { scratchDirectory } from './scratch-directory.js';

/** Where a server is, Redis or Valkey, or null. */
function findRedisBinary(): string | null {
  const places = (process.env['PATH'] ?? '').split(delimiter);
  return (
    ['redis-server', 'valkey-server'].flatMap((name) => places.map((dir) => join(dir, name))).find(existsSync) ?? null
  );
}

/** A Redis of our own on loopback, empty at first, that can be stopped and started again. It keeps what it had. */
export class RedisServer {
  private child: ChildProcess | null = null;

  private constructor(
    private readonly binary: string,
    private readonly scratch: ReturnType<typeof scratchDirectory>,
    private readonly port: number,
    private readonly isCluster: boolean,
  ) {}

  /** @param isCluster As a cluster of one node, which refuses a script whose keys would stand on several. */
  static async create(binary: string, isCluster = false): Promise<RedisServer> {
    const server = new RedisServer(binary, scratchDirectory(), await freePort(), isCluster);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const cluster = this.isCluster ? ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] : [];
    const persistence = ['--dir', this.scratch.path, '--appendonly', 'yes', '--appendfsync', 'no', '--save', ''];
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', ...persistence, ...cluster];
    this.child = spawn(this.binary, options, { stdio: 'ignore' });
    const client = new Redis(this.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    try {
      if (this.isCluster) {
        await client.cluster('ADDSLOTSRANGE', 0, 16_383).catch(() => undefined); // has them after a restart
        while (!(await client.cluster('INFO')).includes('cluster_state:ok')) await sleep(20);
      } else await client.ping();
    } finally {
      client.disconnect();
    }
  }

  /** At once, as a crash would. */
  async stop(): Promise<void> {
    if (this.child === null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    this.child = null;
  }

  async remove(): Promise<void> {
    await this.stop();
    this.scratch.remove();
  }
}

/** What a suite that needs Redis is given. */
export interface RedisFixture {
  readonly url: () => string;
  /** The server, where it is ours to stop and start. */
  readonly server: () => RedisServer | null;
}

/**
 * Runs a suite on Redis: the one of `TEST_REDIS_URL`, in a database of its own, or a private one where Redis or Valkey is
 * installed. Where neither is there, it says so and is skipped.
 */
export function describeOnRedis(name: string, suite: (fixture: RedisFixture) => void, isCluster = false): void {
  const given = isCluster ? undefined : process.env['TEST_REDIS_URL'];
  const binary = findRedisBinary();
  if (given === undefined && binary === null) {
    // oxlint-disable-next-line jest/no-disabled-tests -- said aloud, where it cannot run
    describe.skip(`${name}, on Redis (skipped: install Redis or Valkey, or set TEST_REDIS_URL)`, () => {
      suite({ url: () => '', server: () => null });
    });
    return;
  }
  describe(`${name}, on Redis`, () => {
    let server: RedisServer | null = null;
    let url = given === undefined ? '' : `${given.replace(/\/\d*$/, '')}/${randomInt(1, 16)}`;
    beforeAll(async () => {
      if (given !== undefined || binary === null) return;
      server = await RedisServer.create(binary, isCluster);
      ({ url } = server);
    });
    suite({ url: () => url, server: () => server });
    // After the suite's own, since hooks run in the order in which they were made.
    afterAll(() => server?.remove());
  });
}
