import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import type { CallRecord } from '../accounting/call-record.js';
import { aCallRecord, anAttempt } from '../../test/support/call-records.js';
import { readScrape, sampleOf } from '../../test/support/prometheus-text.js';
import { CallMetrics } from './call-metrics.service.js';
import { MetricsRegistry } from './metrics-registry.js';

function metrics() {
  const calls$ = new Subject<CallRecord>();
  const registry = new MetricsRegistry();
  const metricsOfCalls = new CallMetrics({ calls$ }, registry);
  return { calls$, metricsOfCalls, scrape: async () => readScrape(await registry.scrape()) };
}

describe('CallMetrics', () => {
  it('keeps the number of series bounded, and loses no call', async () => {
    const { calls$, scrape } = metrics();
    for (let i = 0; i < 300; i++) {
      for (let j = 0; j < 40; j++) {
        calls$.next(
          aCallRecord({ gatewayId: `gateway-${i}`, provider: `vendor-${j}`, model: `model-${(i * 40 + j) % 999}` }),
        );
      }
    }

    const seen = await scrape();
    const calls = seen.filter(({ name }) => name === 'aig_calls_total');

    expect(calls.length).toBeLessThanOrEqual(600);
    expect(calls.reduce((sum, { value }) => sum + value, 0)).toBe(300 * 40);
    expect(sampleOf(seen, 'aig_calls_total', { gateway: 'other', provider: 'vendor-0' })).toBeGreaterThan(0);
  });

  it('gives no label to a model that nobody has answered to', async () => {
    const { calls$, scrape } = metrics();
    for (let i = 0; i < 10; i++) {
      calls$.next(aCallRecord({ model: `invented-${i}`, outcome: 'failed', error: 'upstream_error' }));
    }

    expect(sampleOf(await scrape(), 'aig_calls_total', { model: 'other' })).toBe(10);
  });

  it('says why a call ended badly: of the gateway its refusal, of a provider its class', async () => {
    const { calls$, scrape } = metrics();
    calls$.next(aCallRecord({ outcome: 'failed', error: 'rate_limited', attempts: [] }));
    calls$.next(
      aCallRecord({ outcome: 'failed', error: 'upstream_error', attempts: [anAttempt({ outcome: 'quota' })] }),
    );
    calls$.next(
      aCallRecord({ outcome: 'truncated', error: 'upstream_failed', attempts: [anAttempt({ outcome: 'transport' })] }),
    );
    calls$.next(aCallRecord({ outcome: 'aborted', error: null }));

    const errors = (await scrape()).flatMap(({ name, labels }) =>
      name === 'aig_calls_total' ? [labels['error']] : [],
    );

    expect(new Set(errors)).toEqual(new Set(['aborted', 'quota', 'rate_limited', 'transport']));
  });
});
