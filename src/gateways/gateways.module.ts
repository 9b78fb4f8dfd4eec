import { Module } from '@nestjs/common';

import { PersistenceModule } from '../persistence/persistence.module.js';
import { GatewayDirectory } from './gateway.directory.js';
import { GatewayRepository } from './gateway.repository.js';
import { GatewaysService } from './gateways.service.js';

/** Accounts and gateways: their settings, as a directory in memory. */
@Module({
  imports: [PersistenceModule],
  providers: [GatewayDirectory, GatewayRepository, GatewaysService],
  exports: [GatewayDirectory, GatewaysService],
})
export class GatewaysModule {}
