import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { CustomProviderDirectory } from './custom-provider.directory.js';
import { CustomProviderRepository } from './custom-provider.repository.js';
import { CustomProvidersService } from './custom-providers.service.js';

/** Providers that accounts bring themselves: rows, made into strategies. */
@Module({
  imports: [KeysModule, PersistenceModule, ProvidersModule],
  providers: [CustomProviderDirectory, CustomProviderRepository, CustomProvidersService],
  exports: [CustomProvidersService],
})
export class CustomProvidersModule {}
