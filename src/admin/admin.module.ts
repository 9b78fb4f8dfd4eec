import { Module } from '@nestjs/common';

import { AuthModule } from '../auth/auth.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { TargetHealthModule } from '../target-health/target-health.module.js';
import { AccountsAdminController } from './accounts.admin-controller.js';
import { GatewaysAdminController } from './gateways.admin-controller.js';
import { HealthAdminController } from './health.admin-controller.js';
import { MasterKeyAdminController } from './master-key.admin-controller.js';
import { ProviderConfigsAdminController } from './provider-configs.admin-controller.js';
import { SecretsStoreAdminController } from './secrets-store.admin-controller.js';
import { TokensAdminController } from './tokens.admin-controller.js';
import { UserAdminController } from './user.admin-controller.js';

/** The control plane: Cloudflare's REST API, one controller a resource. Left out of AppModule, the data plane still runs. */
@Module({
  imports: [AuthModule, KeysModule, TargetHealthModule],
  controllers: [
    AccountsAdminController,
    GatewaysAdminController,
    HealthAdminController,
    MasterKeyAdminController,
    ProviderConfigsAdminController,
    SecretsStoreAdminController,
    TokensAdminController,
    UserAdminController,
  ],
})
export class AdminModule {}
