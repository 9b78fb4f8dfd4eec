/** Each bucket ends a fifth above the one before it: an estimate lies within a tenth of the truth, mostly much nearer. */
const PER_DOUBLING = 4;
/** The last one begins at three hours. */
const BUCKETS = 96;

/** A bucket's number and how much is in it. */
export type Bucket = readonly [bucket: number, count: number];

/** Milliseconds counted in buckets that grow with them. Two histograms are merged by adding their buckets up. */
export class LogHistogram {
  private readonly counts = new Uint32Array(BUCKETS);

  add(ms: number): void {
    const bucket = ms <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms) * PER_DOUBLING));
    this.counts[bucket] = this.counts[bucket]! + 1;
  }

  merge(buckets: Iterable<Bucket>): void {
    for (const [bucket, count] of buckets) this.counts[bucket] = (this.counts[bucket] ?? 0) + count;
  }

  /** Those that are not empty. */
  buckets(): Bucket[] {
    const filled: Bucket[] = [];
    for (const [bucket, count] of this.counts.entries()) if (count > 0) filled.push([bucket, count]);
    return filled;
  }

  /** So much of what was counted is not above it, in milliseconds; null when nothing was. */
  quantile(share: number): number | null {
    const total = this.counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return null;
    const rank = share * total;
    let below = 0;
    for (const [bucket, count] of this.counts.entries()) {
      if (count > 0 && below + count >= rank) {
        // Within a bucket values are taken to be spread evenly on its own scale.
        const place = bucket - 1 + (rank - below) / count;
        return bucket === 0 ? 1 : 2 ** (place / PER_DOUBLING);
      }
      below += count;
    }
    return null;
  }
}
