import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { GatewayLogger } from './app.logger.js';
import { AppModule } from './app.module.js';
import { createAdapter, setupApp } from './app.setup.js';
import { WelcomeService } from './bootstrap/welcome.service.js';
import { serverConfig } from './config/server.config.js';
import { StartError } from './config/start-error.js';

try {
  const config = serverConfig();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createAdapter(config), {
    abortOnError: false,
    bodyParser: false,
    logger: new GatewayLogger(config),
  });
  setupApp(app);
  await app.listen(config.port, config.host);
  process.stdout.write(`${app.get(WelcomeService).welcome(await app.getUrl())}\n`);
} catch (error) {
  process.stderr.write(
    `The gateway cannot start:\n${reasons(error)
      .map((reason) => `  - ${reason}\n`)
      .join('')}`,
  );
  process.exit(1);
}

/** One readable line a problem; a stack only for what nobody foresaw. */
function reasons(error: unknown): readonly string[] {
  if (error instanceof StartError) return error.problems;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return ['HOST, PORT: the address is in use.'];
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
}
