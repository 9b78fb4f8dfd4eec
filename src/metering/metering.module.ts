import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { StateModule } from '../state/state.module.js';
import { BudgetCounterRepository } from './budget-counter.repository.js';
import { BudgetPersistence } from './budget-persistence.service.js';
import { Budgets } from './budgets.service.js';
import { CallMeters } from './call-meters.service.js';
import { Quotas } from './quotas.service.js';

@Module({
  imports: [PersistenceModule, StateModule],
  providers: [BudgetCounterRepository, BudgetPersistence, Budgets, CallMeters, Quotas],
  exports: [Budgets, CallMeters, Quotas],
})
export class MeteringModule {}
