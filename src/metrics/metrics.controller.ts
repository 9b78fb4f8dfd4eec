import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { Registry } from 'prom-client';
import { MetricsGuard } from '../auth/guards/metrics.guard.js';
import { Described } from '../http/decorators/described.decorator.js';
import { Scrape } from './scrape.service.js';

/** For Prometheus, in its text format. */
@Controller('metrics')
@UseGuards(MetricsGuard)
export class MetricsController {
  constructor(private readonly metrics: Scrape) {}

  @Get()
  @Described({ summary: 'For Prometheus: `METRICS_TOKEN`, or a token of the first account with `ai-gateway.read`' })
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('cache-control', 'no-store')
  scrape(): Promise<string> {
    return this.metrics.take();
  }
}
