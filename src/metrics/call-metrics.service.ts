import { Inject, Injectable } from '@nestjs/common';
import type { Histogram } from 'prom-client';
import type { CallRecord } from '../accounting/call-record.js';
import { CallRecorder } from '../accounting/call-recorder.service.js';
import { toDollars } from '../common/money.js';
import { CallSeries, TOKEN_KINDS } from './call-series.js';
import { LabelValues, OTHER } from './label-values.js';
import { MetricsRegistry } from './metrics-registry.js';

const WHERE = ['account', 'gateway', 'provider', 'model'] as const;

/** Gateways, providers and models with labels of their own; and of their combinations, since each is forty lines of a scrape. */
const MAX_GATEWAYS = 200;
const MAX_PROVIDERS = 60;
const MAX_MODELS = 200;
const MAX_SERIES = 500;

/** Seconds. */
const DURATIONS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160];

/** Finished calls as metrics. What it does on each call is a look-up and a few additions. */
@Injectable()
export class CallMetrics {
  private readonly series = new Map<string, CallSeries>();
  /** Attempts by provider and outcome, as `provider outcome`. */
  private readonly attempts = new Map<string, number>();
  private readonly gateways = new LabelValues(MAX_GATEWAYS);
  private readonly providers = new LabelValues(MAX_PROVIDERS);
  private readonly models = new LabelValues(MAX_MODELS);
  private readonly durations: Histogram;
  private readonly firstContents: Histogram;

  constructor(@Inject(CallRecorder) recorder: Pick<CallRecorder, 'calls$'>, registry: MetricsRegistry) {
    registry.counter(
      {
        name: 'aig_calls_total',
        help: 'Finished calls. `error` is empty for those that ended well.',
        labelNames: [...WHERE, 'error'],
      },
      (add) => {
        for (const { labels, ends } of this.series.values())
          for (const [error, count] of ends) add(count, { ...labels, error });
      },
    );
    this.durations = registry.histogram({
      name: 'aig_call_duration_seconds',
      help: 'From the start of a call to its end, streams included.',
      labelNames: WHERE,
      buckets: DURATIONS,
    });
    this.firstContents = registry.histogram({
      name: 'aig_first_token_seconds',
      help: "From the start of a streamed call to its answer's first content.",
      labelNames: WHERE,
      buckets: DURATIONS,
    });
    registry.counter(
      {
        name: 'aig_tokens_total',
        help: 'Tokens by kind: cache_read and cache_write lie inside input, reasoning inside output.',
        labelNames: [...WHERE, 'kind'],
      },
      (add) => {
        for (const { labels, tokens } of this.series.values())
          for (const kind of TOKEN_KINDS) if (tokens[kind] > 0) add(tokens[kind], { ...labels, kind });
      },
    );
    registry.counter(
      { name: 'aig_cost_usd_total', help: 'What calls cost, as far as it is known.', labelNames: WHERE },
      (add) => {
        for (const { labels, costNanoUsd } of this.series.values()) add(toDollars(costNanoUsd), labels);
      },
    );
    registry.counter(
      { name: 'aig_cached_calls_total', help: 'Calls answered from the response cache.', labelNames: WHERE },
      (add) => {
        for (const { labels, cached } of this.series.values()) if (cached > 0) add(cached, labels);
      },
    );
    registry.counter(
      { name: 'aig_unpriced_calls_total', help: 'Calls whose cost is not known.', labelNames: WHERE },
      (add) => {
        for (const { labels, unpriced } of this.series.values()) if (unpriced > 0) add(unpriced, labels);
      },
    );
    registry.counter(
      {
        name: 'aig_attempts_total',
        help: 'Tries at providers, the unseen ones included.',
        labelNames: ['provider', 'outcome'],
      },
      (add) => {
        for (const [key, count] of this.attempts) {
          const [provider = '', outcome = ''] = key.split(' ');
          add(count, { provider, outcome });
        }
      },
    );
    recorder.calls$.subscribe((record) => this.add(record));
  }

  private add(record: CallRecord): void {
    this.seriesOf(record).add(record);
    for (const { provider, outcome } of record.attempts) {
      const key = `${this.providers.of(provider, outcome !== 'refused')} ${outcome}`;
      this.attempts.set(key, (this.attempts.get(key) ?? 0) + 1);
    }
  }

  private seriesOf(record: CallRecord): CallSeries {
    const { accountId, gatewayId } = record;
    const provider = this.providers.of(record.provider, true);
    // Names of models come from callers: only one that a provider has answered to gets a label.
    const model = this.models.of(record.model, record.outcome === 'completed');
    const gateway = this.gateways.of(`${accountId}/${gatewayId}`, true);
    const key = `${gateway} ${provider} ${model}`;
    const known = this.series.get(key);
    if (known !== undefined) return known;

    const isOther = gateway === OTHER || this.series.size >= MAX_SERIES;
    const where = isOther ? { account: OTHER, gateway: OTHER } : { account: accountId, gateway: gatewayId };
    const labels = { ...where, provider, model: isOther ? OTHER : model };
    const shared = isOther ? `${OTHER} ${provider} ${OTHER}` : key;
    const series = this.series.get(shared) ?? new CallSeries(labels, this.durations, this.firstContents);
    this.series.set(shared, series);
    return series;
  }
}
