import { registerAs } from '@nestjs/config';

import { readEnv } from './env.js';

/** How long sums of calls are kept. 0: for ever. */
export const analyticsConfig = registerAs('analytics', () => {
  const env = readEnv();
  return { minuteDays: env.ANALYTICS_MINUTE_DAYS, hourDays: env.ANALYTICS_HOUR_DAYS };
});
