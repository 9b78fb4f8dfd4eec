import { Module } from '@nestjs/common';

import { AccountingModule } from '../accounting/accounting.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { LogPartitionsRepository } from './log-partitions.repository.js';
import { LogPipeline } from './log-pipeline.service.js';
import { LogWriterRepository } from './log-writer.repository.js';
import { RequestLogRepository } from './request-log.repository.js';
import { RequestLogsService } from './request-logs.service.js';

/** Finished calls, written in batches; and what the control plane asks about them. */
@Module({
  imports: [AccountingModule, PersistenceModule],
  providers: [LogPartitionsRepository, LogPipeline, LogWriterRepository, RequestLogRepository, RequestLogsService],
  exports: [LogPipeline, RequestLogsService],
})
export class RequestLogsModule {}
