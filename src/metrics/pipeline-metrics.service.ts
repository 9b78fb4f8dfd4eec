import { Injectable } from '@nestjs/common';
import { CallRollups } from '../analytics/call-rollups.service.js';
import { LogPipeline } from '../request-logs/log-pipeline.service.js';
import { CallTraces } from '../tracing/call-traces.service.js';
import { MetricsRegistry } from './metrics-registry.js';

/** What leaves the process beside the calls: how much waits, and how much was lost. */
@Injectable()
export class PipelineMetrics {
  constructor(registry: MetricsRegistry, logs: LogPipeline, rollups: CallRollups, traces: CallTraces) {
    registry.gauge({ name: 'aig_analytics_waiting', help: 'Sums of calls that wait for the database.' }, (add) =>
      add(rollups.waiting),
    );
    registry.counter(
      { name: 'aig_analytics_dropped_calls_total', help: 'Calls that are missing in sums of minutes.' },
      (add) => add(rollups.dropped),
    );
    registry.counter(
      {
        name: 'aig_logs_total',
        help: 'Log entries by what became of them: accepted (spooled), written (in the database), dropped (no room, or the disk refused), stopped (the gateway has as many as it may have), unwritable.',
        labelNames: ['result'],
      },
      (add) => {
        const { backlogBytes: _, ...results } = logs.statistics;
        for (const [result, count] of Object.entries(results)) add(count, { result });
      },
    );
    registry.gauge(
      { name: 'aig_log_backlog_bytes', help: 'Log entries that wait for the database, in bytes on disk.' },
      (add) => add(logs.statistics.backlogBytes),
    );
    registry.counter(
      {
        name: 'aig_otel_spans_total',
        help: 'Spans by what became of them: sent, failed (the collector refused them or was away), dropped (no room).',
        labelNames: ['result'],
      },
      (add) => {
        const { sent, failed, dropped } = traces.counts;
        add(sent, { result: 'sent' });
        add(failed, { result: 'failed' });
        add(dropped, { result: 'dropped' });
      },
    );
    registry.gauge({ name: 'aig_otel_spans_waiting', help: 'Spans that wait for their collector.' }, (add) =>
      add(traces.counts.waiting),
    );
  }
}
