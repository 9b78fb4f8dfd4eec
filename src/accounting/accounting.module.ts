import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { CallRecorder } from './call-recorder.service.js';
import { PriceBook } from './price-book.js';
import { PriceOverrideDirectory } from './price-override.directory.js';
import { PriceOverrideRepository } from './price-override.repository.js';
import { PriceOverridesService } from './price-overrides.service.js';

@Module({
  imports: [PersistenceModule],
  providers: [CallRecorder, PriceBook, PriceOverrideDirectory, PriceOverrideRepository, PriceOverridesService],
  exports: [CallRecorder, PriceBook, PriceOverridesService],
})
export class AccountingModule {}
