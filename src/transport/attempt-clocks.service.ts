import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type AttemptTimeouts, AttemptWatch } from './attempt-watch.js';

/** How late a clock may run out. */
const TICK_MS = 20;

/**
 * All attempts' clocks behind one coarse timer, which rests while there are none: five `setTimeout`s a call, moved at each piece of
 * a body, would cost more than the call. Looking through 5,000 watches takes about 50 µs.
 */
@Injectable()
export class AttemptClocks implements OnApplicationShutdown {
  private readonly watches = new Set<AttemptWatch>();
  private timer: NodeJS.Timeout | null = null;

  /** @param streams Is the answer to be a stream? Only then is there a first token to wait for. */
  start(timeouts: AttemptTimeouts, streams: boolean): AttemptWatch {
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref();
    return new AttemptWatch(timeouts, streams, performance.now(), this.watches);
  }

  onApplicationShutdown(): void {
    this.rest();
  }

  private tick(): void {
    const now = performance.now();
    if (this.watches.size === 0) this.rest();
    for (const watch of this.watches) watch.check(now);
  }

  private rest(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }
}
