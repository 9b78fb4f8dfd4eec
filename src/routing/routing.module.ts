import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module.js';
import { CustomProvidersModule } from '../custom-providers/custom-providers.module.js';
import { DynamicRoutesModule } from '../dynamic-routes/dynamic-routes.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { ResponseCacheModule } from '../response-cache/response-cache.module.js';
import { TargetHealthModule } from '../target-health/target-health.module.js';
import { MeteringModule } from '../metering/metering.module.js';
import { CallLimits } from './call-limits.service.js';
import { CredentialResolver } from './credential-resolver.service.js';
import { PlanExecutor } from './plan-executor.service.js';
import { GatewaysModule } from '../gateways/gateways.module.js';
import { ReachableModels } from './reachable-models.service.js';
import { RefusedCalls } from './refused-calls.service.js';
import { RoutePlanner } from './route-planner.service.js';
import { RoutingService } from './routing.service.js';

@Module({
  imports: [
    AccountingModule,
    CustomProvidersModule,
    DynamicRoutesModule,
    GatewaysModule,
    KeysModule,
    MeteringModule,
    ProvidersModule,
    ResponseCacheModule,
    TargetHealthModule,
  ],
  providers: [
    CallLimits,
    CredentialResolver,
    PlanExecutor,
    ReachableModels,
    RefusedCalls,
    RoutePlanner,
    RoutingService,
  ],
  exports: [ReachableModels, RefusedCalls, RoutingService],
})
export class RoutingModule {}
