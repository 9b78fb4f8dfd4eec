import { inboundHeader, type InboundHeaders } from './gateway-headers.js';

/** The trace that a call is a part of, as its caller says. */
export interface TraceLink {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits; null: the call is the trace's first span. */
  readonly parentSpanId: string | null;
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;
/** W3C Trace Context, level 1; later versions may add parts. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

/** `cf-aig-otel-trace-id` with `cf-aig-otel-parent-span-id`, else `traceparent`. What is not valid says nothing. */
export function parseTraceLink(headers: InboundHeaders): TraceLink | null {
  const [, w3cTrace = '', w3cParent = ''] = TRACEPARENT.exec(inboundHeader(headers, 'traceparent') ?? '') ?? [];
  const own = inboundHeader(headers, 'cf-aig-otel-trace-id')?.toLowerCase();
  const ownParent = inboundHeader(headers, 'cf-aig-otel-parent-span-id')?.toLowerCase();
  return linkOf(own, ownParent) ?? linkOf(w3cTrace, w3cParent);
}

const linkOf = (traceId = '', parentSpanId = ''): TraceLink | null =>
  TRACE_ID.test(traceId) ? { traceId, parentSpanId: SPAN_ID.test(parentSpanId) ? parentSpanId : null } : null;
