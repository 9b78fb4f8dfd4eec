import { registerAs } from '@nestjs/config';

import { Secret } from '../common/secret.js';
import { readEnv } from './env.js';

/** What the gateway tells of itself in numbers. */
export const metricsConfig = registerAs('metrics', () => {
  const env = readEnv();
  return {
    /** Opens `/metrics` beside an admin's token; null: there is none. */
    token: env.METRICS_TOKEN === undefined ? null : new Secret(env.METRICS_TOKEN),
  };
});
