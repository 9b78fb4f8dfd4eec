/**
 * What is measured, and the bars. `figure` is what is compared: CPU a call (`call`) or per 1,000 events (`events`), what a target
 * adds to the mock's own latency (`added`), or memory (`stream`). A bar is the most that the ratio to the bare proxy may be.
 */
export const SCENARIOS = [
  {
    id: 'json-1k',
    title: 'JSON, 1 KB each way, saturated (CPU µs a call)',
    figure: 'call',
    model: 'mock',
    pad: 700,
    closed: 64,
    bar: 2,
  },
  {
    id: 'json-20k',
    title: 'JSON, request of 20 KB (CPU µs a call)',
    figure: 'call',
    model: 'mock',
    pad: 20_000,
    closed: 64,
    bar: 1.8,
  },
  {
    id: 'json-200k',
    title: 'JSON, request of 200 KB (CPU µs a call)',
    figure: 'call',
    model: 'mock',
    pad: 200_000,
    closed: 16,
    bar: 2,
  },
  {
    id: 'sse-burst',
    title: 'SSE, 100 chunks at once (CPU ms per 1,000 chunks)',
    figure: 'events',
    model: 'mock-c100',
    pad: 700,
    closed: 32,
    bar: 1.3,
  },
  {
    id: 'sse-paced',
    title: 'SSE, 50 chunks 20 ms apart, 100 streams a second (CPU ms per 1,000 chunks)',
    figure: 'events',
    model: 'mock-c50-i20',
    pad: 700,
    rate: 100,
    warmMs: 1500,
    bar: 1.3,
    addsFirstEvent: true,
  },
  {
    id: 'json-one',
    title: 'JSON, one connection (ms added, p50)',
    figure: 'added',
    model: 'mock',
    pad: 700,
    closed: 1,
    bar: null,
  },
  {
    id: 'json-rate',
    title: 'JSON, 300 calls a second, upstream takes 50 ms (ms added, p50)',
    figure: 'added',
    model: 'mock-d50',
    pad: 700,
    rate: 300,
    bar: null,
  },
  {
    id: 'mem-1000',
    title: '1,000 open streams, one chunk a second each (KB a stream)',
    figure: 'stream',
    model: 'mock-c60-i1000',
    pad: 700,
    held: 1000,
    bar: 1.5,
  },
  {
    id: 'mem-5000',
    title: '5,000 open streams, one chunk a second each (KB a stream)',
    figure: 'stream',
    model: 'mock-c60-i1000',
    pad: 700,
    held: 5000,
    bar: 1.5,
  },
];

/** Does the scenario ask for a stream? */
export const isStream = ({ figure }) => figure === 'events' || figure === 'stream';
