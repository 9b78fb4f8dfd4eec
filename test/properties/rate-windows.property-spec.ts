import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryState } from '../../src/state/memory-state.js';
import { rateWindow, type RateWindow, type Technique } from '../../src/state/rate-window.js';
import { connectRedis } from '../../src/state/redis/redis-connection.js';
import { RedisState } from '../../src/state/redis/redis-state.js';
import type { Admission, Claim, Hold, SharedState } from '../../src/state/shared-state.js';
import { describeOnRedis } from '../support/redis-server.js';
import { TestClock } from '../support/test-clock.js';

const START = Date.UTC(2026, 0, 1);

/** Windows from a few milliseconds to a month, such that sixty slices come out even, odd, or as single milliseconds. */
const windows = fc.record({
  technique: fc.constantFrom<Technique>('fixed', 'sliding'),
  lengthMs: fc.oneof(
    fc.integer({ min: 1, max: 200 }),
    fc.constantFrom(1_000, 60_000, 61_001, 3_600_000, 30 * 86_400_000),
  ),
});

/** What happens to a counter: time passes (in thousandths of its window), room is asked for, a hold is settled. */
const events = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('wait' as const), share: fc.integer({ min: 0, max: 1_500 }) }),
    fc.record({
      kind: fc.constant('ask' as const),
      mode: fc.constantFrom<Claim['mode']>('count', 'hold', 'look'),
      amount: fc.integer({ min: 1, max: 12 }),
    }),
    fc.record({ kind: fc.constant('settle' as const), used: fc.integer({ min: 0, max: 15 }) }),
  ),
  { minLength: 1, maxLength: 40 },
);

type Happening = typeof events extends fc.Arbitrary<readonly (infer E)[]> ? E : never;

/** The slow, obvious model: a list of all that was ever used, looked through from its beginning each time. */
class Model {
  private readonly used: { at: number; amount: number }[] = [];
  readonly held: number[] = [];

  constructor(
    private readonly window: RateWindow,
    private readonly limit: number,
  ) {}

  ask(mode: Claim['mode'], amount: number, now: number): boolean {
    if (this.usedAt(now) + this.heldSum() + amount > this.limit) return false;
    if (mode === 'count') this.use(amount, now);
    if (mode === 'hold') this.held.push(amount);
    return true;
  }

  use(amount: number, now: number): void {
    this.used.push({ at: now, amount });
  }

  /** An amount counts while fewer than `live` steps of the clock, `bucketMs` long and aligned to 1970, have passed since. */
  usedAt(now: number): number {
    const step = (at: number): number => Math.floor(at / this.window.bucketMs);
    return sum(this.used.filter(({ at }) => step(now) - step(at) < this.window.live).map(({ amount }) => amount));
  }

  /** What was used in the last `ms`, to the millisecond. */
  within(ms: number, now: number): number {
    return sum(this.used.filter(({ at }) => at > now - ms).map(({ amount }) => amount));
  }

  heldSum(): number {
    return sum(this.held);
  }
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

/** Runs a script on an engine beside the model, and compares what they say at every step. */
async function compare(
  state: SharedState,
  clock: TestClock,
  key: string,
  technique: Technique,
  lengthMs: number,
  script: readonly Happening[],
): Promise<void> {
  const limit = 30;
  const window = rateWindow(technique, lengthMs);
  const model = new Model(window, limit);
  const counter = { scope: 'scope', key, window, durable: false };
  const holds: Hold[] = [];
  for (const [step, event] of script.entries()) {
    if (event.kind === 'wait') clock.advance(Math.floor((event.share / 1_000) * lengthMs));
    const now = clock.now();
    if (event.kind === 'settle') {
      const hold = holds.shift();
      const held = model.held.shift();
      if (hold === undefined || held === undefined) continue;
      state.settle([{ counter, held, amount: event.used }], hold);
      if (event.used > 0) model.use(event.used, now);
    }
    if (event.kind !== 'ask') continue;
    const hold: Hold = { id: `${key}-${step}`, whenLost: 'refund' };
    const claim = { counter, limit, amount: event.amount, mode: event.mode };
    const admission: Admission = await state.admit([claim], hold);
    const granted = model.ask(event.mode, event.amount, now);
    if (granted && event.mode === 'hold') holds.push(hold);

    expect(admission.refused).toBe(granted ? null : 0);
    const { used, held, freeAt } = admission.counters[0]!;
    expect({ used, held }).toEqual({ used: model.usedAt(now), held: model.heldSum() });
    // Nothing that a window's length reaches back to is forgotten, and nothing is remembered for much longer.
    if (technique === 'sliding') {
      expect(used).toBeGreaterThanOrEqual(model.within(lengthMs, now));
      expect(used).toBeLessThanOrEqual(model.within(lengthMs + 2 * window.bucketMs - 1, now));
    }
    if (used > 0) {
      const missing = granted ? 1 : used + held + event.amount - limit;
      expect(freeAt).toBeGreaterThan(now);
      // There is room then, and there was none a moment before; whatever is held may take longer.
      expect(used - model.usedAt(freeAt)).toBeGreaterThanOrEqual(Math.min(missing, used));
      expect(used - model.usedAt(freeAt - 1)).toBeLessThan(Math.max(1, missing));
    }
  }
}

describe('rate windows', () => {
  it('in memory count as a list of everything would', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(windows, fc.integer({ min: 0, max: 10_000_000 }), events, async (window, offset, script) => {
        const clock = new TestClock(START + offset);
        await compare(new MemoryState(clock, 0), clock, 'k', window.technique, window.lengthMs, script);
      }),
      { numRuns: 500 },
    );
  });
});

describeOnRedis('rate windows', ({ url }) => {
  const clock = new TestClock(START);
  let state: RedisState;
  let run = 0;
  beforeAll(async () => {
    const redis = await connectRedis({ url: url(), cluster: false, timeoutMs: 5_000 });
    // A lease that outlives every script: what lapses is another suite's affair.
    state = new RedisState(redis, { leaseMs: 60 * 86_400_000, whenAway: { cache: 'miss' }, clock });
  });
  afterAll(() => state.close());

  it('count as a list of everything would', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(windows, events, async ({ technique, lengthMs }, script) => {
        await compare(state, clock, `k${run++}`, technique, Math.min(lengthMs, 3_600_000), script);
      }),
      { numRuns: 100 },
    );
  });
});
