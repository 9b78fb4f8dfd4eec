import { registerAs } from '@nestjs/config';
import { readEnv } from './env.js';

/** Bounds of cached answers. How much memory they may take together, where there is no Redis, is the state's. */
export const responseCacheConfig = registerAs('responseCache', () => {
  const env = readEnv();
  return { maxEntryBytes: env.RESPONSE_CACHE_MAX_ENTRY_BYTES, maxWaitMs: env.RESPONSE_CACHE_WAIT_MS };
});
