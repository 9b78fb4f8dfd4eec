import { Global, Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';

import { Clock, SystemClock } from '../common/clock.js';
import { Dice, RandomDice } from '../common/dice.js';
import { analyticsConfig } from './analytics.config.js';
import { bootstrapConfig } from './bootstrap.config.js';
import { databaseConfig } from './database.config.js';
import { parseEnv } from './env.js';
import { logsConfig } from './logs.config.js';
import { metricsConfig } from './metrics.config.js';
import { responseCacheConfig } from './response-cache.config.js';
import { serverConfig } from './server.config.js';
import { stateConfig } from './state.config.js';
import { transportConfig } from './transport.config.js';
import { vaultConfig } from './vault.config.js';

// `validate` and not `validationSchema`: what it returns is written back to `process.env`, where a parsed value (an
// object, say) would be lost, and it throws a StartError with a line for each problem.
const environment = ConfigModule.forRoot({
  isGlobal: true,
  // A test says itself what its environment is; a developer's `.env` must not change its outcome.
  ignoreEnvFile: process.env['NODE_ENV'] === 'test',
  validate: (variables) => {
    parseEnv(variables);
    return variables;
  },
  load: [
    analyticsConfig,
    bootstrapConfig,
    databaseConfig,
    logsConfig,
    metricsConfig,
    responseCacheConfig,
    serverConfig,
    stateConfig,
    transportConfig,
    vaultConfig,
  ],
});
// Nest awaits it only when it comes to this module; until then a refused start must not look like a forgotten promise.
environment.catch(() => undefined);

/**
 * What comes from outside and a test holds still: the environment and `.env`, read once, validated, as typed namespaces; time; chance.
 * Any module may inject them.
 */
@Global()
@Module({
  imports: [environment],
  providers: [
    { provide: Clock, useClass: SystemClock },
    { provide: Dice, useClass: RandomDice },
  ],
  exports: [Clock, Dice],
})
export class EnvironmentModule {}
