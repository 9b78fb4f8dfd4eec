import { type Context, ROOT_CONTEXT, trace, TraceFlags, type Tracer } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  type IdGenerator,
  RandomIdGenerator,
} from '@opentelemetry/sdk-trace-base';
import type { CallRecord } from '../accounting/call-record.js';
import type { TraceLink } from '../contract/trace-headers.js';
import { writeSpan } from './call-span.js';
import type { Collector } from './collector.js';

const SERVICE = 'unified-ai-gateway';

/** One gateway's spans: the same one to each of its collectors. */
export class GatewayTracer {
  private readonly ids = new LinkedIds();
  private readonly provider: BasicTracerProvider;
  private readonly tracer: Tracer;

  constructor(private readonly collectors: readonly Collector[]) {
    this.provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': SERVICE }),
      sampler: new AlwaysOnSampler(),
      idGenerator: this.ids,
      spanProcessors: [...collectors],
    });
    this.tracer = this.provider.getTracer(SERVICE);
  }

  /** False when no collector has room: then nothing was written. */
  write(record: CallRecord): boolean {
    if (!this.collectors.some(({ hasRoom }) => hasRoom)) return false;
    const { trace: link } = record.inbound;
    this.ids.traceId = link?.traceId ?? null;
    writeSpan(this.tracer, record, parentOf(link));
    return true;
  }

  shutdown(): Promise<void> {
    return this.provider.shutdown();
  }
}

function parentOf(link: TraceLink | null): Context {
  if (link === null || link.parentSpanId === null) return ROOT_CONTEXT;
  const { traceId, parentSpanId: spanId } = link;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

/** Random ids, but for a trace that the caller has named without naming a parent in it. */
class LinkedIds implements IdGenerator {
  private readonly random = new RandomIdGenerator();
  traceId: string | null = null;

  generateTraceId(): string {
    return this.traceId ?? this.random.generateTraceId();
  }

  generateSpanId(): string {
    return this.random.generateSpanId();
  }
}
