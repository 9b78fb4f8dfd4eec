import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';

import { PrismaClient } from '../generated/prisma/client.js';
import { Database } from './database.js';

/** For a busy database: how long a transaction waits for a connection, and how long it may take, in milliseconds. */
const TRANSACTIONS = { maxWait: 10_000, timeout: 60_000 } as const;

/** Prisma's client: the same over the embedded database and a server. Imported by `*.repository.ts` only. */
@Injectable()
export class PrismaService extends PrismaClient implements OnModuleInit, OnApplicationShutdown {
  constructor(private readonly database: Database) {
    // Idle connections break when the server restarts; the pool replaces them, so that is no reason to crash.
    const onPoolError = (error: Error): void =>
      new Logger(PrismaService.name).debug(`A connection broke: ${error.message}`);
    super({
      adapter: new PrismaPg(database.connection, { onPoolError }),
      errorFormat: 'minimal',
      transactionOptions: TRANSACTIONS,
    });
  }

  async onModuleInit(): Promise<void> {
    await this.$connect();
  }

  /** The last thing to go: whoever has something to write does it in an earlier hook or an importing module. */
  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
    await this.database.close();
  }
}
