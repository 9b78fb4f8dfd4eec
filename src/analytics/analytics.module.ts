import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { RequestLogsModule } from '../request-logs/request-logs.module.js';
import { AnalyticsRepository } from './analytics.repository.js';
import { AnalyticsService } from './analytics.service.js';
import { CallRollups } from './call-rollups.service.js';

/** Sums of finished calls, for charts. */
@Module({
  imports: [AccountingModule, PersistenceModule, RequestLogsModule],
  providers: [AnalyticsRepository, AnalyticsService, CallRollups],
  exports: [AnalyticsService, CallRollups],
})
export class AnalyticsModule {}
