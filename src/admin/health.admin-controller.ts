import { Body, Get, HttpCode, Param, Post } from '@nestjs/common';
import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { GatewaysService } from '../gateways/gateways.service.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { TargetHealth } from '../target-health/target-health.service.js';
import { AdminController } from './admin-controller.decorator.js';
import {
  healthAnswer,
  healthResetAnswer,
  presentHealth,
  resetHealthBody,
  type ResetHealthBody,
} from './health.schema.js';
import { gatewayIdParam } from './request-parts.schema.js';

/** What this replica has learned of a gateway's targets from the calls it made: ours, beside Cloudflare's API. */
@AdminController('accounts/:account_id/ai-gateway/gateways/:gateway_id/health')
export class HealthAdminController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly health: TargetHealth,
  ) {}

  @Get()
  @Answers(healthAnswer.array())
  @Permissions(['ai-gateway.read'])
  async list(@CurrentCaller() { accountId }: Caller, @Param('gateway_id', gatewayIdParam) gatewayId: string) {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    return this.health.report(internalId).map(presentHealth);
  }

  /** Forgets failures and parked keys, of one provider or of all. */
  @Post('reset')
  @HttpCode(200)
  @Answers(healthResetAnswer)
  @Permissions(['ai-gateway.write'])
  async reset(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Body(new ContractValidationPipe('body', resetHealthBody)) body: ResetHealthBody,
  ) {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    return { reset: this.health.reset(internalId, body?.provider ?? null) };
  }
}
