import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { aCompletion, aStream, hello } from '../support/builders.js';
import { describeOnServer } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN, type RunningGateway, startGateway } from '../support/gateway.js';
import { describeOnRedis } from '../support/redis-server.js';
import { json, sse, StubUpstream } from '../support/stub-upstream.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { Traffic } from '../support/traffic.js';

const DAY = 86_400;
const RECOVERS_MS = 60_000;
const SOME = 12;
/** gpt-4o, 9 tokens asked and 4 answered: 2.50 and 10 dollars a million. */
const COST_USD = (9 * 2.5 + 4 * 10) / 1e6;
const isThere = (): boolean => true;
const isAway = (): boolean => false;

/** Everything on: a rate limit, a budget, cached answers, logs with payload. Nothing of it is ever reached. */
const EVERYTHING = {
  id: 'everything',
  authentication: true,
  cache_invalidate_on_update: false,
  cache_ttl: 1,
  collect_logs: true,
  rate_limiting_limit: 1_000_000,
  rate_limiting_interval: DAY,
};
const BUDGET = { id: 'cap', limit: 1_000, limitType: 'cost', window: DAY, technique: 'fixed' };

describeOnRedis('Stores under traffic', (redis) => {
  describeOnServer('with a database', ({ createForAll }) => {
    let upstream: StubUpstream;
    let postgresProxy: TcpProxy;
    let redisProxy: TcpProxy;
    let gateway: RunningGateway;
    let traffic: Traffic;

    beforeAll(async () => {
      const { settings } = await createForAll();
      upstream = await StubUpstream.start();
      upstream.replies((response, request) =>
        (request.json() as { stream: boolean }).stream
          ? sse(...aStream())(response, request)
          : json(200, aCompletion())(response, request),
      );
      postgresProxy = await TcpProxy.to(settings.url ?? '');
      redisProxy = await TcpProxy.to(redis.url());
      gateway = await startGateway({
        DATABASE_URL: postgresProxy.url,
        REDIS_URL: redisProxy.url,
        REDIS_TIMEOUT_MS: '300',
        REDIS_DOWN_BUDGETS: 'open',
        CONFIG_POLL_MS: '200',
        PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
      });
      await gateway.admin('POST', '/ai-gateway/gateways', {
        ...EVERYTHING,
        spend_limits: { enabled: true, rules: [BUDGET] },
      });
    }, 120_000);
    afterAll(async () => {
      await gateway.close();
      await postgresProxy.close();
      await redisProxy.close();
      await upstream.close();
    });

    beforeEach(() => {
      traffic = new Traffic(
        `${gateway.origin}/v1/default/everything/compat/chat/completions`,
        { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, authorization: 'Bearer sk-own-0123456789' },
        () => ({ model: 'openai/gpt-4o', max_tokens: 20, ...hello }),
      );
    });
    afterEach(async () => {
      postgresProxy.up();
      redisProxy.up();
      await traffic.stop();
    });

    const allAnswered = async (): Promise<void> => {
      const ends = await traffic.next(SOME);
      expect(ends).toHaveLength(SOME);
      expect(ends.filter(({ isWhole }) => !isWhole)).toEqual([]);
    };
    const spent = async (): Promise<number> =>
      ((await gateway.admin('GET', '/ai-gateway/gateways/everything/budgets')) as { spent: number }[])[0]!.spent;
    /** Has every call of this drill its log? */
    const allAreLogged = async (): Promise<void> => {
      for (const { logId } of traffic.ends) {
        const path = `/ai-gateway/gateways/everything/logs/${logId}`;
        await eventually(() => gateway.admin('GET', path).then(isThere, isAway), RECOVERS_MS);
      }
    };

    it('Postgres stops and comes back: calls go on, no log is lost, the control plane is back by itself', async () => {
      await allAnswered();
      postgresProxy.down();

      await allAnswered();
      await expect(gateway.admin('GET', '/ai-gateway/gateways')).rejects.toThrow(/: 5\d\d /);
      await allAnswered();
      postgresProxy.up();

      await eventually(() => gateway.admin('GET', '/ai-gateway/gateways').then(isThere, isAway), RECOVERS_MS);
      await traffic.stop();
      await allAreLogged();
      expect(traffic.broken).toEqual([]);
    }, 120_000);

    it('Postgres is slow: calls are not', async () => {
      await allAnswered();
      postgresProxy.hold();
      let isListed = false;
      const listing = gateway.admin('GET', '/ai-gateway/gateways').then(() => (isListed = true));

      await allAnswered();

      expect(isListed).toBe(false);
      postgresProxy.up();
      await listing;
      await traffic.stop();
      await allAreLogged();
    }, 120_000);

    it('Redis stops and comes back: calls go on, and what they used is booked', async () => {
      await allAnswered();
      redisProxy.down();

      await allAnswered();
      redisProxy.up();

      await eventually(() => spent().then(isThere, isAway), RECOVERS_MS);
      await allAnswered();
      await traffic.stop();
      await allAreLogged();
      // Whatever the provider was asked for: before, meanwhile and since.
      await eventually(async () => (await spent()) >= upstream.received.length * COST_USD - 1e-9, RECOVERS_MS);
      expect(traffic.broken).toEqual([]);
    }, 120_000);

    it('Redis is slow: it counts as away for the calls that it keeps waiting', async () => {
      await allAnswered();
      redisProxy.hold();

      await allAnswered();
      redisProxy.up();

      await eventually(() => spent().then(isThere, isAway), RECOVERS_MS);
      await allAnswered();
      expect(traffic.broken).toEqual([]);
    }, 120_000);

    it('both stop and come back', async () => {
      postgresProxy.down();
      redisProxy.down();

      await allAnswered();
      postgresProxy.up();
      redisProxy.up();

      await eventually(() => spent().then(isThere, isAway), RECOVERS_MS);
      await traffic.stop();
      await allAreLogged();
      expect(traffic.broken).toEqual([]);
    }, 120_000);
  });
});
