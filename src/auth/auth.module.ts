import { Module } from '@nestjs/common';
import { GatewaysModule } from '../gateways/gateways.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AdminGuard } from './guards/admin.guard.js';
import { GatewayTokenGuard } from './guards/gateway-token.guard.js';
import { ApiTokenPassportStrategy } from './strategies/api-token.passport-strategy.js';

/** Who may come in. A guard runs among its controller's dependencies, so what guards need is handed on. */
@Module({
  imports: [GatewaysModule, TokensModule],
  providers: [AdminGuard, ApiTokenPassportStrategy, GatewayTokenGuard],
  exports: [AdminGuard, ApiTokenPassportStrategy, GatewayTokenGuard, GatewaysModule, TokensModule],
})
export class AuthModule {}
