import { Get, Param, Query } from '@nestjs/common';
import { AnalyticsService } from '../analytics/analytics.service.js';
import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { GatewaysService } from '../gateways/gateways.service.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { Described } from '../http/decorators/described.decorator.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { AdminController } from './admin-controller.decorator.js';
import { analyticsAnswer, analyticsQuery, type AnalyticsRequest, presentAnalytics } from './analytics.schema.js';
import { gatewayIdParam } from './request-parts.schema.js';

/** A gateway's calls in sums, over time: ours, where Cloudflare has GraphQL. */
@AdminController('accounts/:account_id/ai-gateway/gateways/:gateway_id/analytics')
export class AnalyticsAdminController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly analytics: AnalyticsService,
  ) {}

  @Get()
  @Described({ summary: 'Sums of calls over time, grouped by model, provider, token, route or metadata' })
  @Answers(analyticsAnswer)
  @Permissions(['ai-gateway.read'])
  async ask(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Query(new ContractValidationPipe('query', analyticsQuery)) query: AnalyticsRequest,
  ) {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    return presentAnalytics(query, await this.analytics.ask({ gatewayInternalId: internalId, ...query }));
  }
}
