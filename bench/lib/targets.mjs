/** What is measured: the mock itself (`direct`), the bare proxy, and the gateway. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_TOKEN, PROVIDER_KEY } from './keys.mjs';
import { CORES, firstJson, start, stop } from './processes.mjs';
import { fiftyElements } from './route.mjs';

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const START_TIMEOUT_MS = 60_000;
/** By the number of their wire in a model's name (`answers.mjs`). */
const PROVIDERS = ['openai', 'anthropic', 'google-ai-studio'];
const JSON_TYPE = 'content-type: application/json';

export async function startMock() {
  const started = start('mock', CORES.load, [here('mock-upstream.mjs')]);
  const { port } = await firstJson(started);
  const stats = async () => (await fetch(`http://127.0.0.1:${port}/stats`)).json();
  return { ...started, port, stats };
}

/** The mock without anything in front of it: latencies that others add to. It has no figures of CPU. */
export const direct = (mock) => ({
  name: 'direct',
  pid: null,
  port: mock.port,
  path: '/v1/chat/completions',
  headers: [JSON_TYPE, `authorization: Bearer ${PROVIDER_KEY}`],
  model: (name) => name,
  stop: async () => {},
});

export async function startBare(mock, nodeArgs = []) {
  const started = start('bare', CORES.target, [...nodeArgs, here('bare-proxy.mjs')], {
    UPSTREAM: `http://127.0.0.1:${mock.port}`,
  });
  const { port } = await firstJson(started);
  return {
    name: 'bare',
    pid: started.pid,
    port,
    path: '/v1/chat/completions',
    headers: [JSON_TYPE, 'authorization: Bearer sk-of-the-caller'],
    model: (name) => name,
    stop: () => stop(started),
  };
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Waits until something answers at the origin, whatever it says. */
async function answers(origin, started) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (started.child.exitCode !== null) throw new Error(`The gateway did not start:\n${started.told.output}`);
    try {
      await fetch(`${origin}/healthz`);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`The gateway did not listen within ${START_TIMEOUT_MS} ms:\n${started.told.output}`);
}

/** A control-plane call, as an administrator makes it. */
async function admin(origin, path, body) {
  const answer = await fetch(`${origin}/client/v4/accounts/default/ai-gateway/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/** Stores the mock's key as the account's own. */
const storeKey = (origin, gateway, provider) =>
  admin(origin, `gateways/${gateway}/provider_configs`, {
    provider_slug: provider,
    alias: 'default',
    default_config: true,
    secret: PROVIDER_KEY,
  });

/** Guard, snapshots, executor, metrics; nothing is written down of its calls. */
const PLAIN = 'plain';
const LIMITED = 'limited';
/** The same, with logs. */
const EVERYTHING = 'everything';
const ROUTE = 'fifty';
const HUGE = 1_000_000_000;

/** A gateway that has everything on which looks at each call before it is made, and refuses none. */
async function makeLimited(origin, id, collectLogs) {
  const rule = { limit: 1_000_000, limitType: 'cost', window: 86_400 };
  await admin(origin, 'gateways', {
    id,
    authentication: true,
    collect_logs: collectLogs,
    cache_ttl: 3600,
    cache_invalidate_on_update: false,
    rate_limiting_limit: HUGE,
    rate_limiting_interval: 60,
    rate_limiting_technique: 'sliding',
    spend_limits: {
      enabled: true,
      rules: [
        { ...rule, technique: 'sliding' },
        { ...rule, technique: 'fixed', provider: { mode: 'filter', values: ['openai'] } },
      ],
    },
    settings: {
      rate_limits: {
        rules: [
          { per: 'token', requests: HUGE, interval: 60 },
          { per: 'token', tokens: HUGE, interval: 60 },
        ],
      },
    },
  });
  await storeKey(origin, id, 'openai');
}

/**
 * The gateway as an operator runs it in production, on its embedded database in a directory of its own.
 * `entry`: the built `main.js`. `nodeArgs` come before it. `env` has more variables.
 */
export async function startGateway(mock, entry, nodeArgs = [], env = {}) {
  if (!existsSync(entry)) throw new Error(`${entry} is not there: build the gateway first (npm run build).`);
  const dataDir = mkdtempSync(join(tmpdir(), 'gateway-bench-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const started = start('gateway', CORES.target, [...nodeArgs, entry], {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: dataDir,
    MASTER_KEY: randomBytes(32).toString('base64'),
    ADMIN_TOKEN,
    PROVIDER_BASE_URLS: JSON.stringify(
      Object.fromEntries(PROVIDERS.map((slug) => [slug, `http://127.0.0.1:${mock.port}`])),
    ),
    LOG_LEVEL: 'warn',
    SHUTDOWN_GRACE_MS: '1000',
    ...env,
  });
  const end = async () => {
    await stop(started);
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await answers(origin, started);
    const readyMs = performance.now() - began;
    await admin(origin, 'gateways', {
      id: PLAIN,
      authentication: true,
      collect_logs: false,
      cache_ttl: 0,
      cache_invalidate_on_update: false,
      rate_limiting_limit: 0,
      rate_limiting_interval: 0,
    });
    for (const provider of PROVIDERS) await storeKey(origin, PLAIN, provider);
    await admin(origin, 'prices', { provider: 'openai', model: 'mock', prices: { input: 2.5, output: 10 } });
    await makeLimited(origin, LIMITED, false);
    await makeLimited(origin, EVERYTHING, true);
    await admin(origin, `gateways/${PLAIN}/routes`, { name: ROUTE, elements: fiftyElements('openai/mock') });
    return {
      name: 'gateway',
      pid: started.pid,
      port,
      path: `/v1/default/${PLAIN}/compat/chat/completions`,
      nativePath: `/v1/default/${PLAIN}/openai/chat/completions`,
      limitedPath: `/v1/default/${LIMITED}/compat/chat/completions`,
      everythingPath: `/v1/default/${EVERYTHING}/compat/chat/completions`,
      headers: [JSON_TYPE, `cf-aig-authorization: Bearer ${ADMIN_TOKEN}`],
      model: (name, wire = 0) => `${PROVIDERS[wire]}/${name}${wire === 0 ? '' : `-w${wire}`}`,
      route: `dynamic/${ROUTE}`,
      translates: true,
      readyMs,
      stop: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}
