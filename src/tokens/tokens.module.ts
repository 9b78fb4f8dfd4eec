import { Module } from '@nestjs/common';

import { Clock, SystemClock } from '../common/clock.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { GatewayTokenDirectory } from './gateway-token.directory.js';
import { GatewayTokenRepository } from './gateway-token.repository.js';
import { GatewayTokensService } from './gateway-tokens.service.js';

/** Gateway tokens: issue, verify, revoke, roll. */
@Module({
  imports: [PersistenceModule],
  providers: [
    { provide: Clock, useClass: SystemClock },
    GatewayTokenDirectory,
    GatewayTokenRepository,
    GatewayTokensService,
  ],
  exports: [Clock, GatewayTokenDirectory, GatewayTokensService],
})
export class TokensModule {}
