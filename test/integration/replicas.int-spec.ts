import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { aCompletion } from '../support/builders.js';
import { numbersOf } from '../support/chat-streams.js';
import { describeOnServer } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_TOKEN } from '../support/gateway.js';
import { describeOnRedis } from '../support/redis-server.js';
import { type Replica, startReplica } from '../support/replica.js';
import { json, type ReceivedRequest, StubUpstream } from '../support/stub-upstream.js';

const DAY = 86_400;
const CAP_USD = 1;
const CALLERS = 1_000;
/** How many seeds each of the long proofs runs with: `REPLICA_RUNS=20` for all. */
const RUNS = Number(process.env['REPLICA_RUNS'] ?? 1);
/** Longer than a call takes where all callers come at once and the machine has other things to do. */
const LEASE_MS = 10_000;

/** What a call asks of the stub, as its message: so that the seed decides over everything. */
interface Wish {
  readonly gateway: string;
  readonly tokens: number;
  readonly delayMs: number;
  readonly fails: boolean;
  /** Its caller leaves, and the provider stops then: it bills nothing. */
  readonly isLeft?: boolean;
}

/** gpt-4o: 2.50 and 10 dollars a million. */
const PROMPT_TOKENS = 20;
const costOf = ({ tokens, fails, isLeft = false }: Pick<Wish, 'tokens' | 'fails' | 'isLeft'>): number =>
  fails || isLeft ? 0 : (PROMPT_TOKENS * 2.5 + tokens * 10) / 1e6;

const wishOf = (request: ReceivedRequest): Wish =>
  JSON.parse((request.json() as { messages: { content: string }[] }).messages[0]!.content) as Wish;

let upstream: StubUpstream;
/** What the provider would bill a gateway: for every call that reached it, answered or not. */
const billed = new Map<string, number>();
const billedBy = (gateway: string): number => billed.get(gateway) ?? 0;
let gateways = 0;

beforeAll(async () => {
  upstream = await StubUpstream.start();
  upstream.replies(async (response, request) => {
    const wish = wishOf(request);
    billed.set(wish.gateway, billedBy(wish.gateway) + costOf(wish));
    await sleep(wish.delayMs);
    const { tokens } = wish;
    const usage = { prompt_tokens: PROMPT_TOKENS, completion_tokens: tokens, total_tokens: PROMPT_TOKENS + tokens };
    await json(wish.fails ? 500 : 200, wish.fails ? { error: { message: 'no' } } : aCompletion('x', { usage }))(
      response,
      request,
    );
  });
});
afterAll(() => upstream.close());

const call = async (
  { origin }: Replica,
  gateway: string,
  asked: Omit<Wish, 'gateway'> = { tokens: 100, delayMs: 0, fails: false },
  signal: AbortSignal | null = null,
): Promise<Response> => {
  const wish = { ...asked, gateway };
  const response = await fetch(`${origin}/v1/default/${gateway}/compat/chat/completions`, {
    method: 'POST',
    headers: { 'cf-aig-authorization': `Bearer ${ADMIN_TOKEN}`, authorization: 'Bearer sk-own-0123456789' },
    body: JSON.stringify({
      model: 'openai/gpt-4o',
      max_tokens: wish.tokens * 2,
      messages: [{ role: 'user', content: JSON.stringify(wish) }],
    }),
    signal,
  });
  await response.arrayBuffer();
  return response;
};

/** A gateway of its own, known to all replicas. */
async function aGateway(replicas: readonly Replica[], options: Record<string, unknown>): Promise<string> {
  const id = `g${gateways++}`;
  await replicas[0]!.admin('POST', '/ai-gateway/gateways', {
    id,
    cache_invalidate_on_update: false,
    cache_ttl: 0,
    collect_logs: false,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
    authentication: true,
    ...options,
  });
  for (const replica of replicas) {
    await eventually(async () => {
      const answer = await fetch(`${replica.origin}/v1/default/${id}/compat/models`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      });
      return answer.status === 200;
    });
  }
  return id;
}

const aBudget = (limit: number, settings: Record<string, unknown> = {}) => ({
  spend_limits: {
    enabled: true,
    rules: [{ id: 'cap', limit, limitType: 'cost', window: 30 * DAY, technique: 'sliding' }],
  },
  settings: { budgets: settings },
});

const budgetOf = async (replica: Replica, id: string): Promise<{ spent: number; reserved: number }> =>
  ((await replica.admin('GET', `/ai-gateway/gateways/${id}/budgets`)) as { spent: number; reserved: number }[])[0]!;

interface Caller {
  readonly wish: Omit<Wish, 'gateway'>;
  readonly leavesAfterMs: number | null;
  readonly choices: (below: number) => number;
}

/** Calls as their seed has them: some leave, some fail, all come at once, and come back while there may be room again. */
class Crowd {
  answered = 0;
  /** What the callers who got an answer cost. */
  owed = 0;

  constructor(
    private readonly replicas: Replica[],
    private readonly gateway: string,
    private readonly seed: number,
    /** Does the provider stop when a caller leaves? Else it bills all that was asked. */
    private readonly stopsWhenLeft = false,
  ) {}

  async run(): Promise<void> {
    const numbers = numbersOf(this.seed);
    const callers = Array.from({ length: CALLERS }, () => ({
      wish: { tokens: 50 + numbers(250), delayMs: numbers(40), fails: numbers(100) < 3 },
      leavesAfterMs: numbers(100) < 3 ? numbers(30) : null,
      choices: numbersOf(numbers(2 ** 30)),
    }));
    await Promise.all(callers.map((caller) => this.one(caller)));
  }

  private async one({ wish, leavesAfterMs, choices }: Caller): Promise<void> {
    for (let tries = 1; ; tries++) {
      const replica = this.replicas[choices(this.replicas.length)]!;
      const signal = leavesAfterMs === null ? null : AbortSignal.timeout(leavesAfterMs);
      const isLeft = this.stopsWhenLeft && leavesAfterMs !== null;
      const answer = await call(replica, this.gateway, { ...wish, isLeft }, signal).catch(() => null);
      if (answer?.status === 200) {
        this.answered++;
        this.owed += costOf(wish);
        return;
      }
      if (answer?.status === 500 || leavesAfterMs !== null) return;
      if (answer !== null && answer.headers.get('x-should-retry') !== 'true') return;
      // The replica has died, or others have reserved what is left, and may not need it. A crowd that asks all the time keeps those waiting.
      await sleep((100 + choices(400)) * Math.min(tries, 10));
    }
  }

  /** A replica has died: nobody asks it any more. */
  without(replica: Replica): void {
    this.replicas.splice(this.replicas.indexOf(replica), 1);
  }
}

const seeds = Array.from({ length: RUNS }, (_, i) => i + 1);

describeOnRedis('Replicas', (redis) => {
  describeOnServer('with a database', ({ createForAll }) => {
    let variables: Record<string, string>;
    const running: Replica[] = [];
    const start = async (more: Record<string, string> = {}): Promise<Replica> => {
      const replica = await startReplica({ ...variables, ...more });
      running.push(replica);
      return replica;
    };
    const kill = async (replica: Replica): Promise<void> => {
      running.splice(running.indexOf(replica), 1);
      await replica.kill();
    };
    let first: Replica;
    let second: Replica;

    beforeAll(async () => {
      const { settings } = await createForAll();
      variables = {
        DATABASE_URL: settings.url ?? '',
        REDIS_URL: redis.url(),
        BUDGET_LEASE_MS: String(LEASE_MS),
        // A machine that is busy is no Redis that is away.
        REDIS_TIMEOUT_MS: '10000',
        PROVIDER_BASE_URLS: JSON.stringify({ openai: upstream.origin }),
      };
      [first, second] = await Promise.all([
        start(),
        start({ REDIS_DOWN_LIMITS: 'closed', REDIS_DOWN_BUDGETS: 'open' }),
      ]);
    });
    // Before the database goes.
    afterAll(() => Promise.all(running.map((replica) => replica.kill())));

    it('let exactly as many calls through as the rate limit says, together', async () => {
      const id = await aGateway([first, second], { rate_limiting_limit: 100, rate_limiting_interval: 30 * DAY });

      const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => call(i % 2 === 0 ? first : second, id)));

      expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(200);
    });

    it.each(seeds)(
      'never overdraw a budget, and leave little of it unused (seed %i)',
      async (seed) => {
        const id = await aGateway([first, second], aBudget(CAP_USD));
        const crowd = new Crowd([first, second], id, seed);

        await crowd.run();

        await eventually(async () => (await budgetOf(first, id)).reserved === 0);
        const { spent } = await budgetOf(first, id);
        expect(spent).toBeLessThanOrEqual(CAP_USD);
        expect(spent).toBeGreaterThanOrEqual(0.97 * CAP_USD);
        expect(crowd.owed).toBeLessThanOrEqual(spent + 1e-9);
      },
      300_000,
    );

    it.each(seeds)(
      'keep to it by what the provider bills when one of them is killed, and its reservations end (seed %i)',
      async (seed) => {
        const id = await aGateway([first, second], aBudget(CAP_USD));
        const crowd = new Crowd([first, second], id, seed, true);
        const over = crowd.run();
        await eventually(() => crowd.answered > 100);
        crowd.without(second);
        await kill(second);

        await over;
        await eventually(async () => (await budgetOf(first, id)).reserved === 0);
        const { spent } = await budgetOf(first, id);
        expect(billedBy(id)).toBeLessThanOrEqual(CAP_USD);
        expect(spent).toBeLessThanOrEqual(CAP_USD);
        expect(spent).toBeGreaterThanOrEqual(0.97 * CAP_USD);
        // Whoever was answered is charged for it, also by the one that died.
        expect(crowd.owed).toBeLessThanOrEqual(spent + 1e-9);
        second = await start({ REDIS_DOWN_LIMITS: 'closed', REDIS_DOWN_BUDGETS: 'open' });
      },
      300_000,
    );

    it.each(seeds)(
      'keep to it at a provider that bills calls that were left, where all lost calls are charged (seed %i)',
      async (seed) => {
        const id = await aGateway([first, second], aBudget(CAP_USD, { lost_calls: 'charge' }));
        const crowd = new Crowd([first, second], id, seed);
        const over = crowd.run();
        await eventually(() => crowd.answered > 100);
        crowd.without(second);
        await kill(second);

        await over;
        await eventually(async () => (await budgetOf(first, id)).reserved === 0);
        const { spent } = await budgetOf(first, id);
        expect(billedBy(id)).toBeLessThanOrEqual(CAP_USD);
        expect(spent).toBeLessThanOrEqual(CAP_USD);
        expect(spent).toBeGreaterThanOrEqual(0.97 * CAP_USD);
        second = await start({ REDIS_DOWN_LIMITS: 'closed', REDIS_DOWN_BUDGETS: 'open' });
      },
      300_000,
    );

    it('do while Redis is away what they are told, and recover by themselves', async () => {
      const server = redis.server();
      if (server === null) return; // a server that is not ours is not ours to stop
      const limited = await aGateway([first, second], { rate_limiting_limit: 1_000, rate_limiting_interval: DAY });
      const budgeted = await aGateway([first, second], aBudget(CAP_USD));
      const statuses = async (): Promise<number[]> =>
        (
          await Promise.all([
            call(first, limited),
            call(first, budgeted),
            call(second, limited),
            call(second, budgeted),
          ])
        ).map(({ status }) => status);
      expect(await statuses()).toEqual([200, 200, 200, 200]);
      const before = billedBy(budgeted);
      const slow = call(first, budgeted, { tokens: 100, delayMs: 500, fails: false });
      await eventually(() => billedBy(budgeted) > before);

      await server.stop();
      // By default limits fail open and budgets closed; the second has it the other way round.
      expect(await statuses()).toEqual([200, 503, 503, 200]);
      await expect(budgetOf(first, budgeted)).rejects.toThrow('503');
      expect((await slow).status).toBe(200);
      await server.start();

      await eventually(async () => (await statuses()).every((status) => status === 200));
      // Nothing that was used meanwhile is forgotten: not the call that was under way, nor what was let through without asking.
      await eventually(async () => {
        const { spent, reserved } = await budgetOf(first, budgeted);
        return reserved === 0 && Math.abs(spent - billedBy(budgeted)) < 1e-9;
      });
    });

    it('refuse to start where they would count apart, with the reason', async () => {
      const withoutRedis = { REDIS_URL: '' };
      await expect(start(withoutRedis)).rejects.toThrow(
        /REDIS_URL: another gateway is using this database\. Replicas share/,
      );

      await kill(first);
      await kill(second);
      first = await start(withoutRedis);
      const [alone, shared] = await Promise.allSettled([start(withoutRedis), start()]);

      expect(alone).toMatchObject({ reason: { message: expect.stringContaining('set REDIS_URL, the same on all') } });
      expect(shared).toMatchObject({ reason: { message: expect.stringContaining('without REDIS_URL') } });
    });
  });
});
