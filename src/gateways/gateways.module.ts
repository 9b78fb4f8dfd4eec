import { Module } from '@nestjs/common';

import { Clock, SystemClock } from '../common/clock.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { GatewayDirectory } from './gateway.directory.js';
import { GatewayRepository } from './gateway.repository.js';
import { GatewaysService } from './gateways.service.js';

/** Accounts and gateways: their settings, as a directory in memory. */
@Module({
  imports: [PersistenceModule],
  providers: [{ provide: Clock, useClass: SystemClock }, GatewayDirectory, GatewayRepository, GatewaysService],
  exports: [Clock, GatewayDirectory, GatewaysService],
})
export class GatewaysModule {}
