import { Clock } from '../../src/common/clock.js';

/** A clock that stands still until a test moves it. */
export class TestClock extends Clock {
  constructor(private ms: number = Date.UTC(2026, 0, 1)) {
    super();
  }

  override now(): number {
    return this.ms;
  }

  advance(ms: number): void {
    this.ms += ms;
  }
}
