import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../../src/app.module.js';
import { createAdapter, setupApp } from '../../src/app.setup.js';
import { serverConfig } from '../../src/config/server.config.js';
import { AdminAnswers } from './admin-answers.js';
import { copyEmbeddedTemplate } from './embedded-template.js';

/** The admin token of every gateway that a test starts. */
export const ADMIN_TOKEN = 'test-admin-token-0123456789-abcdefghij';

/** The whole gateway, listening on a free port, with an embedded database of its own. */
export interface RunningGateway {
  readonly app: NestFastifyApplication;
  readonly origin: string;
  /** `{origin}/v1/default/default` */
  readonly base: string;
  /** A control-plane call on the account `default` (a path below it) as the admin; throws unless it succeeded. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Every route that is registered: `POST /v1/…`. */
  readonly routes: readonly string[];
  /** Stores a provider key at the gateway `default`. */
  storeKey(provider: string, secret: string, alias?: string, extra?: Record<string, unknown>): Promise<void>;
  /** What the control plane has answered. */
  readonly answers: AdminAnswers;
  /** Throws where an answer of the control plane was not what its handler says. */
  close(): Promise<void>;
}

/** @param env Variables beside the defaults; `PROVIDER_BASE_URLS` mostly. */
export async function startGateway(env: Record<string, string> = {}): Promise<RunningGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aig-'));
  const variables = { NODE_ENV: 'test', DATA_DIR: dataDir, ADMIN_TOKEN, PORT: '0', LOG_LEVEL: 'warn', ...env };
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  Object.assign(process.env, variables);
  await copyEmbeddedTemplate(variables.DATA_DIR, 'migrated');

  const adapter = createAdapter(serverConfig());
  const routes: string[] = [];
  const answers = new AdminAnswers();
  answers.watch(adapter.getInstance());
  adapter.getInstance().addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) routes.push(`${name} ${url}`);
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
    bodyParser: false,
    logger: ['error', 'fatal'],
    abortOnError: false,
    forceCloseConnections: true,
  });
  setupApp(app);
  answers.learn(app);
  await app.listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;

  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${origin}/client/v4/accounts/default${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { success: boolean; result: unknown };
    if (!answer.success) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer.result;
  };

  return {
    app,
    origin,
    base: `${origin}/v1/default/default`,
    admin,
    routes,
    answers,
    storeKey: async (provider, secret, alias = 'default', extra = {}) => {
      await admin('POST', '/ai-gateway/gateways/default/provider_configs', {
        provider_slug: provider,
        alias,
        default_config: alias === 'default',
        secret,
        ...extra,
      });
    },
    close: async () => {
      await app.close();
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await rm(dataDir, { recursive: true, force: true });
      if (answers.problems.length > 0) throw new Error(answers.problems.join('\n\n'));
    },
  };
}
