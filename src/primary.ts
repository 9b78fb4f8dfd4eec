import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { GatewayLogger } from './app.logger.js';
import { databaseConfig } from './config/database.config.js';
import { serverConfig } from './config/server.config.js';
import { openDatabase } from './persistence/database.js';
import { QuestionRelay, type RelayedWorker } from './workers/question-relay.js';
import type { ToPrimary } from './workers/worker-messages.js';

/** Pauses before a worker is replaced; one that has lived for a while is replaced as if it were the first. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
const LIVED_WELL_MS = 60_000;
/** Beyond the grace period: what a stop may take to write what is left. */
const LAST_WRITES_MS = 30_000;

/**
 * The parent of the workers (`CLUSTER_WORKERS`). It answers no calls: it brings the database up, starts workers, replaces those that
 * end, hands questions from one to the others, and stops them all. Resolves when the first worker listens; throws when it cannot.
 */
export async function runPrimary(count: number): Promise<void> {
  const config = serverConfig();
  Logger.overrideLogger(new GatewayLogger(config));
  const database = await openDatabase(databaseConfig());
  const primary = new Primary(config.shutdownGraceMs);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      void primary
        .stop()
        .then(() => database.close())
        .then(() => process.exit(0));
    });
  }
  // Alone at first: what a first start makes is made once, and a start that fails is told once.
  if (await primary.startFirst()) {
    for (let number = 2; number <= count; number++) void primary.keep(number);
  } else if (!primary.isStopping) {
    await database.close();
    process.exit(1);
  }
}

class Primary {
  private readonly logger = new Logger('Workers');
  private readonly relay = new QuestionRelay();
  private readonly running = new Set<Worker>();
  private stopped: Promise<void> | null = null;

  constructor(private readonly graceMs: number) {}

  get isStopping(): boolean {
    return this.stopped !== null;
  }

  /** Starts number 1, and keeps it once it listens. False: it ended instead. */
  async startFirst(): Promise<boolean> {
    const worker = this.start(1);
    const listens = new Promise<boolean>((resolve) => {
      worker.on('message', ({ kind }: ToPrimary) => {
        if (kind === 'listens') resolve(true);
      });
    });
    const didListen = await Promise.race([listens, endOf(worker).then(() => false)]);
    if (didListen) void this.keep(1, worker);
    return didListen;
  }

  /** Starts a worker, and another in its place whenever it ends. */
  async keep(number: number, first?: Worker): Promise<void> {
    let worker = first;
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.isStopping) {
      const startedAt = Date.now();
      const reason = await endOf((worker ??= this.start(number)));
      worker = undefined;
      if (this.isStopping) return;
      if (Date.now() - startedAt > LIVED_WELL_MS) pauseMs = FIRST_PAUSE_MS;
      this.logger.error(`Worker ${number} has ended (${reason}); another takes its place in ${pauseMs} ms`);
      await sleep(pauseMs);
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }

  /** Every worker lets its calls finish. Resolves when all have ended. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  private start(number: number): Worker {
    const worker = cluster.fork();
    const relayed: RelayedWorker = { number, send: (message) => worker.send(message, () => undefined) };
    this.running.add(worker);
    worker.on('message', (message: ToPrimary) => this.relay.receive(relayed, message));
    worker.on('error', (error) => this.logger.debug(`Worker ${number}: ${error.message}`));
    worker.once('exit', () => {
      this.relay.leave(relayed);
      this.running.delete(worker);
    });
    return worker;
  }

  private async stopAll(): Promise<void> {
    const workers = [...this.running];
    const ended = Promise.all(workers.map(endOf));
    for (const { process: child } of workers) child.kill('SIGTERM');
    const overdue = setTimeout(() => {
      for (const { process: child } of this.running) child.kill('SIGKILL');
    }, this.graceMs + LAST_WRITES_MS);
    await ended;
    clearTimeout(overdue);
  }
}

/** Resolves when it has ended, to how. */
const endOf = (worker: Worker): Promise<string> =>
  new Promise((resolve) => {
    worker.once('exit', (code: number, signal: string | null) => resolve(signal ?? `code ${code}`));
  });
