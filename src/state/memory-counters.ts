import { WindowCount } from './rate-window.js';
import type { CounterName, Hold } from './shared-state.js';

/** One counter in memory. A hold needs no lease here: it dies with its process, as everything else does. */
export interface MemoryCounter {
  readonly name: CounterName;
  readonly count: WindowCount;
  held: number;
  whenLost: Hold['whenLost'];
  /** The one in which it was asked for last. */
  generation: number;
}

/**
 * So many counters at the most. There are two generations: whoever is asked for is in the young one; when that is full it becomes the old
 * one, and what nobody has asked for since is forgotten. Keeping them in the order of use instead would cost more than counting does, and
 * finding the first in a map whose front was deleted takes as long as a walk through all that was.
 */
export class MemoryCounters {
  private readonly known = new WeakMap<CounterName, MemoryCounter>();
  private young = new Map<string, MemoryCounter>();
  private old = new Map<string, MemoryCounter>();
  private generation = 0;

  constructor(private readonly max: number) {}

  /** The counter of this name; a new one where there is none. */
  of(name: CounterName): MemoryCounter {
    const known = this.known.get(name);
    if (known !== undefined && known.generation === this.generation) return known;
    const id = idOf(name.scope, name.window.id, name.key);
    const counter = this.young.get(id) ?? this.rejuvenated(id, name);
    this.known.set(name, counter);
    return counter;
  }

  find(scope: string, windowId: string, key: string): MemoryCounter | undefined {
    const id = idOf(scope, windowId, key);
    return this.young.get(id) ?? this.old.get(id);
  }

  *all(): Generator<MemoryCounter> {
    yield* this.young.values();
    yield* this.old.values();
  }

  private rejuvenated(id: string, name: CounterName): MemoryCounter {
    const counter = this.old.get(id) ?? {
      name,
      count: new WindowCount(name.window),
      held: 0,
      whenLost: 'refund',
      generation: this.generation,
    };
    this.old.delete(id);
    if (this.young.size * 2 >= this.max) this.turn();
    counter.generation = this.generation;
    this.young.set(id, counter);
    return counter;
  }

  /** Money is remembered for longer than it is asked for, as far as half of a generation has room for it. */
  private turn(): void {
    const left = this.old;
    this.old = this.young;
    this.young = new Map();
    this.generation++;
    for (const [id, counter] of left) {
      if (this.young.size * 4 >= this.max) return;
      if (!counter.name.durable || (counter.held === 0 && counter.count.used === 0)) continue;
      counter.generation = this.generation;
      this.young.set(id, counter);
    }
  }
}

const idOf = (scope: string, windowId: string, key: string): string => `${scope} ${windowId} ${key}`;
