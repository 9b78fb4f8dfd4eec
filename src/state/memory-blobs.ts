/** What an entry costs besides its bytes, roughly. */
const ENTRY_BYTES = 200;
/** Large enough that a full cache is few objects, small enough that letting go of one is no event. */
const MAX_SLAB_BYTES = 1024 * 1024;
const MIN_SLABS = 16;

/** A block of memory that many values lie in, one behind the other. Never written to twice: readers may still look at it. */
interface Slab {
  readonly bytes: Buffer;
  readonly keys: string[];
  /** Where the next value goes. */
  end: number;
  /** Values that can still be found. */
  live: number;
}

interface Place {
  readonly slab: Slab;
  readonly at: number;
  readonly length: number;
  readonly storedAt: number;
  readonly expiresAt: number;
  isUsed: boolean;
}

/**
 * Bytes under keys, for a while, bounded by bytes. They lie in large slabs, since the collector looks after each buffer of its own for as
 * long as it is there. The oldest slab makes room; what was used since it was put there moves on, as far as half a slab holds it.
 */
export class MemoryBlobs {
  private readonly places = new Map<string, Place>();
  /** The oldest first. */
  private readonly slabs = new Set<Slab>();
  private current: Slab | null = null;
  private readonly slabBytes: number;
  /** What is held: slabs, keys and all. */
  private bytes = 0;

  constructor(private readonly maxBytes: number) {
    this.slabBytes = Math.min(MAX_SLAB_BYTES, Math.floor(maxBytes / MIN_SLABS));
  }

  /** A view of the memory that the value lies in; it stays as it is for as long as somebody has it. */
  get(key: string, now: number): Buffer | null {
    const place = this.places.get(key);
    if (place === undefined) return null;
    // Stored later than now: the clock was put back, and nobody knows how old it is.
    if (place.expiresAt <= now || place.storedAt > now) {
      this.delete(key);
      return null;
    }
    place.isUsed = true;
    return viewOf(place);
  }

  /** Copies the value. What is larger than there is room for altogether is not kept. */
  set(key: string, value: Buffer, now: number, expiresAt: number): void {
    this.delete(key);
    if (sizeOf(key) + Math.max(value.length, this.slabBytes) > this.maxBytes) return;
    this.put(key, value, now, expiresAt);
    while (this.bytes > this.maxBytes) this.dropOldest();
  }

  delete(key: string): void {
    const place = this.places.get(key);
    if (place === undefined) return;
    this.places.delete(key);
    this.bytes -= sizeOf(key);
    const { slab } = place;
    slab.live--;
    if (slab.live === 0 && slab !== this.current) this.release(slab);
  }

  private put(key: string, value: Buffer, storedAt: number, expiresAt: number): void {
    const slab = this.slabFor(value.length);
    const at = slab.end;
    value.copy(slab.bytes, at);
    slab.end += value.length;
    slab.live++;
    slab.keys.push(key);
    this.places.set(key, { slab, at, length: value.length, storedAt, expiresAt, isUsed: false });
    this.bytes += sizeOf(key);
  }

  private slabFor(length: number): Slab {
    const { current } = this;
    if (current !== null && current.end + length <= current.bytes.length) return current;
    const slab: Slab = { bytes: Buffer.allocUnsafeSlow(Math.max(length, this.slabBytes)), keys: [], end: 0, live: 0 };
    this.slabs.add(slab);
    this.bytes += slab.bytes.length;
    this.current = slab;
    if (current !== null && current.live === 0) this.release(current);
    return slab;
  }

  private dropOldest(): void {
    const [slab] = this.slabs;
    if (slab === undefined || this.hasAnotherRound(slab)) return;
    if (slab === this.current) this.current = null;
    this.release(slab);
    let moved = 0;
    for (const key of slab.keys) {
      const place = this.places.get(key);
      if (place?.slab !== slab) continue;
      this.places.delete(key);
      this.bytes -= sizeOf(key);
      if (!place.isUsed || moved + place.length > slab.bytes.length / 2) continue;
      moved += place.length;
      this.put(key, viewOf(place), place.storedAt, place.expiresAt);
    }
  }

  /** A large value has a slab to itself, and moves on with it. */
  private hasAnotherRound(slab: Slab): boolean {
    const [key = '', another] = slab.keys;
    const place = this.places.get(key);
    if (another !== undefined || place?.slab !== slab || !place.isUsed) return false;
    place.isUsed = false;
    this.slabs.delete(slab);
    this.slabs.add(slab);
    return true;
  }

  private release(slab: Slab): void {
    if (this.slabs.delete(slab)) this.bytes -= slab.bytes.length;
  }
}

const viewOf = ({ slab, at, length }: Place): Buffer => slab.bytes.subarray(at, at + length);

const sizeOf = (key: string): number => key.length + ENTRY_BYTES;
