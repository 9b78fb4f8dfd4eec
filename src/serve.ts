import cluster from 'node:cluster';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { GatewayLogger } from './app.logger.js';
import { AppModule } from './app.module.js';
import { createAdapter, setupApp } from './app.setup.js';
import { WelcomeService } from './bootstrap/welcome.service.js';
import { serverConfig } from './config/server.config.js';
import { FellowWorkers } from './workers/fellow-workers.service.js';

/** The process that answers calls: the only one, or one of several workers. */
export async function serve(): Promise<void> {
  const config = serverConfig();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createAdapter(config), {
    abortOnError: false,
    bodyParser: false,
    logger: new GatewayLogger(config),
  });
  setupApp(app);
  await app.listen(config.port, config.host);
  app.get(FellowWorkers).sayListening();
  // Of several workers the first has made what a first start makes; those that follow have nothing new to tell.
  if (cluster.isPrimary || cluster.worker?.id === 1) {
    process.stdout.write(`${app.get(WelcomeService).welcome(await app.getUrl())}\n`);
  }
}
