import type { Clock } from '../common/clock.js';
import { MemoryBlobs } from './memory-blobs.js';
import { type MemoryCounter, MemoryCounters } from './memory-counters.js';
import { type RateWindow, windowOfId } from './rate-window.js';
import {
  type Admission,
  type Booking,
  type Claim,
  type CounterState,
  type Hold,
  type NamedCounter,
  SharedState,
} from './shared-state.js';

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

const NO_NOTES: ReadonlyMap<string, number> = new Map();

/** Counters beyond this many push out those that were idle longest. */
const MAX_COUNTERS = 500_000;

/** The engine of a single process: every answer is there at once. Bounded: counters by number, blobs by bytes. */
export class MemoryState extends SharedState {
  readonly kind = 'memory';
  private readonly counters: MemoryCounters;
  private readonly dirty = new Set<MemoryCounter>();
  private readonly blobs: MemoryBlobs;

  constructor(
    private readonly clock: Clock,
    maxBlobBytes: number,
    maxCounters = MAX_COUNTERS,
  ) {
    super();
    this.counters = new MemoryCounters(maxCounters);
    this.blobs = new MemoryBlobs(maxBlobBytes);
  }

  override admit(claims: readonly Claim[], hold?: Hold): Admission {
    const now = this.clock.now();
    const counters: MemoryCounter[] = [];
    let refused: number | null = null;
    for (let i = 0; i < claims.length; i++) {
      const claim = claims[i]!;
      const counter = this.counters.of(claim.counter);
      counter.count.advance(now);
      counters.push(counter);
      if (refused === null && missingRoom(counter, claim) > 0) refused = i;
    }
    const states: CounterState[] = [];
    for (let i = 0; i < claims.length; i++) {
      const claim = claims[i]!;
      const counter = counters[i]!;
      if (refused === null) this.grant(counter, claim, hold, now);
      states.push(stateOf(counter, i === refused ? claim : null, now));
    }
    return { refused, counters: states };
  }

  override settle(bookings: readonly Booking[]): void {
    const now = this.clock.now();
    for (const { counter: name, held, amount } of bookings) {
      const counter = this.counters.of(name);
      counter.held = Math.max(0, counter.held - held);
      counter.count.advance(now);
      if (amount > 0) counter.count.add(amount, now);
      this.touch(counter);
    }
  }

  override list(scope: string, prefix: string, window: RateWindow, limit: number): readonly NamedCounter[] {
    const now = this.clock.now();
    const found: NamedCounter[] = [];
    for (const counter of this.counters.all()) {
      if (found.length >= limit) break;
      const { name, count } = counter;
      if (name.scope !== scope || name.window.id !== window.id || !name.durable) continue;
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
    const now = this.clock.now();
    this.blobs.set(key, value, now, now + ttlMs);
  }

  override deleteBlob(key: string): void {
    this.blobs.delete(key);
  }

  /** Nobody else reads it. */
  override leaveNote(): void {}

  override notes(): ReadonlyMap<string, number> {
    return NO_NOTES;
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
      const counter = this.counters.find(scope, windowId, key);
      if (counter !== undefined) this.dirty.add(counter);
    }
  }

  /** Puts a counter back as it was written down. Its holds died with the process that had them. */
  restore({ scope, key, windowId, buckets, held, whenLost }: StoredCounter): void {
    const now = this.clock.now();
    const counter = this.counters.of({ scope, key, window: windowOfId(windowId), durable: true });
    for (const [bucket, amount] of buckets) counter.count.addTo(bucket, amount);
    counter.count.advance(now);
    if (whenLost === 'charge' && held > 0) counter.count.add(held, now);
    this.touch(counter);
  }

  private grant(counter: MemoryCounter, { mode, amount }: Claim, hold: Hold | undefined, now: number): void {
    if (mode === 'look') return;
    if (mode === 'count') counter.count.add(amount, now);
    else {
      counter.held += amount;
      counter.whenLost = hold?.whenLost ?? 'refund';
    }
    this.touch(counter);
  }

  private touch(counter: MemoryCounter): void {
    if (counter.name.durable) this.dirty.add(counter);
  }
}

/** @param refused The claim that found no room here: then it matters when there will be. */
function stateOf(counter: MemoryCounter, refused: Claim | null, now: number): CounterState {
  const { count, held } = counter;
  const missing = refused === null ? 0 : missingRoom(counter, refused);
  return { used: count.used, held, freeAt: count.freeAt(missing, now) };
}

/** By how much the claim is more than there is room for; not above 0 where it is not. */
const missingRoom = ({ count, held }: MemoryCounter, { amount, limit }: Claim): number =>
  count.used + held + amount - limit;

function toStored({ name, count, held, whenLost }: MemoryCounter, now: number): StoredCounter {
  const { scope, key, window } = name;
  const buckets = count.buckets.map((bucket, i) => [bucket, count.amounts[i]!] as const);
  // A hold may become an amount at the next start.
  const last = held > 0 ? Math.floor(now / window.bucketMs) : (count.buckets.at(-1) ?? 0);
  const expiresAt = (last + window.live) * window.bucketMs;
  return { scope, key, windowId: window.id, buckets, held, whenLost, expiresAt };
}
