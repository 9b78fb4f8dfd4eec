import { describe, expect, it } from '@jest/globals';
import { readScrape } from '../../test/support/prometheus-text.js';
import { mergeScrapes } from './merged-scrape.js';
import { MetricsRegistry } from './metrics-registry.js';

const scrapeOf = (calls: number): Promise<string> => {
  const registry = new MetricsRegistry();
  registry.counter({ name: 'calls_total', help: 'Calls.' }, (add) => add(calls));
  registry.gauge({ name: 'circuits', help: 'By state.', labelNames: ['state'] }, (add) =>
    add(1, { state: 'a{b} "c"' }),
  );
  registry.histogram({ name: 'seconds', help: 'Durations.', buckets: [1] }).observe(0.5);
  return registry.scrape();
};

describe('mergeScrapes', () => {
  it('says of every sample which worker it is of, and of every metric once what it is', async () => {
    const texts = [await scrapeOf(3), await scrapeOf(4)];

    const merged = mergeScrapes([
      { worker: 1, text: texts[0]! },
      { worker: 2, text: texts[1]! },
    ]);

    const samples = readScrape(merged);
    expect(samples).toHaveLength(readScrape(texts[0]!).length + readScrape(texts[1]!).length);
    expect(samples.filter(({ name }) => name === 'calls_total')).toEqual([
      { name: 'calls_total', labels: { worker: '1' }, value: 3 },
      { name: 'calls_total', labels: { worker: '2' }, value: 4 },
    ]);
    expect(samples).toContainEqual({
      name: 'circuits',
      labels: { worker: '2', state: String.raw`a{b} \"c\"` },
      value: 1,
    });
    expect(samples).toContainEqual({ name: 'seconds_bucket', labels: { worker: '1', le: '+Inf' }, value: 1 });
    expect(merged.match(/^# HELP calls_total .*$/gm)).toHaveLength(1);
    expect(merged).toMatch(/^# TYPE calls_total counter\ncalls_total\{worker="1"\} 3\ncalls_total\{worker="2"\} 4\n/m);
  });
});
