import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AttemptWatch, type AttemptTimeouts } from './attempt-watch.js';

const timeouts: AttemptTimeouts = {
  connectMs: 10,
  headersMs: 100,
  firstTokenMs: 200,
  idleMs: 50,
  totalMs: 1_000,
  requestMs: 250,
};

const aWatch = (streams: boolean, rest: Partial<AttemptTimeouts> = {}) => {
  const watches = new Set<AttemptWatch>();
  const watch = new AttemptWatch({ ...timeouts, ...rest }, streams, performance.now(), watches);
  const faults: string[] = [];
  watch.whenOver((fault) => faults.push(fault));
  /** Looks at the clocks; is it over with the attempt? */
  const over = (now: number): boolean => {
    watch.check(now);
    return watches.size === 0;
  };
  return { watch, faults, over };
};

describe('AttemptWatch', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0, doNotFake: ['setTimeout', 'setInterval'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const at = (ms: number): void => {
    jest.advanceTimersByTime(ms - performance.now());
  };

  it('names the phase that took too long', () => {
    const connecting = aWatch(true);
    expect(connecting.over(9)).toBe(false);
    expect(connecting.over(10)).toBe(true);
    expect(connecting.faults).toEqual(['connect_timeout']);

    const waiting = aWatch(true);
    waiting.watch.connected();
    expect(waiting.over(100)).toBe(true);
    expect(waiting.faults).toEqual(['headers_timeout']);

    const thinking = aWatch(true, { requestMs: 0 });
    thinking.watch.connected();
    thinking.watch.headCame();
    at(150);
    thinking.watch.bytesCame(); // role-only deltas and pings are no progress
    expect(thinking.over(199)).toBe(false);
    expect(thinking.over(200)).toBe(true);
    expect(thinking.faults).toEqual(['first_token_timeout']);
  });

  it('starts the idle clock anew with each piece, and not while the reader holds back', () => {
    const { watch, faults, over } = aWatch(true);
    watch.connected();
    watch.headCame();
    watch.contentCame();
    at(40);
    watch.bytesCame();
    expect(over(80)).toBe(false);
    watch.held();
    expect(over(900)).toBe(false);
    at(900);
    watch.bytesCame();
    expect(over(950)).toBe(true);
    expect(faults).toEqual(['idle_timeout']);
  });

  it('has no first token to wait for in a whole answer', () => {
    const { watch, faults, over } = aWatch(false);
    watch.connected();
    watch.headCame();
    expect(over(50)).toBe(true);
    expect(faults).toEqual(['idle_timeout']);
  });

  it('ends the wait for the first byte once it is there', () => {
    const late = aWatch(true, { firstTokenMs: 0 });
    late.watch.connected();
    late.watch.headCame();
    expect(late.over(250)).toBe(true);
    expect(late.faults).toEqual(['request_timeout']);

    const intime = aWatch(true, { idleMs: 0 });
    intime.watch.contentCame();
    expect(intime.over(999)).toBe(false);
    expect(intime.over(1_000)).toBe(true);
    expect(intime.faults).toEqual(['total_timeout']);
  });

  it('says nothing when it is done, or without limits', () => {
    const { watch, faults, over } = aWatch(true);
    watch.done();
    expect(over(10_000)).toBe(true);

    const free = aWatch(true, { connectMs: 0, headersMs: 0, firstTokenMs: 0, idleMs: 0, totalMs: 0, requestMs: 0 });
    expect(free.over(1e9)).toBe(false);
    expect([...faults, ...free.faults]).toEqual([]);
  });
});
