import { beforeEach, describe, expect, it } from '@jest/globals';
import { TestClock } from '../../test/support/test-clock.js';
import { MemoryState } from './memory-state.js';
import { rateWindow } from './rate-window.js';
import type { Claim, CounterName } from './shared-state.js';

let clock: TestClock;
let state: MemoryState;
beforeEach(() => {
  clock = new TestClock(600_000);
  state = new MemoryState(clock, 10_000, 100);
});

const aClaim = ({ limit = 3, amount = 1, mode = 'count', ...name }: Partial<CounterName & Claim> = {}): Claim => ({
  counter: { scope: 'g', key: 'k', window: rateWindow('fixed', 60_000), durable: false, ...name },
  limit,
  amount,
  mode,
});

describe('MemoryState', () => {
  it('grants as much as there is room for, and says when there is room again', () => {
    clock.advance(1_000);
    const admissions = [1, 2, 3, 4].map(() => state.admit([aClaim()]));

    expect(admissions.map(({ refused }) => refused)).toEqual([null, null, null, 0]);
    expect(state.admit([aClaim()]).counters).toEqual([{ used: 3, held: 0, freeAt: 660_000 }]);
    clock.advance(59_000);
    expect(state.admit([aClaim()]).refused).toBeNull();
  });

  it.each(['fixed', 'sliding'] as const)(
    'refuses for no longer than a window when the clock is put back (%s)',
    (technique) => {
      const claim = aClaim({ window: rateWindow(technique, 60_000) });
      for (let i = 0; i < 3; i++) state.admit([claim]);

      clock.advance(-300_000);

      const { refused, counters } = state.admit([claim]);
      expect(refused).toBe(0);
      expect(counters[0]!.freeAt - clock.now()).toBeLessThanOrEqual(62_000);
      clock.advance(counters[0]!.freeAt - clock.now());
      expect(state.admit([claim]).refused).toBeNull();
    },
  );

  it('grants all of several claims, or none', () => {
    const both = [aClaim({ key: 'wide', limit: 10 }), aClaim({ key: 'narrow', limit: 1 })];

    expect(state.admit(both).refused).toBeNull();
    expect(state.admit(both)).toMatchObject({ refused: 1, counters: [{ used: 1 }, { used: 1 }] });
  });

  it('keeps what is held until it is settled, and then counts what was used', () => {
    const claim = aClaim({ limit: 100, amount: 60, mode: 'hold' });

    expect(state.admit([claim]).refused).toBeNull();
    expect(state.admit([claim])).toMatchObject({
      refused: 0,
      counters: [{ held: 60 }],
    });
    state.settle([{ counter: claim.counter, held: 60, amount: 5 }]);

    expect(state.admit([claim])).toMatchObject({
      refused: null,
      counters: [{ used: 5, held: 60 }],
    });
  });

  it('counts anew when the window is another one, and apart in another scope', () => {
    for (let i = 0; i < 3; i++) state.admit([aClaim()]);

    expect(state.admit([aClaim({ window: rateWindow('sliding', 60_000) })]).refused).toBeNull();
    expect(state.admit([aClaim({ scope: 'h' })]).refused).toBeNull();
    expect(state.admit([aClaim()]).refused).toBe(0);
  });

  it('holds so many counters at most: the one that was idle longest goes', () => {
    for (let i = 0; i < 3; i++) state.admit([aClaim()]);
    for (let i = 0; i < 98; i++) state.admit([aClaim({ key: String(i) })]);
    expect(state.admit([aClaim()]).refused).toBe(0);
    for (let i = 0; i < 100; i++) state.admit([aClaim({ key: `x${i}` })]);

    expect(state.admit([aClaim()]).refused).toBeNull();
  });

  it('keeps bytes for as long as it was told, the least recently used making room', () => {
    state.setBlob('a', Buffer.alloc(4_000), 1_000);
    state.setBlob('b', Buffer.alloc(4_000), 5_000);
    expect(state.getBlob('a')).toHaveLength(4_000);
    state.setBlob('c', Buffer.alloc(4_000), 5_000);

    expect(state.getBlob('b')).toBeNull();
    expect(state.getBlob('a')).not.toBeNull();
    clock.advance(1_000);
    expect(state.getBlob('a')).toBeNull();
    state.setBlob('c', Buffer.alloc(10_000), 5_000);
    expect(state.getBlob('c')).toBeNull();
  });
});
