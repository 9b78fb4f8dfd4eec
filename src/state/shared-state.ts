import type { Awaitable } from '../common/awaitable.js';
import type { RateWindow } from './rate-window.js';

/**
 * A counter over a window. Who asks for one with every call keeps its name and shows the same object again: engines remember by it
 * where the counter is.
 */
export interface CounterName {
  /** The counters of a scope stand together, so that one decision may see several of them. */
  readonly scope: string;
  /** Names it within its scope. */
  readonly key: string;
  readonly window: RateWindow;
  /** Must it survive a restart? Money must, requests need not. */
  readonly durable: boolean;
}

/** Room that is asked for. Amounts are whole numbers. */
export interface Claim {
  readonly counter: CounterName;
  readonly limit: number;
  /** The room that there must be. */
  readonly amount: number;
  /** `count`: used at once. `hold`: reserved until it is settled. `look`: left as it is. */
  readonly mode: 'count' | 'hold' | 'look';
}

/** What becomes of a claim, or of a call that claimed nothing: what was really used. */
export interface Booking {
  readonly counter: CounterName;
  /** What was held for it; 0 when nothing was. */
  readonly held: number;
  readonly amount: number;
}

/** A reservation. It stands until it is settled; should its process die, until its lease ends. */
export interface Hold {
  readonly id: string;
  /** What becomes of the amount then: counted as used, or let go of. */
  readonly whenLost: 'charge' | 'refund';
}

/** How a counter stands. */
export interface CounterState {
  readonly used: number;
  readonly held: number;
  /** Milliseconds since 1970: when there is room for what was refused, else when the next of what is used leaves the window. */
  readonly freeAt: number;
}

export interface Admission {
  /** The first claim without room; null: all have been granted. When one has none, none is granted. */
  readonly refused: number | null;
  /** After the decision, in the order of the claims. */
  readonly counters: readonly CounterState[];
}

/** A counter that is in use, by its key. */
export interface NamedCounter extends CounterState {
  readonly key: string;
}

/**
 * Short-lived state that all replicas share: counters over windows with reservations, and cached bytes. Two engines: memory,
 * which answers at once, and Redis, which decides in one script and throws `StateUnavailable` while it is away.
 */
export abstract class SharedState {
  abstract readonly kind: 'memory' | 'redis';

  /** Grants all claims, which are of one scope, or none. `hold` is needed for claims of that mode. */
  abstract admit(claims: readonly Claim[], hold?: Hold): Awaitable<Admission>;

  /**
   * Books what was used, all of it in one scope, and lets go of what the hold reserved for it. Nobody waits for it, and it is not
   * lost: what the engine cannot take now it takes later.
   */
  abstract settle(bookings: readonly Booking[], hold?: Hold): void;

  /** Those of a scope's durable counters over this window whose key begins with `prefix`; at most `limit` of them. */
  abstract list(scope: string, prefix: string, window: RateWindow, limit: number): Awaitable<readonly NamedCounter[]>;

  /** Null also where the engine is away, unless the operator wants calls refused then (`REDIS_DOWN_CACHE`). */
  abstract getBlob(key: string): Awaitable<Buffer | null>;
  /** Not kept where there is no room, or the engine is away. */
  abstract setBlob(key: string, value: Buffer, ttlMs: number): Awaitable<void>;
  abstract deleteBlob(key: string): Awaitable<void>;

  /** Leaves a note that all replicas can read until then (milliseconds since 1970). Lost where the engine is away. */
  abstract leaveNote(text: string, until: number): Awaitable<void>;
  /** The notes that stand, and until when; none where the engine is away, or no other replica could have left one. */
  abstract notes(): Awaitable<ReadonlyMap<string, number>>;

  /** What is still on its way is sent first. */
  abstract close(): Promise<void>;
}
