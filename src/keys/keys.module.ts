import { Logger, Module } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';

import { vaultConfig } from '../config/vault.config.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { KeyVault } from './key-vault.js';
import { MasterKeyRotation } from './master-key-rotation.service.js';
import { loadMasterKeys } from './master-keys.js';
import { NamedSecrets } from './named-secrets.service.js';
import { ProviderKeyDirectory } from './provider-key.directory.js';
import { ProviderKeyRepository } from './provider-key.repository.js';
import { ProviderKeysService } from './provider-keys.service.js';
import { SealedHeadersRepository } from './sealed-headers.repository.js';
import { SecretsStoreRepository } from './secrets-store.repository.js';
import { SecretsStoreService } from './secrets-store.service.js';
import { StoredSecretRepository } from './stored-secret.repository.js';

/** The providers' keys that customers bring (BYOK): sealed in the database, opened in memory. */
@Module({
  imports: [PersistenceModule],
  providers: [
    {
      provide: KeyVault,
      inject: [vaultConfig.KEY],
      useFactory: (config: ConfigType<typeof vaultConfig>) => {
        const keys = loadMasterKeys(config);
        if (keys.generatedAt !== null) {
          new Logger('KeyVault').warn(
            `MASTER_KEY is not set: stored keys are sealed with the one in ${keys.generatedAt}. Back it up; other replicas need the same.`,
          );
        }
        return new KeyVault(keys);
      },
    },
    MasterKeyRotation,
    NamedSecrets,
    ProviderKeyDirectory,
    ProviderKeyRepository,
    ProviderKeysService,
    SealedHeadersRepository,
    SecretsStoreRepository,
    SecretsStoreService,
    StoredSecretRepository,
  ],
  exports: [KeyVault, MasterKeyRotation, NamedSecrets, ProviderKeyDirectory, ProviderKeysService, SecretsStoreService],
})
export class KeysModule {}
