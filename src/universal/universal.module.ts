import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { HttpModule } from '../http/http.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { RoutingModule } from '../routing/routing.module.js';
import { UniversalCalls } from './universal-calls.service.js';
import { UniversalController } from './universal.controller.js';

@Module({
  imports: [AuthModule, HttpModule, ProvidersModule, RoutingModule],
  controllers: [UniversalController],
  providers: [UniversalCalls],
})
export class UniversalModule {}
