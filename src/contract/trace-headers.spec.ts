import { describe, expect, it } from '@jest/globals';
import { parseTraceLink } from './trace-headers.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const OTHER = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';

describe('parseTraceLink', () => {
  it.each([
    ['nothing', {}, null],
    ['traceparent', { traceparent: `00-${TRACE}-${SPAN}-01` }, { traceId: TRACE, parentSpanId: SPAN }],
    [
      'traceparent of a later version',
      { traceparent: `01-${TRACE}-${SPAN}-01-more` },
      { traceId: TRACE, parentSpanId: SPAN },
    ],
    ['traceparent of no version', { traceparent: `ff-${TRACE}-${SPAN}-01` }, null],
    ['traceparent with a zero trace', { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01` }, null],
    ['rubbish', { traceparent: 'rubbish', 'cf-aig-otel-trace-id': 'rubbish' }, null],
    [
      'the own headers before traceparent',
      { traceparent: `00-${OTHER}-${SPAN}-01`, 'cf-aig-otel-trace-id': TRACE.toUpperCase() },
      { traceId: TRACE, parentSpanId: null },
    ],
    [
      'the own headers, with a parent',
      { 'cf-aig-otel-trace-id': TRACE, 'cf-aig-otel-parent-span-id': SPAN },
      { traceId: TRACE, parentSpanId: SPAN },
    ],
    [
      'a parent that is none',
      { 'cf-aig-otel-trace-id': TRACE, 'cf-aig-otel-parent-span-id': '12' },
      { traceId: TRACE, parentSpanId: null },
    ],
    ['a parent without its trace', { 'cf-aig-otel-parent-span-id': SPAN }, null],
  ])('reads %s', (_name, headers, expected) => {
    expect(parseTraceLink(headers)).toEqual(expected);
  });
});
