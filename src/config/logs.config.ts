import { join, resolve } from 'node:path';

import { registerAs } from '@nestjs/config';

import { readEnv } from './env.js';

/** Logs of calls: how they get to the database, and how long they stay there. */
export const logsConfig = registerAs('logs', () => {
  const env = readEnv();
  return {
    /** Where finished calls wait for the database. Absolute. */
    spoolDir: join(resolve(env.DATA_DIR), 'spool'),
    spoolMaxBytes: env.LOG_SPOOL_MAX_BYTES,
    flushMs: env.LOG_FLUSH_MS,
    /** 0: for ever. */
    retentionDays: env.LOG_RETENTION_DAYS,
  };
});
