import { Logger } from '@nestjs/common';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type Span,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** How much may wait for one collector. What comes beyond is dropped, and counted. */
const MAX_WAITING_SPANS = 2048;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
/** Few enough that encoding them, which happens in one go, holds up nobody. */
const BATCH_SPANS = 128;
const BATCH_MS = 250;

/** What became of spans, of all collectors together. */
export interface SpanCounts {
  /** A collector has taken them. */
  sent: number;
  /** It refused them, or was not there. */
  failed: number;
  /** They found no room. */
  dropped: number;
  waiting: number;
}

/** The way to one collector: a bounded queue, batches off the request path, one at a time, and what became of them in numbers. */
export class Collector implements SpanProcessor {
  private readonly logger = new Logger('Tracing');
  private readonly processor: SpanProcessor;
  private waitingSpans = 0;
  private waitingBytes = 0;
  private isFailing = false;

  /** @param name How the log calls it. */
  constructor(
    private readonly name: string,
    exporter: SpanExporter,
    private readonly counts: SpanCounts,
    batchMs: number = BATCH_MS,
  ) {
    this.processor = new BatchSpanProcessor(this.watched(exporter), {
      maxQueueSize: MAX_WAITING_SPANS,
      maxExportBatchSize: BATCH_SPANS,
      scheduledDelayMillis: batchMs,
    });
  }

  get hasRoom(): boolean {
    return this.waitingSpans < MAX_WAITING_SPANS && this.waitingBytes < MAX_WAITING_BYTES;
  }

  onStart(): void {}

  onEnd(span: Span & ReadableSpan): void {
    if (!this.hasRoom) {
      this.counts.dropped++;
      return;
    }
    this.waitingSpans++;
    this.waitingBytes += bytesOf(span);
    this.counts.waiting++;
    this.processor.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.processor.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.processor.shutdown();
  }

  /** The same exporter, its results counted. */
  private watched(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, callback) =>
        exporter.export(spans, (result) => {
          this.settled(spans, result.error ?? null);
          callback(result);
        }),
      shutdown: () => exporter.shutdown(),
    };
  }

  private settled(spans: readonly ReadableSpan[], error: Error | null): void {
    this.waitingSpans -= spans.length;
    for (const span of spans) this.waitingBytes -= bytesOf(span);
    this.counts.waiting -= spans.length;
    if (error === null) this.counts.sent += spans.length;
    else this.counts.failed += spans.length;
    // Once an outage: a batch fails every second.
    if (error !== null && !this.isFailing) {
      this.logger.warn({ event: 'otel.failing', collector: this.name, reason: error.message });
    } else if (error === null && this.isFailing) this.logger.log({ event: 'otel.recovered', collector: this.name });
    this.isFailing = error !== null;
  }
}

/** What a span holds in memory, roughly: its texts, and a kilobyte. */
const bytesOf = ({ attributes }: ReadableSpan): number =>
  Object.values(attributes).reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 1024);
