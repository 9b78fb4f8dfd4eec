import type { Clock } from '../common/clock.js';
import { MemoryBlobs } from './memory-blobs.js';
import { type RateWindow, WindowCount, windowOfId } from './rate-window.js';
import {
  type Admission,
  type Booking,
  type Claim,
  type CounterName,
  type CounterState,
  type Hold,
  type NamedCounter,
  SharedState,
} from './shared-state.js';

/** One counter in memory. A hold needs no lease here: it dies with its process, as everything else does. */
interface Counter {
  readonly scope: string;
  readonly name: CounterName;
  readonly count: WindowCount;
  held: number;
  whenLost: Hold['whenLost'];
}

/** A durable counter as it is written down. */
export interface StoredCounter {
  readonly scope: string;
  readonly key: string;
  readonly windowId: string;
  /** Bucket and amount, oldest first. */
  readonly buckets: readonly (readonly [number, number])[];
  readonly held: number;
  readonly whenLost: Hold['whenLost'];
  /** Milliseconds since 1970: nothing of it counts any more then. */
  readonly expiresAt: number;
}

/** Counters beyond this many push out the one that was idle longest. */
const MAX_COUNTERS = 500_000;

/** The engine of a single process: every answer is there at once. Bounded: counters by number, blobs by bytes. */
export class MemoryState extends SharedState {
  readonly kind = 'memory';
  /** In the order of use, once there are many. */
  private readonly counters = new Map<string, Counter>();
  private readonly dirty = new Set<Counter>();
  private readonly blobs: MemoryBlobs;

  constructor(
    private readonly clock: Clock,
    maxBlobBytes: number,
    private readonly maxCounters = MAX_COUNTERS,
  ) {
    super();
    this.blobs = new MemoryBlobs(maxBlobBytes);
  }

  override admit(scope: string, claims: readonly Claim[], hold?: Hold): Admission {
    const now = this.clock.now();
    const [only, second] = claims;
    if (only !== undefined && second === undefined) return this.admitOne(scope, only, hold, now);
    const counters = claims.map((claim) => this.counterOf(scope, claim, now));
    const index = claims.findIndex((claim, i) => missingRoom(counters[i]!, claim) > 0);
    const refused = index === -1 ? null : index;
    if (refused === null) claims.forEach((claim, i) => this.grant(counters[i]!, claim, hold, now));
    return {
      refused,
      counters: counters.map((counter, i) => stateOf(counter, i === refused ? claims[i]! : null, now)),
    };
  }

  override settle(scope: string, bookings: readonly Booking[]): void {
    const now = this.clock.now();
    for (const booking of bookings) {
      const counter = this.counterOf(scope, booking, now);
      counter.held = Math.max(0, counter.held - booking.held);
      if (booking.amount > 0) counter.count.add(booking.amount, now);
      this.touch(counter);
    }
  }

  override list(scope: string, prefix: string, window: RateWindow, limit: number): readonly NamedCounter[] {
    const now = this.clock.now();
    const found: NamedCounter[] = [];
    for (const counter of this.counters.values()) {
      if (found.length >= limit) break;
      const { name, count } = counter;
      if (counter.scope !== scope || name.window.id !== window.id || !name.durable) continue;
      if (!name.key.startsWith(prefix)) continue;
      count.advance(now);
      found.push({ key: name.key, ...stateOf(counter, null, now) });
    }
    return found;
  }

  override getBlob(key: string): Buffer | null {
    return this.blobs.get(key, this.clock.now());
  }

  override setBlob(key: string, value: Buffer, ttlMs: number): void {
    this.blobs.set(key, value, this.clock.now() + ttlMs);
  }

  override deleteBlob(key: string): void {
    this.blobs.delete(key);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  /** Durable counters that have changed since they were last taken. */
  takeChanged(): readonly StoredCounter[] {
    const now = this.clock.now();
    const changed = [...this.dirty].map((counter) => toStored(counter, now));
    this.dirty.clear();
    return changed;
  }

  /** Those could not be written down: they count as changed again. */
  giveBack(stored: readonly StoredCounter[]): void {
    for (const { scope, key, windowId } of stored) {
      const counter = this.counters.get(idOf(scope, windowId, key));
      if (counter !== undefined) this.dirty.add(counter);
    }
  }

  /** Puts a counter back as it was written down. Its holds died with the process that had them. */
  restore({ scope, key, windowId, buckets, held, whenLost }: StoredCounter): void {
    const now = this.clock.now();
    const counter = this.counterOf(scope, { key, window: windowOfId(windowId), durable: true }, now);
    for (const [bucket, amount] of buckets) counter.count.addTo(bucket, amount);
    counter.count.advance(now);
    if (whenLost === 'charge' && held > 0) counter.count.add(held, now);
    this.touch(counter);
  }

  /** Most decisions are about one counter, and need no lists. */
  private admitOne(scope: string, claim: Claim, hold: Hold | undefined, now: number): Admission {
    const counter = this.counterOf(scope, claim, now);
    const hasRoom = missingRoom(counter, claim) <= 0;
    if (hasRoom) this.grant(counter, claim, hold, now);
    return { refused: hasRoom ? null : 0, counters: [stateOf(counter, hasRoom ? null : claim, now)] };
  }

  private grant(counter: Counter, { mode, amount }: Claim, hold: Hold | undefined, now: number): void {
    if (mode === 'look') return;
    if (mode === 'count') counter.count.add(amount, now);
    else {
      counter.held += amount;
      counter.whenLost = hold?.whenLost ?? 'refund';
    }
    this.touch(counter);
  }

  private touch(counter: Counter): void {
    if (counter.name.durable) this.dirty.add(counter);
  }

  private counterOf(scope: string, name: CounterName, now: number): Counter {
    const id = idOf(scope, name.window.id, name.key);
    const known = this.counters.get(id);
    if (known !== undefined) {
      known.count.advance(now);
      // The order matters when room gets scarce, and keeping it costs more than all the rest here.
      if (this.counters.size * 2 < this.maxCounters) return known;
      this.counters.delete(id);
    } else if (this.counters.size >= this.maxCounters) {
      this.counters.delete(this.counters.keys().next().value ?? '');
    }
    const counter = known ?? { scope, name, count: new WindowCount(name.window), held: 0, whenLost: 'refund' };
    this.counters.set(id, counter);
    return counter;
  }
}

/** @param refused The claim that found no room here: then it matters when there will be. */
function stateOf(counter: Counter, refused: Claim | null, now: number): CounterState {
  const { count, held } = counter;
  const missing = refused === null ? 0 : missingRoom(counter, refused);
  return { used: count.used, held, freeAt: count.freeAt(missing, now) };
}

/** By how much the claim is more than there is room for; not above 0 where it is not. */
const missingRoom = ({ count, held }: Counter, { amount, limit }: Claim): number => count.used + held + amount - limit;

const idOf = (scope: string, windowId: string, key: string): string => `${scope} ${windowId} ${key}`;

function toStored({ scope, name, count, held, whenLost }: Counter, now: number): StoredCounter {
  const { key, window } = name;
  const buckets = count.buckets.map((bucket, i) => [bucket, count.amounts[i]!] as const);
  // A hold may become an amount at the next start.
  const last = held > 0 ? Math.floor(now / window.bucketMs) : (count.buckets.at(-1) ?? 0);
  const expiresAt = (last + window.live) * window.bucketMs;
  return { scope, key, windowId: window.id, buckets, held, whenLost, expiresAt };
}
