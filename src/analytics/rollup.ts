import { failureOf } from '../accounting/call-failure.js';
import type { CountedCall } from '../accounting/counted-call.js';
import { LogHistogram } from './log-histogram.js';

export const RESOLUTIONS = { minute: 60_000, hour: 3_600_000 } as const;
export type Resolution = keyof typeof RESOLUTIONS;

/** What calls are told apart by. An empty text: there is none. */
export interface Dimensions {
  readonly gatewayInternalId: string;
  readonly provider: string;
  readonly model: string;
  readonly tokenId: string;
  readonly route: string;
  /** Set for sums by one entry of the callers' metadata, which have no other dimension. */
  readonly metadataKey: string;
  readonly metadataValue: string;
  /** `failureOf`; empty for calls that ended well. */
  readonly failure: string;
}

/** The sums of some calls that ended within one minute, or one hour, in this process. */
export class Rollup {
  /** Not written since it changed. */
  isDirty = false;
  private requests = 0;
  private cached = 0;
  private tokensIn = 0;
  private tokensOut = 0;
  private tokensCacheRead = 0;
  private tokensCacheWrite = 0;
  private tokensReasoning = 0;
  private costNano = 0;
  private unpriced = 0;
  private readonly latency = new LogHistogram();
  private readonly firstToken = new LogHistogram();

  constructor(
    readonly dimensions: Dimensions,
    readonly resolution: Resolution,
    /** When the minute or the hour begins: milliseconds since 1970. */
    readonly at: number,
    /** The number of these dimensions, unique in this process. */
    readonly series: number,
  ) {}

  add(record: CountedCall): void {
    const { usage, cost, firstContentMs } = record;
    this.requests++;
    if (record.cached) this.cached++;
    this.latency.add(record.durationMs);
    if (record.streamed && firstContentMs !== null) this.firstToken.add(firstContentMs);
    if (cost.charged === null) this.unpriced++;
    else this.costNano += cost.charged;
    if (usage === null) return;
    this.tokensIn += usage.prompt_tokens;
    this.tokensOut += usage.completion_tokens;
    this.tokensCacheRead += usage.prompt_tokens_details?.cached_tokens ?? 0;
    this.tokensCacheWrite += usage.prompt_tokens_details?.cache_write_tokens ?? 0;
    this.tokensReasoning += usage.completion_tokens_details?.reasoning_tokens ?? 0;
  }

  /** As a row of `analytics_rollups`, its members named as the columns are. */
  toRow(writer: string): Readonly<Record<string, unknown>> {
    const { dimensions } = this;
    const latency = this.latency.buckets();
    const firstToken = this.firstToken.buckets();
    return {
      gateway_internal_id: dimensions.gatewayInternalId,
      resolution: this.resolution,
      at: new Date(this.at).toISOString(),
      writer,
      series: this.series,
      provider: dimensions.provider,
      model: dimensions.model,
      token_id: dimensions.tokenId,
      route: dimensions.route,
      metadata_key: dimensions.metadataKey,
      metadata_value: dimensions.metadataValue,
      failure: dimensions.failure,
      requests: this.requests,
      cached: this.cached,
      tokens_in: this.tokensIn,
      tokens_out: this.tokensOut,
      tokens_cache_read: this.tokensCacheRead,
      tokens_cache_write: this.tokensCacheWrite,
      tokens_reasoning: this.tokensReasoning,
      cost_nano: this.costNano,
      unpriced: this.unpriced,
      latency_buckets: latency.map(([bucket]) => bucket),
      latency_counts: latency.map(([, count]) => count),
      first_token_buckets: firstToken.map(([bucket]) => bucket),
      first_token_counts: firstToken.map(([, count]) => count),
    };
  }
}

export const dimensionsOf = (record: CountedCall): Dimensions => ({
  gatewayInternalId: record.gateway.internalId,
  provider: record.provider ?? '',
  model: record.model ?? '',
  tokenId: record.tokenId ?? '',
  route: record.route?.name ?? '',
  metadataKey: '',
  metadataValue: '',
  failure: failureOf(record) ?? '',
});
