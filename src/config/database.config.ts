import { resolve } from 'node:path';

import { registerAs } from '@nestjs/config';

import { readEnv } from './env.js';

/** Where configuration is kept, and how soon a change made elsewhere is looked for. */
export const databaseConfig = registerAs('database', () => {
  const env = readEnv();
  return {
    /** A Postgres server's URL; null for the embedded database under `dataDir`. */
    url: env.DATABASE_URL ?? null,
    poolSize: env.DATABASE_POOL_SIZE,
    /** Absolute. */
    dataDir: resolve(env.DATA_DIR),
    /** Start although the database has migrations that this release does not know? */
    allowNewerSchema: env.ALLOW_NEWER_SCHEMA,
    configPollMs: env.CONFIG_POLL_MS,
  };
});
