import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'undici';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN } from '../support/gateway.js';
import { readScrape, type Sample } from '../support/prometheus-text.js';
import { describeOnRedis } from '../support/redis-server.js';
import { type Replica, startReplica } from '../support/replica.js';
import { scratchDirectory } from '../support/scratch-directory.js';

const WORKERS = 2;
const START_MS = 240_000;
const DAY = 86_400;
/** Words of the `sandbox/slow` stream: it lasts for some seconds. */
const LONG = 'word '.repeat(40);

const childrenOf = (pid: number): string => `/proc/${pid}/task/${pid}/children`;

/** A caller with a connection of its own, and so with a worker of its own. */
class Connection {
  private readonly client: Client;

  constructor(origin: string) {
    this.client = new Client(origin, { bodyTimeout: 0 });
  }

  async call(gateway: string, body: Record<string, unknown> = {}): Promise<{ status: number; text: string }> {
    const { statusCode, body: answer } = await this.client.request({
      method: 'POST',
      path: `/v1/default/${gateway}/compat/chat/completions`,
      headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'Hello!' }], ...body }),
    });
    return { status: statusCode, text: await answer.text() };
  }

  async admin(method: 'POST', path: string, body: unknown): Promise<number> {
    const { statusCode, body: answer } = await this.client.request({
      method,
      path: `/client/v4/accounts/default${path}`,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await answer.dump();
    return statusCode;
  }

  close(): Promise<void> {
    return this.client.destroy();
  }
}

describeOnRedis('Workers', (redis) => {
  const scratch = scratchDirectory();
  let gateway: Replica;
  /** One for each worker, by its number. */
  const connections = new Map<number, Connection>();

  const scrape = async (): Promise<Sample[]> => {
    const response = await fetch(`${gateway.origin}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    return readScrape(await response.text());
  };
  const valuesOf = (samples: readonly Sample[], metric: string): Map<number, number> => {
    const values = new Map<number, number>();
    for (const { name, labels, value } of samples) {
      const worker = Number(labels['worker']);
      if (name === metric) values.set(worker, (values.get(worker) ?? 0) + value);
    }
    return values;
  };
  /** Those that answer when they are asked. */
  const scrapedWorkers = async (): Promise<number[]> => [...valuesOf(await scrape(), 'aig_config_version').keys()];
  const callsOf = async (): Promise<Map<number, number>> => valuesOf(await scrape(), 'aig_calls_total');

  /** Connects until every worker has a connection: who gets one is the primary's choice. */
  const connectToEach = async (): Promise<void> => {
    for (const connection of connections.values()) await connection.close();
    connections.clear();
    await eventually(async () => {
      const connection = new Connection(gateway.origin);
      const before = await callsOf();
      expect((await connection.call('default')).status).toBe(200);
      const after = await callsOf();
      const worker = [...after].find(([number, calls]) => calls > (before.get(number) ?? 0))?.[0];
      if (worker === undefined || connections.has(worker)) await connection.close();
      else connections.set(worker, connection);
      return connections.size === WORKERS;
    }, 60_000);
  };

  /** Processes of the workers, as the system has them. */
  const workerPids = (): number[] => readFileSync(childrenOf(gateway.pid), 'utf8').trim().split(' ').map(Number);

  const startWith = (variables: Record<string, string>): Promise<Replica> =>
    startReplica({
      CLUSTER_WORKERS: String(WORKERS),
      REDIS_URL: redis.url(),
      SHUTDOWN_GRACE_MS: '20000',
      ...variables,
    });

  beforeAll(async () => {
    gateway = await startWith({ DATA_DIR: scratch.path });
    await eventually(async () => (await scrapedWorkers()).length === WORKERS, 120_000);
    await connectToEach();
  }, START_MS);
  afterAll(async () => {
    for (const connection of connections.values()) await connection.close();
    await gateway.kill();
    scratch.remove();
  });

  it('answer on one port, from one embedded database, and say hello once', async () => {
    expect(new Set(connections.keys())).toEqual(new Set([1, 2]));
    expect(gateway.output().match(/Base URL/g)).toHaveLength(1);
    expect(await fetch(`${gateway.origin}/readyz`).then(({ status }) => status)).toBe(200);
  });

  it('see a change that one of them has made with the next call', async () => {
    const [one, other] = [connections.get(1)!, connections.get(2)!];
    for (let i = 0; i < 5; i++) {
      const id = `made-by-${i}`;
      const [maker, caller] = i % 2 === 0 ? [one, other] : [other, one];
      expect(await maker.admin('POST', '/ai-gateway/gateways', aGateway(id))).toBe(200);

      expect((await caller.call(id)).status).toBe(200);
    }
  });

  it('count together', async () => {
    const limited = { rate_limiting_limit: 20, rate_limiting_interval: 30 * DAY };
    await gateway.admin('POST', '/ai-gateway/gateways', { ...aGateway('limited'), ...limited });
    const callers = [...connections.values()];

    const answers = [];
    for (let i = 0; i < 30; i++) answers.push(await callers[i % callers.length]!.call('limited'));

    expect(answers.map(({ status }) => status)).toEqual([...Array(20).fill(200), ...Array(10).fill(429)]);
  });

  it('are told apart in the metrics, and each has a spool of its own', async () => {
    const before = await callsOf();
    for (let i = 0; i < 3; i++) await connections.get(1)!.call('default');
    await connections.get(2)!.call('default');

    const after = await callsOf();
    expect([1, 2].map((number) => after.get(number)! - before.get(number)!)).toEqual([3, 1]);
    expect(readdirSync(join(scratch.path, 'spool')).toSorted()).toEqual(['0', '1']);
    await eventually(async () => {
      const samples = (await scrape()).filter(({ name }) => name === 'aig_logs_total');
      const sum = (result: string): number =>
        samples.filter(({ labels }) => labels['result'] === result).reduce((total, { value }) => total + value, 0);
      return sum('written') > 0 && sum('written') === sum('accepted');
    }, 20_000);
  });

  // Only Linux says which processes they are.
  (existsSync(childrenOf(process.pid)) ? describe : describe.skip)('of which one crashes', () => {
    it('have another in its place, and go on meanwhile', async () => {
      const before = workerPids();
      expect(before).toHaveLength(WORKERS);
      process.kill(before[0]!, 'SIGKILL');

      await eventually(() => gateway.output().includes('has ended (SIGKILL); another takes its place'), 20_000);
      const survivor = await anyAlive(connections);
      expect((await survivor.call('default')).status).toBe(200);
      // Both numbers are there again, and calls on them are answered.
      await eventually(async () => (await scrapedWorkers()).length === WORKERS, START_MS);
      await connectToEach();
      expect(workerPids()).not.toContain(before[0]);
      expect(readdirSync(join(scratch.path, 'spool')).toSorted()).toEqual(['0', '1']);
    }, 300_000);
  });

  it('all let their streams finish when the gateway is stopped, which ends with 0', async () => {
    const body = { model: 'sandbox/slow', stream: true, messages: [{ role: 'user', content: LONG }] };
    const streams = [...connections.values()].map((connection) => connection.call('default', body));
    await eventually(async () => [...valuesOf(await scrape(), 'aig_calls_in_flight').values()].every((n) => n === 1));

    const code = gateway.stop();

    for (const { text } of await Promise.all(streams)) expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(await code).toBe(0);
  }, 60_000);

  it(
    'do not start where the first cannot, and say so once',
    async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;

      const refused = startWith({ PORT: String(port) });

      await expect(refused).rejects.toThrow('HOST, PORT: the address is in use.');
      await refused.catch(({ message }: Error) => expect(message.match(/cannot start/g)).toHaveLength(1));
      other.close();
    },
    START_MS,
  );
});

/** The first whose worker answers. */
async function anyAlive(connections: ReadonlyMap<number, Connection>): Promise<Connection> {
  for (const connection of connections.values()) {
    const answer = await connection.call('default').catch(() => null);
    if (answer?.status === 200) return connection;
  }
  throw new Error('No worker answers.');
}

const aGateway = (id: string) => ({
  id,
  cache_invalidate_on_update: false,
  cache_ttl: 0,
  collect_logs: true,
  rate_limiting_interval: 0,
  rate_limiting_limit: 0,
  authentication: true,
});
