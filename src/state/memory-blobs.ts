interface Blob {
  readonly value: Buffer;
  readonly expiresAt: number;
}

/** What an entry costs besides its bytes, roughly. */
const ENTRY_BYTES = 200;

/** Bytes under keys, for a while: bounded by bytes, the least recently used make room. */
export class MemoryBlobs {
  /** In the order of use: the first is the one that goes next. */
  private readonly blobs = new Map<string, Blob>();
  /** What is held, keys and all. */
  bytes = 0;

  constructor(private readonly maxBytes: number) {}

  get(key: string, now: number): Buffer | null {
    const blob = this.blobs.get(key);
    if (blob === undefined) return null;
    if (blob.expiresAt <= now) {
      this.delete(key);
      return null;
    }
    this.blobs.delete(key);
    this.blobs.set(key, blob);
    return blob.value;
  }

  /** What is larger than there is room for altogether is not kept. */
  set(key: string, value: Buffer, expiresAt: number): void {
    this.delete(key);
    const size = sizeOf(key, value);
    if (size > this.maxBytes) return;
    while (this.bytes + size > this.maxBytes) this.delete(this.blobs.keys().next().value ?? '');
    this.blobs.set(key, { value, expiresAt });
    this.bytes += size;
  }

  delete(key: string): void {
    const blob = this.blobs.get(key);
    if (blob === undefined) return;
    this.blobs.delete(key);
    this.bytes -= sizeOf(key, blob.value);
  }
}

const sizeOf = (key: string, value: Buffer): number => key.length + value.length + ENTRY_BYTES;
