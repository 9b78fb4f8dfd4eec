import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { HttpModule } from '../http/http.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { RoutingModule } from '../routing/routing.module.js';
import { NativeCalls } from './native-calls.service.js';
import { PassthroughController } from './passthrough.controller.js';
import { RunController } from './run.controller.js';

@Module({
  imports: [AuthModule, HttpModule, ProvidersModule, RoutingModule],
  controllers: [PassthroughController, RunController],
  providers: [NativeCalls],
})
export class PassthroughModule {}
