import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { rateWindow } from '../../src/state/rate-window.js';
import { connectRedis } from '../../src/state/redis/redis-connection.js';
import { RedisState, type RedisStateOptions } from '../../src/state/redis/redis-state.js';
import type { Claim, CounterName, Hold } from '../../src/state/shared-state.js';
import { StateUnavailable } from '../../src/state/state-unavailable.js';
import { eventually } from '../support/eventually.js';
import { describeOnRedis, type RedisFixture } from '../support/redis-server.js';
import { TestClock } from '../support/test-clock.js';

const aClaim = ({
  limit = 100,
  amount = 60,
  mode = 'hold',
  ...name
}: Partial<CounterName & Claim> & Pick<CounterName, 'scope'>): Claim => ({
  counter: { key: 'k', window: WINDOW, durable: true, ...name },
  limit,
  amount,
  mode,
});
const WINDOW = rateWindow('fixed', 600_000);
const aHold = (id: string, whenLost: Hold['whenLost'] = 'refund'): Hold => ({ id, whenLost });

let scopes = 0;
const aScope = (): string => `scope-${process.pid}-${scopes++}`;

function suite({ url, server }: RedisFixture, isCluster: boolean): void {
  const open: RedisState[] = [];
  afterEach(async () => {
    for (const state of open.splice(0)) await state.close();
  });
  const connect = async (options: Partial<RedisStateOptions> = {}): Promise<RedisState> => {
    const redis = await connectRedis({ url: url(), cluster: isCluster, timeoutMs: 1_000 });
    const state = new RedisState(redis, { leaseMs: 60_000, whenAway: { cache: 'miss' }, ...options });
    open.push(state);
    return state;
  };

  it('grants no more than the limit to many who ask at once, on two connections', async () => {
    const scope = aScope();
    const [one, other] = [await connect(), await connect()];
    const claim = aClaim({ scope, limit: 100, amount: 1, mode: 'count', window: rateWindow('sliding', 60_000) });

    const admissions = await Promise.all(
      Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? one : other).admit([claim])),
    );

    expect(admissions.filter(({ refused }) => refused === null)).toHaveLength(100);
    expect((await one.admit([claim])).counters).toMatchObject([{ used: 100, held: 0 }]);
  });

  it('grants all of several claims or none, and lets go of what was held when it is settled', async () => {
    const scope = aScope();
    const state = await connect();
    const claims = [aClaim({ scope, key: 'wide', limit: 1_000 }), aClaim({ scope, key: 'narrow' })];

    expect((await state.admit(claims, aHold('a'))).refused).toBeNull();
    expect(await state.admit(claims, aHold('b'))).toMatchObject({
      refused: 1,
      counters: [{ held: 60 }, { held: 60 }],
    });
    state.settle(
      claims.map(({ counter }) => ({ counter, held: 60, amount: 5 })),
      aHold('a'),
    );

    expect(await state.admit(claims, aHold('b'))).toMatchObject({
      refused: null,
      counters: [
        { used: 5, held: 60 },
        { used: 5, held: 60 },
      ],
    });
  });

  it.each([
    ['refund', 0, null],
    ['charge', 60, 0],
  ] as const)('what a dead process held: %s', async (whenLost, used, refused) => {
    const scope = aScope();
    const clock = new TestClock();
    const dead = await connect({ clock });
    const alive = await connect({ clock });
    await dead.admit([aClaim({ scope })], aHold('a', whenLost));
    clock.advance(59_999);
    expect(await alive.admit([aClaim({ scope, amount: 0 })])).toMatchObject({ counters: [{ used: 0, held: 60 }] });
    clock.advance(1);

    expect(await alive.admit([aClaim({ scope })], aHold('b'))).toMatchObject({ refused, counters: [{ used }] });
    // It was not dead after all: what it really used is booked, in place of what was charged for it.
    dead.settle([{ counter: aClaim({ scope }).counter, held: 60, amount: 10 }], aHold('a', whenLost));
    expect(await dead.admit([aClaim({ scope, amount: 0, limit: 1_000 })])).toMatchObject({
      counters: [{ used: 10 }],
    });
  });

  it('renews what a living process holds', async () => {
    const scope = aScope();
    const state = await connect({ leaseMs: 2_000 });
    await state.admit([aClaim({ scope })], aHold('a'));

    await sleep(3_000);

    expect(await state.admit([aClaim({ scope })], aHold('b'))).toMatchObject({ refused: 0, counters: [{ held: 60 }] });
  });

  it('refuses for no longer than a window when the clock is put back', async () => {
    const clock = new TestClock();
    const state = await connect({ clock });
    const claim = aClaim({ scope: aScope(), mode: 'count' });
    await state.admit([claim]);

    clock.advance(-86_400_000);

    const { refused, counters } = await state.admit([claim]);
    expect(refused).toBe(0);
    expect(counters[0]!.freeAt - clock.now()).toBeLessThanOrEqual(600_000);
    clock.advance(counters[0]!.freeAt - clock.now());
    expect((await state.admit([claim])).refused).toBeNull();
  });

  it('lists durable counters by the beginning of their key', async () => {
    const scope = aScope();
    const state = await connect();
    for (const key of ['budget:1:alice', 'budget:1:bob', 'budget:2:carol'])
      await state.admit([aClaim({ scope, key })], aHold(key));
    await state.admit([aClaim({ scope, key: 'budget:1:requests', durable: false, mode: 'count' })]);

    const found = await state.list(scope, 'budget:1:', WINDOW, 10);

    expect(new Map(found.map(({ key, held }) => [key, held]))).toEqual(
      new Map([
        ['budget:1:alice', 60],
        ['budget:1:bob', 60],
      ]),
    );
    expect(await state.list(scope, 'budget:1:', rateWindow('sliding', 1_000), 10)).toEqual([]);
  });

  it('keeps bytes as they are, for as long as it was told', async () => {
    const state = await connect();
    const bytes = Buffer.from([0, 255, 10, 13, 128]);

    await state.setBlob('blob', bytes, 60_000);
    expect(await state.getBlob('blob')).toEqual(bytes);
    await state.deleteBlob('blob');
    expect(await state.getBlob('blob')).toBeNull();
    await state.setBlob('blob', bytes, 100);
    await eventually(async () => (await state.getBlob('blob')) === null);
  });

  it('says that it cannot be asked while Redis is away, loses nothing that was settled meanwhile, and recovers by itself', async () => {
    const redis = server();
    if (redis === null) return; // a server that is not ours is not ours to stop
    const scope = aScope();
    const [missing, refusing] = [await connect(), await connect({ whenAway: { cache: 'refuse' } })];
    await missing.admit([aClaim({ scope })], aHold('a'));
    await redis.stop();

    await expect(missing.admit([aClaim({ scope })], aHold('b'))).rejects.toBeInstanceOf(StateUnavailable);
    expect(await missing.getBlob('blob')).toBeNull();
    await expect(refusing.getBlob('blob')).rejects.toMatchObject({ status: 503 });
    await expect(missing.setBlob('blob', Buffer.from('x'), 1_000)).resolves.toBeUndefined();
    missing.settle([{ counter: aClaim({ scope }).counter, held: 60, amount: 7 }], aHold('a'));
    await redis.start();

    const used = async (): Promise<unknown> => {
      for (;;) {
        const admission = await missing.admit([aClaim({ scope, amount: 0 })]).catch(() => null);
        if (admission?.counters[0]?.held === 0) return admission.counters[0].used;
        await sleep(50);
      }
    };
    expect(await used()).toBe(7);
  });
}

describeOnRedis('RedisState', (fixture) => suite(fixture, false));
describeOnRedis('RedisState in a cluster', (fixture) => suite(fixture, true), true);

describe('connectRedis', () => {
  it('refuses a start without an answer, in one line', async () => {
    const connecting = connectRedis({ url: 'redis://user:hidden@127.0.0.1:1', cluster: false, timeoutMs: 100 });

    await expect(connecting).rejects.toMatchObject({
      problems: [expect.stringMatching(/^REDIS_URL: Redis at 127\.0\.0\.1:1 does not answer: /)],
    });
  });
});
