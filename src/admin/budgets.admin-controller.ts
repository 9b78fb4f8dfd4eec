import { Get, Param } from '@nestjs/common';
import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { GatewaysService } from '../gateways/gateways.service.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { Budgets } from '../metering/budgets.service.js';
import { AdminController } from './admin-controller.decorator.js';
import { budgetAnswer, presentBudget } from './budgets.schema.js';
import { gatewayIdParam } from './request-parts.schema.js';

/** How a gateway's spend limits stand, on all replicas together: ours, beside Cloudflare's API. */
@AdminController('accounts/:account_id/ai-gateway/gateways/:gateway_id/budgets')
export class BudgetsAdminController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly budgets: Budgets,
  ) {}

  @Get()
  @Answers(budgetAnswer.array())
  @Permissions(['ai-gateway.read'])
  async list(@CurrentCaller() { accountId }: Caller, @Param('gateway_id', gatewayIdParam) gatewayId: string) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    return (await this.budgets.report(gateway)).map(presentBudget);
  }
}
