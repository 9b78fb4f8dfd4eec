import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Tells the values of a metric: called at each scrape, with what takes them. Values of the same labels add up. */
type Read = (add: (value: number, labels?: Readonly<Record<string, string>>) => void) => void;

interface Described {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

/** How often the event loop's lag is measured. The library's 10 ms would wake an idle process a hundred times a second. */
const EVENT_LOOP_SAMPLE_MS = 50;

/**
 * This gateway's metrics, the process's own among them. Not the library's global registry: two gateways may share a process.
 * Counters and gauges are read from whoever counts when somebody asks, so counting costs what adding a number costs.
 */
@Injectable()
export class MetricsRegistry {
  private readonly registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  }

  counter(described: Described, read: Read): void {
    this.registry.registerMetric(
      new Counter({
        labelNames: [],
        ...described,
        registers: [],
        collect() {
          this.reset();
          read((value, labels = {}) => this.inc(labels, value));
        },
      }),
    );
  }

  gauge(described: Described, read: Read): void {
    this.registry.registerMetric(
      new Gauge({
        labelNames: [],
        ...described,
        registers: [],
        collect() {
          this.reset();
          read((value, labels = {}) => this.inc(labels, value));
        },
      }),
    );
  }

  histogram(described: Described & { readonly buckets: readonly number[] }): Histogram {
    const histogram = new Histogram({ labelNames: [], ...described, buckets: [...described.buckets], registers: [] });
    this.registry.registerMetric(histogram);
    return histogram;
  }

  /** All of it in Prometheus' text format. */
  scrape(): Promise<string> {
    return this.registry.metrics();
  }
}
