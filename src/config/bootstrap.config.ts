import { registerAs } from '@nestjs/config';

import { Secret } from '../common/secret.js';
import { readEnv } from './env.js';

/** The first start. */
export const bootstrapConfig = registerAs('bootstrap', () => {
  const env = readEnv();
  return {
    /** Fixes the first admin token; null: one is generated and printed once. */
    adminToken: env.ADMIN_TOKEN === undefined ? null : new Secret(env.ADMIN_TOKEN),
  };
});
