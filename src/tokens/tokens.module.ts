import { Module } from '@nestjs/common';

import { PersistenceModule } from '../persistence/persistence.module.js';
import { GatewayTokenDirectory } from './gateway-token.directory.js';
import { GatewayTokenRepository } from './gateway-token.repository.js';
import { GatewayTokensService } from './gateway-tokens.service.js';

/** Gateway tokens: issue, verify, revoke, roll. */
@Module({
  imports: [PersistenceModule],
  providers: [GatewayTokenDirectory, GatewayTokenRepository, GatewayTokensService],
  exports: [GatewayTokenDirectory, GatewayTokensService],
})
export class TokensModule {}
