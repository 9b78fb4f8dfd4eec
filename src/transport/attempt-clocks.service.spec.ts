import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AttemptClocks } from './attempt-clocks.service.js';

const timeouts = { connectMs: 100, headersMs: 0, firstTokenMs: 0, idleMs: 0, totalMs: 0, requestMs: 0 };

describe('AttemptClocks', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells whose time is up', () => {
    const faults: string[] = [];
    new AttemptClocks().start(timeouts, false).whenOver((fault) => faults.push(fault));

    jest.advanceTimersByTime(90);
    expect(faults).toEqual([]);
    jest.advanceTimersByTime(40);
    expect(faults).toEqual(['connect_timeout']);
  });

  it('rest while no attempt is under way, and go on with the next', () => {
    const clocks = new AttemptClocks();
    clocks.start(timeouts, false).done();
    jest.advanceTimersByTime(100);
    expect(jest.getTimerCount()).toBe(0);

    const faults: string[] = [];
    clocks.start(timeouts, false).whenOver((fault) => faults.push(fault));
    jest.advanceTimersByTime(130);
    expect(faults).toEqual(['connect_timeout']);
  });
});
