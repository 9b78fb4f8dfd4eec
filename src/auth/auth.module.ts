import { Module } from '@nestjs/common';
import { GatewaysModule } from '../gateways/gateways.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { CallerCredentials } from './caller-credentials.service.js';
import { AdminGuard } from './guards/admin.guard.js';
import { GatewayTokenGuard } from './guards/gateway-token.guard.js';
import { MetricsGuard } from './guards/metrics.guard.js';
import { ReaderGuard } from './guards/reader.guard.js';
import { ApiTokenPassportStrategy } from './strategies/api-token.passport-strategy.js';

/** Who may come in. A guard runs among its controller's dependencies, so what guards need is handed on. */
@Module({
  imports: [GatewaysModule, TokensModule],
  providers: [AdminGuard, ApiTokenPassportStrategy, CallerCredentials, GatewayTokenGuard, MetricsGuard, ReaderGuard],
  exports: [
    AdminGuard,
    ApiTokenPassportStrategy,
    CallerCredentials,
    GatewayTokenGuard,
    MetricsGuard,
    ReaderGuard,
    GatewaysModule,
    TokensModule,
  ],
})
export class AuthModule {}
