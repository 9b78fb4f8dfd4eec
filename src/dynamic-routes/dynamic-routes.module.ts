import { Module } from '@nestjs/common';
import { MeteringModule } from '../metering/metering.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { DynamicRouteDirectory } from './dynamic-route.directory.js';
import { DynamicRouteRepository } from './dynamic-route.repository.js';
import { DynamicRoutesService } from './dynamic-routes.service.js';

/** Dynamic routes: stored graphs that choose the models of a call. */
@Module({
  imports: [MeteringModule, PersistenceModule, ProvidersModule],
  providers: [DynamicRouteDirectory, DynamicRouteRepository, DynamicRoutesService],
  exports: [DynamicRouteDirectory, DynamicRoutesService],
})
export class DynamicRoutesModule {}
