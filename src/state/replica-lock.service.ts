import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Client } from 'pg';
import { StartError } from '../config/start-error.js';
import { stateConfig } from '../config/state.config.js';
import { Database } from '../persistence/database.js';

/** Any number that is only ours: the key of the advisory lock. */
const LOCK_KEY = 815_472_003;
/** A predecessor that is stopping, or was killed a moment ago, may still hold it. */
const PATIENCE_MS = 3_000;
const PAUSE_MS = 250;

/**
 * Keeps replicas apart that would count apart. On a database server one without Redis holds an advisory lock alone, those with
 * Redis hold it together; so a replica that does not go with those that are there refuses to start. The lock stands and falls with
 * its connection, so a replica that died is in nobody's way.
 */
@Injectable()
export class ReplicaLock implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(ReplicaLock.name);
  private client: Client | null = null;
  private isStopping = false;
  private isLost = false;

  constructor(
    private readonly database: Database,
    @Inject(stateConfig.KEY) private readonly config: ConfigType<typeof stateConfig>,
  ) {}

  /** Throws a `StartError` with the reason. */
  async onModuleInit(): Promise<void> {
    // The embedded database belongs to one process anyway.
    if (this.database.kind === 'embedded') return;
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await this.take())) {
      if (Date.now() > deadline) throw new StartError([this.reason]);
      await sleep(PAUSE_MS);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await this.client?.end().catch(() => undefined);
  }

  private get reason(): string {
    return this.config.redis === null
      ? 'REDIS_URL: another gateway is using this database. Replicas share rate limits, budgets and cached answers in Redis: set REDIS_URL, the same on all of them'
      : 'REDIS_URL: another gateway is using this database without REDIS_URL, and would count for itself: set it there too, or stop that one';
  }

  private async take(): Promise<boolean> {
    // No query timeout: this connection stays for as long as the process lives.
    const client = new Client({ ...this.database.connection, query_timeout: undefined });
    client.on('error', () => undefined);
    await client.connect();
    const shared = this.config.redis === null ? '' : '_shared';
    const { rows } = await client.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock${shared}($1) AS taken`, [
      LOCK_KEY,
    ]);
    if (rows[0]?.taken !== true) {
      await client.end();
      return false;
    }
    this.client = client;
    client.once('end', () => void this.takeAgain());
    return true;
  }

  /** The connection broke, and the lock with it. Calls go on meanwhile: they need no database. */
  private async takeAgain(): Promise<void> {
    while (!this.isStopping) {
      const taken = await this.take().catch(() => null);
      if (taken === true) {
        this.isLost = false;
        return;
      }
      if (taken === false && !this.isLost) {
        this.isLost = true;
        this.logger.error(this.reason);
      }
      await sleep(PAUSE_MS);
    }
  }
}
