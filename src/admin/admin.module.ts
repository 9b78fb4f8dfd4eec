import { Module } from '@nestjs/common';

import { AccountingModule } from '../accounting/accounting.module.js';
import { AnalyticsModule } from '../analytics/analytics.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { AnalyticsAdminController } from './analytics.admin-controller.js';
import { CustomProvidersModule } from '../custom-providers/custom-providers.module.js';
import { DynamicRoutesModule } from '../dynamic-routes/dynamic-routes.module.js';
import { HttpModule } from '../http/http.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { MeteringModule } from '../metering/metering.module.js';
import { RequestLogsModule } from '../request-logs/request-logs.module.js';
import { TargetHealthModule } from '../target-health/target-health.module.js';
import { AccountsAdminController } from './accounts.admin-controller.js';
import { CustomProviderCostsAdminController } from './custom-provider-costs.admin-controller.js';
import { BudgetsAdminController } from './budgets.admin-controller.js';
import { CustomProvidersAdminController } from './custom-providers.admin-controller.js';
import { GatewaysAdminController } from './gateways.admin-controller.js';
import { HealthAdminController } from './health.admin-controller.js';
import { LogsAdminController } from './logs.admin-controller.js';
import { MasterKeyAdminController } from './master-key.admin-controller.js';
import { PricesAdminController } from './prices.admin-controller.js';
import { ProviderConfigsAdminController } from './provider-configs.admin-controller.js';
import { SecretsStoreAdminController } from './secrets-store.admin-controller.js';
import { RoutesAdminController } from './routes.admin-controller.js';
import { TokensAdminController } from './tokens.admin-controller.js';
import { UrlsAdminController } from './urls.admin-controller.js';
import { UserAdminController } from './user.admin-controller.js';

/** The control plane: Cloudflare's REST API, one controller a resource. Left out of AppModule, the data plane still runs. */
@Module({
  imports: [
    AccountingModule,
    AnalyticsModule,
    AuthModule,
    CustomProvidersModule,
    DynamicRoutesModule,
    HttpModule,
    KeysModule,
    MeteringModule,
    RequestLogsModule,
    TargetHealthModule,
  ],
  controllers: [
    AccountsAdminController,
    AnalyticsAdminController,
    CustomProviderCostsAdminController,
    BudgetsAdminController,
    CustomProvidersAdminController,
    GatewaysAdminController,
    HealthAdminController,
    LogsAdminController,
    MasterKeyAdminController,
    PricesAdminController,
    ProviderConfigsAdminController,
    RoutesAdminController,
    SecretsStoreAdminController,
    TokensAdminController,
    UrlsAdminController,
    UserAdminController,
  ],
})
export class AdminModule {}
