import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { TransportModule } from '../transport/transport.module.js';
import { CallTraces } from './call-traces.service.js';

/** Finished calls as OpenTelemetry spans, sent where their gateways say. */
@Module({
  imports: [AccountingModule, KeysModule, PersistenceModule, TransportModule],
  providers: [CallTraces],
  exports: [CallTraces],
})
export class TracingModule {}
