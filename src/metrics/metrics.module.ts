import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module.js';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { HttpModule } from '../http/http.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { RequestLogsModule } from '../request-logs/request-logs.module.js';
import { TargetHealthModule } from '../target-health/target-health.module.js';
import { TracingModule } from '../tracing/tracing.module.js';
import { WorkersModule } from '../workers/workers.module.js';
import { CallMetrics } from './call-metrics.service.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsRegistry } from './metrics-registry.js';
import { PipelineMetrics } from './pipeline-metrics.service.js';
import { ProcessMetrics } from './process-metrics.service.js';
import { Scrape } from './scrape.service.js';

/** What the gateway tells of itself in numbers, at `/metrics`. */
@Module({
  imports: [
    AccountingModule,
    AnalyticsModule,
    AuthModule,
    HttpModule,
    PersistenceModule,
    RequestLogsModule,
    TargetHealthModule,
    TracingModule,
    WorkersModule,
  ],
  controllers: [MetricsController],
  providers: [CallMetrics, MetricsRegistry, PipelineMetrics, ProcessMetrics, Scrape],
})
export class MetricsModule {}
