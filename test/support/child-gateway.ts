import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyEmbeddedTemplate } from './embedded-template.js';
import { freePort } from './free-port.js';
import { ADMIN_TOKEN } from './gateway.js';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** From the sources, on a machine that does much else. */
const STARTS_WITHIN_MS = 150_000;

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
      [
        '--disable-warning=ExperimentalWarning',
        `--import=${at('./run-typescript.mjs')}`,
        `--import=${at('./tell-held-memory.ts')}`,
        at('../../src/main.ts'),
      ],
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
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    const gateway = new ChildGateway(child, `http://127.0.0.1:${port}`, given === undefined ? dataDir : null);
    await gateway.ready();
    return gateway;
  }

  /** Bytes that its main thread holds now, after a collection: heap and buffers, without the garbage among them. */
  heldBytes(): Promise<number> {
    return new Promise((resolve) => {
      // It says other things too: that it listens.
      const hear = (told: unknown): void => {
        if (typeof told !== 'number') return;
        this.child.off('message', hear);
        resolve(told);
      };
      this.child.on('message', hear);
      this.child.send('held');
    });
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
    this.child.kill('SIGKILL');
    throw new Error('The gateway did not start.');
  }
}
