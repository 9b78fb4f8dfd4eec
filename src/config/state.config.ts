import { registerAs } from '@nestjs/config';

import { readEnv } from './env.js';

/** Where short-lived shared state is kept: counters, reservations, cached answers. */
export const stateConfig = registerAs('state', () => {
  const env = readEnv();
  return {
    /** Null: memory, of this process alone. */
    redis:
      env.REDIS_URL === undefined
        ? null
        : { url: env.REDIS_URL, cluster: env.REDIS_CLUSTER, timeoutMs: env.REDIS_TIMEOUT_MS },
    /** What holds while Redis does not answer. */
    whenAway: { limits: env.REDIS_DOWN_LIMITS, budgets: env.REDIS_DOWN_BUDGETS, cache: env.REDIS_DOWN_CACHE },
    /** How long a reservation outlives the replica that made it. */
    leaseMs: env.BUDGET_LEASE_MS,
    /** Cached bytes in memory, all together. */
    maxBlobBytes: env.STATE_MEMORY_BYTES,
  };
});
