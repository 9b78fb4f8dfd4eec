import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';

import { bootstrapConfig } from './bootstrap.config.js';
import { databaseConfig } from './database.config.js';
import { parseEnv } from './env.js';
import { serverConfig } from './server.config.js';
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
  load: [bootstrapConfig, databaseConfig, serverConfig, transportConfig, vaultConfig],
});
// Nest awaits it only when it comes to this module; until then a refused start must not look like a forgotten promise.
environment.catch(() => undefined);

/** The environment and `.env`, read once, validated, as typed namespaces that any module may inject. */
@Module({ imports: [environment] })
export class EnvironmentModule {}
