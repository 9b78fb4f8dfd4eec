import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyEmbeddedTemplate } from './embedded-template.js';
import { ADMIN_TOKEN } from './gateway.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const STARTS_WITHIN_MS = 60_000;

/** Can a process's memory be read here? */
export const canMeasureMemory = existsSync('/proc/self/status');

/** The whole gateway in a process of its own, from the sources: what it holds is its own, not the test's. */
export class ChildGateway {
  private constructor(
    private readonly child: ChildProcess,
    readonly origin: string,
    /** Null: it is not ours to remove. */
    private readonly ownDataDir: string | null,
  ) {}

  /** @param given A data directory that stays, with what is in it. */
  static async start(env: Record<string, string>, given?: string): Promise<ChildGateway> {
    const dataDir = given ?? (await mkdtemp(join(tmpdir(), 'aig-child-')));
    await copyEmbeddedTemplate(dataDir, 'migrated');
    const port = await freePort();
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--import', at('./run-typescript.mjs'), at('../../src/main.ts')],
      {
        env: {
          PATH: process.env['PATH'],
          NODE_ENV: 'test',
          DATA_DIR: dataDir,
          ADMIN_TOKEN,
          PORT: String(port),
          LOG_LEVEL: 'warn',
          ...env,
        },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    const gateway = new ChildGateway(child, `http://127.0.0.1:${port}`, given === undefined ? dataDir : null);
    await gateway.ready();
    return gateway;
  }

  /** Bytes of memory that it has now. */
  residentBytes(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }

  async close(): Promise<void> {
    const closed = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await closed;
    if (this.ownDataDir !== null) await rm(this.ownDataDir, { recursive: true, force: true });
  }

  /** At once, with whatever it is doing. */
  async kill(): Promise<void> {
    const closed = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await closed;
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + STARTS_WITHIN_MS;
    while (Date.now() < deadline && this.child.exitCode === null) {
      const answer = await fetch(`${this.origin}/readyz`).catch(() => null);
      if (answer?.ok === true) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('The gateway did not start.');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
