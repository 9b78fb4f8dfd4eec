import { Module } from '@nestjs/common';
import { AdminModule } from './admin/admin.module.js';
import { BootstrapModule } from './bootstrap/bootstrap.module.js';
import { CompletionsModule } from './completions/completions.module.js';
import { EnvironmentModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { OpenapiModule } from './openapi/openapi.module.js';
import { PassthroughModule } from './passthrough/passthrough.module.js';
import { UniversalModule } from './universal/universal.module.js';
import { RequestLogsModule } from './request-logs/request-logs.module.js';
import { TracingModule } from './tracing/tracing.module.js';

/** The composition root: the surfaces, and what starts and watches them. Each module brings what it stands on. */
@Module({
  imports: [
    EnvironmentModule,
    HealthModule,
    CompletionsModule,
    PassthroughModule,
    UniversalModule,
    RequestLogsModule,
    AdminModule,
    MetricsModule,
    TracingModule,
    OpenapiModule,
    BootstrapModule,
  ],
})
export class AppModule {}
