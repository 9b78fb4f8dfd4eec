import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { TargetHealthModule } from '../target-health/target-health.module.js';
import { CredentialResolver } from './credential-resolver.service.js';
import { PlanExecutor } from './plan-executor.service.js';
import { ReachableModels } from './reachable-models.service.js';
import { RoutePlanner } from './route-planner.service.js';
import { RoutingService } from './routing.service.js';

@Module({
  imports: [AccountingModule, KeysModule, ProvidersModule, TargetHealthModule],
  providers: [CredentialResolver, PlanExecutor, ReachableModels, RoutePlanner, RoutingService],
  exports: [ReachableModels, RoutingService],
})
export class RoutingModule {}
