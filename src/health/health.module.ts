import { Module } from '@nestjs/common';

import { PersistenceModule } from '../persistence/persistence.module.js';
import { HealthController } from './health.controller.js';
import { ReadinessService } from './readiness.service.js';

/** Is the process up, and should calls come to it? */
@Module({ imports: [PersistenceModule], controllers: [HealthController], providers: [ReadinessService] })
export class HealthModule {}
