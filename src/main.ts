import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { createAdapter, setupApp } from './app.setup.js';
import { serverConfig } from './config/server.config.js';

const config = serverConfig();
const app = await NestFactory.create<NestFastifyApplication>(AppModule, createAdapter(config), {
  bodyParser: false,
  logger: new ConsoleLogger({ json: config.logFormat === 'json', logLevels: [config.logLevel] }),
});
setupApp(app);
await app.listen(config.port, config.host);
