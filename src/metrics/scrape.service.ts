import { Injectable } from '@nestjs/common';
import { FellowWorkers } from '../workers/fellow-workers.service.js';
import { mergeScrapes } from './merged-scrape.js';
import { MetricsRegistry } from './metrics-registry.js';

/** The gateway's numbers: of this process, or, where there are several workers, of each of them. */
@Injectable()
export class Scrape {
  constructor(
    private readonly registry: MetricsRegistry,
    private readonly fellows: FellowWorkers,
  ) {
    fellows.answer('metrics', () => registry.scrape());
  }

  /** In Prometheus' text format. */
  async take(): Promise<string> {
    const others = await this.fellows.ask('metrics');
    const own = await this.registry.scrape();
    if (others === null) return own;
    const told = others.answers.flatMap(({ worker, answer }) => (answer === null ? [] : { worker, text: answer }));
    return mergeScrapes([{ worker: others.asker, text: own }, ...told].toSorted((a, b) => a.worker - b.worker));
  }
}
