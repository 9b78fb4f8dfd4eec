import type { Cancellation } from '../common/cancellation.js';

/**
 * How waiting for another call's answer ends: with the answer, with the task of fetching it, or with neither: then each goes its
 * own way, as if there were no cache.
 */
export type Landing<Answer> =
  { readonly kind: 'answer'; readonly answer: Answer } | { readonly kind: 'lead' } | { readonly kind: 'alone' };

const LEAD = { kind: 'lead' } as const;
const ALONE = { kind: 'alone' } as const;

/** Identical calls under way: one fetches the answer, the others wait for it. Bounded in number and in time. */
export class Flights<Answer> {
  private readonly flights = new Map<string, Flight<Answer>>();
  private waiting = 0;

  constructor(
    private readonly maxWaiting: number,
    private readonly maxWaitMs: number,
  ) {}

  /** Null: the caller fetches, and has to end with `land`, `scatter` or `handOver`. */
  join(key: string, cancellation: Cancellation): Landing<Answer> | Promise<Landing<Answer>> | null {
    const flight = this.flights.get(key);
    if (flight === undefined) {
      this.flights.set(key, new Flight());
      return null;
    }
    if (flight.answer !== null) return { kind: 'answer', answer: flight.answer };
    if (this.waiting >= this.maxWaiting || cancellation.cancelled) return ALONE;
    return this.wait(flight, cancellation);
  }

  /** Everybody who waits gets it, and who comes before `close`. */
  land(key: string, answer: Answer): void {
    const flight = this.flights.get(key);
    if (flight === undefined) return;
    flight.answer = answer;
    flight.release({ kind: 'answer', answer });
  }

  /** The answer is where everybody finds it. */
  close(key: string): void {
    this.flights.delete(key);
  }

  /** There is no answer that could be shared: nobody waits any longer. */
  scatter(key: string): void {
    const flight = this.flights.get(key);
    this.flights.delete(key);
    flight?.release(ALONE);
  }

  /** Whoever fetched has left: the one who has waited longest fetches in its place. */
  handOver(key: string): void {
    const next = this.flights.get(key)?.first;
    if (next === undefined) this.flights.delete(key);
    else next(LEAD);
  }

  private wait(flight: Flight<Answer>, cancellation: Cancellation): Promise<Landing<Answer>> {
    this.waiting++;
    return new Promise((resolve) => {
      const end = (landing: Landing<Answer>): void => {
        clearTimeout(timer);
        cancellation.off(leave);
        flight.delete(end);
        this.waiting--;
        resolve(landing);
      };
      const leave = (): void => end(ALONE);
      const timer = setTimeout(leave, this.maxWaitMs);
      cancellation.onCancel(leave);
      flight.add(end);
    });
  }
}

type Waiter<Answer> = (landing: Landing<Answer>) => void;

class Flight<Answer> {
  answer: Answer | null = null;
  /** In the order in which they came. Most flights have none. */
  private waiters: Set<Waiter<Answer>> | null = null;

  get first(): Waiter<Answer> | undefined {
    return this.waiters?.values().next().value;
  }

  add(waiter: Waiter<Answer>): void {
    this.waiters ??= new Set();
    this.waiters.add(waiter);
  }

  delete(waiter: Waiter<Answer>): void {
    this.waiters?.delete(waiter);
  }

  release(landing: Landing<Answer>): void {
    for (const end of this.waiters ?? []) end(landing);
  }
}
