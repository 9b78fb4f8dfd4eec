import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { BasicTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { aCallRecord } from '../../test/support/call-records.js';
import { writeSpan } from './call-span.js';
import { Collector, type SpanCounts } from './collector.js';

/** An exporter that holds batches until it is told how they ended. */
class HeldExporter implements SpanExporter {
  readonly held: ((error?: Error) => void)[] = [];
  isOpen = false;

  export(_spans: unknown, callback: Parameters<SpanExporter['export']>[1]): void {
    const end = (error?: Error): void => callback(error === undefined ? { code: 0 } : { code: 1, error });
    if (this.isOpen) end();
    else this.held.push(end);
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

let exporter: HeldExporter;

/** Lets go of everything: the SDK waits for what it has sent. */
afterEach(() => {
  exporter.isOpen = true;
  for (const end of exporter.held.splice(0)) end();
});

function collector() {
  const counts: SpanCounts = { sent: 0, failed: 0, dropped: 0, waiting: 0 };
  exporter = new HeldExporter();
  const made = new Collector('test', exporter, counts, 1);
  const tracer = new BasicTracerProvider({ spanProcessors: [made] }).getTracer('test');
  const write = (times: number, prompt = ''): void => {
    const record = aCallRecord({ requestBody: Buffer.from(prompt) });
    for (let i = 0; i < times; i++) writeSpan(tracer, record, ROOT_CONTEXT);
  };
  return { counts, made, write };
}

Logger.overrideLogger(false);

describe('Collector', () => {
  it('keeps so many spans waiting, and drops and counts the rest', () => {
    const { counts, made, write } = collector();

    write(3000);

    expect(counts).toEqual({ sent: 0, failed: 0, dropped: 3000 - 2048, waiting: 2048 });
    expect(made.hasRoom).toBe(false);
  });

  it('keeps so many bytes waiting, whatever calls are about', () => {
    const { counts, write } = collector();

    write(1000, 'x'.repeat(100_000));

    expect(counts.waiting * 32 * 1024).toBeLessThanOrEqual(17 * 1024 * 1024);
    expect(counts.waiting + counts.dropped).toBe(1000);
  });

  it('has room again when batches are over, well or not', async () => {
    const { counts, made, write } = collector();
    write(2048);

    while (counts.waiting > 0) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      const isSecond = counts.sent > 0 && counts.failed === 0;
      for (const end of exporter.held.splice(0)) end(isSecond ? new Error('Away.') : undefined);
    }

    expect(made.hasRoom).toBe(true);
    expect(counts).toEqual({ sent: 2048 - 128, failed: 128, dropped: 0, waiting: 0 });
  });
});
