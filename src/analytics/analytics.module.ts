import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { AnalyticsRepository } from './analytics.repository.js';
import { AnalyticsService } from './analytics.service.js';
import { CallRollups } from './call-rollups.service.js';

/** Sums of finished calls, for charts. */
@Module({
  imports: [AccountingModule, PersistenceModule],
  providers: [AnalyticsRepository, AnalyticsService, CallRollups],
  exports: [AnalyticsService, CallRollups],
})
export class AnalyticsModule {}
