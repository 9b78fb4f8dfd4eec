import { describe, expect, it } from '@jest/globals';
import { MemoryBlobs } from './memory-blobs.js';

const LATER = 1_000;
/** A value that nobody takes for another one. */
const valueOf = (name: number, length = 100): Buffer => Buffer.alloc(length, `value ${name} `);
const filled = (maxBytes: number, values: number): MemoryBlobs => {
  const blobs = new MemoryBlobs(maxBytes);
  for (let name = 0; name < values; name++) blobs.set(String(name), valueOf(name), 0, LATER);
  return blobs;
};
const keptOf = (blobs: MemoryBlobs, values: number): number[] =>
  Array.from({ length: values }, (_, name) => name).filter((name) => blobs.get(String(name), 0) !== null);

describe('MemoryBlobs', () => {
  it('keeps the newest, as many as there is room for', () => {
    const kept = keptOf(filled(100_000, 5_000), 5_000);

    expect(kept.length).toBeGreaterThan(200);
    expect(kept.length).toBeLessThan(1_000);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => 5_000 - kept.length + i));
  });

  it('gives back what it was given', () => {
    const blobs = filled(100_000, 5_000);

    const wrong = keptOf(blobs, 5_000).filter((name) => blobs.get(String(name), 0)?.equals(valueOf(name)) !== true);
    expect(wrong).toEqual([]);
  });

  it('lets what is used again and again stay', () => {
    const blobs = filled(100_000, 10);
    for (let name = 10; name < 2_000; name++) {
      if (blobs.get('3', 0)?.equals(valueOf(3)) !== true) throw new Error(`It was gone before ${name} came.`);
      blobs.set(String(name), valueOf(name), 0, LATER);
    }

    expect(keptOf(blobs, 10)).toEqual([3]);
  });

  it('never changes what somebody reads', () => {
    const blobs = filled(100_000, 1);
    const read = blobs.get('0', 0);
    for (let name = 1; name < 5_000; name++) blobs.set(String(name), valueOf(name), 0, LATER);

    expect(blobs.get('0', 0)).toBeNull();
    expect(read).toEqual(valueOf(0));
  });

  it('gives nothing from before the clock was put back: it might be too old', () => {
    const blobs = new MemoryBlobs(100_000);
    blobs.set('kept', valueOf(1), 500, LATER);

    expect(blobs.get('kept', 500)).toEqual(valueOf(1));
    expect(blobs.get('kept', 499)).toBeNull();
  });

  it('forgets what is over, deleted or written anew, and has its room again', () => {
    const blobs = new MemoryBlobs(100_000);
    for (let round = 0; round < 100; round++) {
      blobs.set('large', valueOf(round, 60_000), round, round + 1);
      expect(blobs.get('large', round)?.equals(valueOf(round, 60_000))).toBe(true);
      expect(blobs.get('large', round + 1)).toBeNull();
    }
    blobs.set('small', valueOf(1), 0, LATER);
    blobs.set('small', valueOf(2), 0, LATER);

    expect(blobs.get('small', 0)).toEqual(valueOf(2));
    blobs.delete('small');
    expect(blobs.get('small', 0)).toBeNull();
    blobs.set('too large', valueOf(0, 100_000), 0, LATER);
    expect(blobs.get('too large', 0)).toBeNull();
  });
});
