import { toDollars } from '../common/money.js';
import type { BucketRow, SumsRow } from './analytics.repository.js';
import { LogHistogram } from './log-histogram.js';

/** Calls added up, of whatever interval and group. */
export class CallSums {
  requests = 0;
  private readonly errors = new Map<string, number>();
  private cached = 0;
  private input = 0;
  private output = 0;
  private cacheRead = 0;
  private cacheWrite = 0;
  private reasoning = 0;
  private costNano = 0;
  private unpriced = 0;
  private readonly latency = new LogHistogram();
  private readonly firstToken = new LogHistogram();

  add(row: SumsRow): void {
    const requests = Number(row.requests);
    this.requests += requests;
    if (row.failure !== '') this.errors.set(row.failure, (this.errors.get(row.failure) ?? 0) + requests);
    this.cached += Number(row.cached);
    this.input += Number(row.tokensIn);
    this.output += Number(row.tokensOut);
    this.cacheRead += Number(row.tokensCacheRead);
    this.cacheWrite += Number(row.tokensCacheWrite);
    this.reasoning += Number(row.tokensReasoning);
    this.costNano += Number(row.costNano);
    this.unpriced += Number(row.unpriced);
  }

  addBucket({ kind, bucket, count }: BucketRow): void {
    (kind === 'latency' ? this.latency : this.firstToken).merge([[bucket, Number(count)]]);
  }

  /** In the words of the API. */
  present() {
    return {
      requests: this.requests,
      errors: [...this.errors.values()].reduce((sum, count) => sum + count, 0),
      errors_by_class: Object.fromEntries(this.errors),
      cached: this.cached,
      cached_share: this.requests === 0 ? 0 : this.cached / this.requests,
      tokens: {
        input: this.input,
        output: this.output,
        cache_read: this.cacheRead,
        cache_write: this.cacheWrite,
        reasoning: this.reasoning,
      },
      cost: toDollars(this.costNano),
      unpriced_requests: this.unpriced,
      latency_ms: quantilesOf(this.latency),
      first_token_ms: quantilesOf(this.firstToken),
    };
  }
}

/** Null when nothing was counted. */
function quantilesOf(histogram: LogHistogram) {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => histogram.quantile(share));
  if (p50 == null || p95 == null || p99 == null) return null;
  return { p50: Math.round(p50), p95: Math.round(p95), p99: Math.round(p99) };
}
