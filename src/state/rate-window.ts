import { Remembered } from '../common/remembered.js';

export type Technique = 'fixed' | 'sliding';

/**
 * A span of time that amounts are counted over, cut into buckets that are aligned to the clock. A fixed window is one bucket: it
 * starts anew at every multiple of its length. A sliding one counts an amount for its whole length and a sixtieth or two longer at the most, so
 * no interval of that length ever holds more than the limit, wherever it begins.
 */
export interface RateWindow {
  /** Part of a counter's name: another length or technique starts a new count. */
  readonly id: string;
  readonly bucketMs: number;
  /** The buckets that count at a time, the one of now among them. */
  readonly live: number;
}

/** How finely a sliding window is cut. */
const SLICES = 60;

/** A gateway's rules ask for the same few windows again and again; their lengths come from administrators, so there is a bound. */
const MAX_KNOWN = 1_000;
const known: Readonly<Record<Technique, Remembered<number, RateWindow>>> = {
  fixed: new Remembered(MAX_KNOWN, (lengthMs) => newWindow('fixed', lengthMs)),
  sliding: new Remembered(MAX_KNOWN, (lengthMs) => newWindow('sliding', lengthMs)),
};

export const rateWindow = (technique: Technique, lengthMs: number): RateWindow => known[technique].of(lengthMs);

function newWindow(technique: Technique, lengthMs: number): RateWindow {
  const length = Math.max(1, Math.round(lengthMs));
  if (technique === 'fixed') return { id: `f${length}`, bucketMs: length, live: 1 };
  const bucketMs = Math.ceil(length / SLICES);
  return { id: `s${length}`, bucketMs, live: Math.ceil((length - 1) / bucketMs) + 1 };
}

/** The window of this id. */
export const windowOfId = (id: string): RateWindow =>
  rateWindow(id.startsWith('f') ? 'fixed' : 'sliding', Number(id.slice(1)));

/** What was counted, by bucket. */
export class WindowCount {
  /** Oldest first; `amounts` in step with it. */
  readonly buckets: number[] = [];
  readonly amounts: number[] = [];
  /** The sum of the buckets that count. */
  used = 0;

  constructor(private readonly window: RateWindow) {}

  /** Forgets what has left the window. What lies ahead was counted before the clock was put back: it counts as of now, so that it leaves in time. */
  advance(now: number): void {
    const current = Math.floor(now / this.window.bucketMs);
    const oldest = current - this.window.live + 1;
    if (this.buckets.length > 0 && this.buckets.at(-1)! > current) this.putBackTo(current);
    while (this.buckets.length > 0 && this.buckets[0]! < oldest) {
      this.buckets.shift();
      this.used -= this.amounts.shift()!;
    }
  }

  private putBackTo(current: number): void {
    let amount = 0;
    while (this.buckets.length > 0 && this.buckets.at(-1)! >= current) {
      this.buckets.pop();
      amount += this.amounts.pop()!;
    }
    this.buckets.push(current);
    this.amounts.push(amount);
  }

  /** Expects to have been advanced to `now`. */
  add(amount: number, now: number): void {
    this.addTo(Math.floor(now / this.window.bucketMs), amount);
  }

  addTo(bucket: number, amount: number): void {
    const last = this.buckets.length - 1;
    if (last >= 0 && this.buckets[last]! >= bucket) this.amounts[last]! += amount;
    else {
      this.buckets.push(bucket);
      this.amounts.push(amount);
    }
    this.used += amount;
  }

  /** When at least `amount` of what is used will have left; all of it, should that not be enough. Now, when nothing is used. */
  freeAt(amount: number, now: number): number {
    let freed = 0;
    let at = now;
    for (let i = 0; i < this.buckets.length && (freed < amount || i === 0); i++) {
      freed += this.amounts[i]!;
      at = (this.buckets[i]! + this.window.live) * this.window.bucketMs;
    }
    return at;
  }
}
