import { Logger } from '@nestjs/common';
import { Cluster, Redis, type RedisOptions, type Result } from 'ioredis';
import { StartError } from '../../config/start-error.js';
import { ADMIT, RENEW, SETTLE } from './lua.js';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    aigAdmit(numberOfKeys: number, ...keysAndArguments: string[]): Result<number[], Context>;
    aigSettle(numberOfKeys: number, ...keysAndArguments: string[]): Result<number, Context>;
    aigRenew(numberOfKeys: number, ...keysAndArguments: string[]): Result<number, Context>;
  }
}

export type RedisClient = Redis | Cluster;

export interface RedisSettings {
  readonly url: string;
  readonly cluster: boolean;
  /** The longest that a call waits for one decision. */
  readonly timeoutMs: number;
}

const OLDEST_SERVER = 7;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RECONNECT_DELAY_MS = 1_000;

/** Connects, and looks whether the server will do. Throws a `StartError` with a line for the operator. */
export async function connectRedis(settings: RedisSettings): Promise<RedisClient> {
  const client = newClient(settings);
  const problems: unknown[] = [];
  const note = (error: unknown): void => void problems.push(error);
  client.on('error', note);
  try {
    await within(CONNECT_TIMEOUT_MS, client.connect());
    const info = await client.info('server');
    const version = Number(/^redis_version:(\d+)/m.exec(info)?.[1] ?? 0);
    if (version < OLDEST_SERVER && !/^server_name:valkey/m.test(info)) {
      throw new StartError([`REDIS_URL: this is Redis ${version}; ${OLDEST_SERVER} or newer, or Valkey, is needed`]);
    }
  } catch (cause) {
    client.disconnect();
    if (cause instanceof StartError) throw cause;
    const { host } = new URL(settings.url);
    throw new StartError([`REDIS_URL: Redis at ${host} does not answer: ${reasonOf(problems.at(-1) ?? cause)}`], cause);
  }
  client.off('error', note);
  reportOutages(client);
  return client;
}

function newClient({ url, cluster, timeoutMs }: RedisSettings): RedisClient {
  const options: RedisOptions = {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: timeoutMs,
    // A call does not wait for a server that is away: it is told so, and the operator has said what then.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    keepAlive: 10_000,
    connectionName: 'unified-ai-gateway',
    retryStrategy: delayBefore,
  };
  const client = cluster
    ? new Cluster([url], {
        redisOptions: { ...options, ...accessOf(url) },
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: delayBefore,
      })
    : new Redis(url, options);
  client.defineCommand('aigAdmit', { lua: ADMIT });
  client.defineCommand('aigSettle', { lua: SETTLE });
  client.defineCommand('aigRenew', { lua: RENEW });
  return client;
}

const delayBefore = (attempt: number): number => Math.min(attempt * 100, MAX_RECONNECT_DELAY_MS);

/** What a URL says of access holds for every node of a cluster. */
function accessOf(url: string): RedisOptions {
  const { username, password, protocol } = new URL(url);
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** Once for each outage: a client that tries again would say it several times a second. */
function reportOutages(client: RedisClient): void {
  const logger = new Logger('Redis');
  let isAway = false;
  const away = (reason: string): void => {
    if (!isAway) logger.error(`Redis is away: ${reason}`);
    isAway = true;
  };
  client.on('error', (error: unknown) => away(reasonOf(error)));
  client.on('reconnecting', () => away('the connection broke'));
  client.on('ready', () => {
    if (isAway) logger.log('Redis is back');
    isAway = false;
  });
}

const reasonOf = (cause: unknown): string =>
  cause instanceof AggregateError
    ? cause.errors.map(reasonOf).join('; ')
    : cause instanceof Error
      ? cause.message
      : String(cause);

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
