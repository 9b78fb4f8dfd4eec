import type { Histogram } from 'prom-client';
import { failureOf } from '../accounting/call-failure.js';
import type { CallRecord } from '../accounting/call-record.js';

/** Where a call belongs. */
export interface SeriesLabels extends Readonly<Record<string, string>> {
  readonly account: string;
  readonly gateway: string;
  readonly provider: string;
  readonly model: string;
}

/** Tokens by kind: `cache_read` and `cache_write` lie inside `input`, `reasoning` inside `output`. */
export const TOKEN_KINDS = ['input', 'output', 'cache_read', 'cache_write', 'reasoning'] as const;
export type TokenKind = (typeof TOKEN_KINDS)[number];

/**
 * The calls of one gateway to one model, in plain numbers: they are made into metrics when somebody asks. (A labelled counter of
 * prom-client costs a third of a microsecond each time it is raised, and a call raises ten.)
 */
export class CallSeries {
  /** By `failureOf`, or `''` for calls that ended well. */
  readonly ends = new Map<string, number>();
  readonly tokens: Record<TokenKind, number> = { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 };
  /** What is known of it, and how many calls there are whose cost is not. */
  costNanoUsd = 0;
  unpriced = 0;
  /** Answered from the response cache. */
  cached = 0;
  private readonly duration: Histogram.Internal<string>;
  private readonly firstContent: Histogram.Internal<string>;

  constructor(
    readonly labels: SeriesLabels,
    durations: Histogram,
    firstContents: Histogram,
  ) {
    this.duration = durations.labels(labels);
    this.firstContent = firstContents.labels(labels);
  }

  add(record: CallRecord): void {
    const end = failureOf(record) ?? '';
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
    this.duration.observe(record.durationMs / 1000);
    if (record.streamed && record.firstContentMs !== null) this.firstContent.observe(record.firstContentMs / 1000);
    if (record.cached) this.cached++;
    const { charged } = record.cost;
    if (charged === null) this.unpriced++;
    else this.costNanoUsd += charged;
    const { usage } = record;
    const { tokens } = this;
    if (usage === null) return;
    tokens.input += usage.prompt_tokens;
    tokens.output += usage.completion_tokens;
    tokens.cache_read += usage.prompt_tokens_details?.cached_tokens ?? 0;
    tokens.cache_write += usage.prompt_tokens_details?.cache_write_tokens ?? 0;
    tokens.reasoning += usage.completion_tokens_details?.reasoning_tokens ?? 0;
  }
}
