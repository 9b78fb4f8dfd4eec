import { Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';

import { databaseConfig } from '../config/database.config.js';
import { WorkersModule } from '../workers/workers.module.js';
import { ChangeFeed } from './change-feed.service.js';
import { Database, openDatabase } from './database.js';
import { PrismaService } from './prisma.service.js';

/** The database, up and migrated before anything that uses it is made; and the feed of configuration changes. */
@Module({
  imports: [WorkersModule],
  providers: [
    {
      provide: Database,
      inject: [databaseConfig.KEY],
      useFactory: (config: ConfigType<typeof databaseConfig>) => openDatabase(config),
    },
    PrismaService,
    ChangeFeed,
  ],
  exports: [Database, PrismaService, ChangeFeed],
})
export class PersistenceModule {}
