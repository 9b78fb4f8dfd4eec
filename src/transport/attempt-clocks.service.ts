import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type AttemptTimeouts, AttemptWatch } from './attempt-watch.js';

/** How late a clock may run out. */
const TICK_MS = 20;

/**
 * All attempts' clocks behind one coarse timer: five `setTimeout`s a call, moved at each piece of a body, would cost more than
 * the call. Looking through 5,000 watches takes about 50 µs.
 */
@Injectable()
export class AttemptClocks implements OnApplicationShutdown {
  private readonly watches = new Set<AttemptWatch>();
  private timer: NodeJS.Timeout | null = null;

  /** @param streams Is the answer to be a stream? Only then is there a first token to wait for. */
  start(timeouts: AttemptTimeouts, streams: boolean): AttemptWatch {
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref();
    return new AttemptWatch(timeouts, streams, Date.now(), this.watches);
  }

  onApplicationShutdown(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  private tick(): void {
    const now = Date.now();
    for (const watch of this.watches) watch.check(now);
  }
}
