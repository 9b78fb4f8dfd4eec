import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { PriceOverridesService } from '../accounting/price-overrides.service.js';
import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { type Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { AdminController } from './admin-controller.decorator.js';
import {
  costAnswer,
  costListQuery,
  type CostListQuery,
  costPatchBody,
  type CostPatchBody,
  newCostBody,
  type NewCostBody,
  presentCost,
  toCostFields,
  toCostPlace,
  toCostQuery,
} from './custom-provider-costs.schema.js';
import { idParam, toPageRequest } from './request-parts.schema.js';

const costIdParam = idParam('cost_id');

/** What the models of custom providers cost: prices like an account's own, in Cloudflare's shape. They go with their provider. */
@AdminController('accounts/:account_id/ai-gateway/custom-providers/costs')
export class CustomProviderCostsAdminController {
  constructor(private readonly prices: PriceOverridesService) {}

  @Post()
  @HttpCode(200)
  @Answers(costAnswer)
  @Permissions(['ai-gateway.write'])
  async create(
    @CurrentCaller() { accountId }: Caller,
    @Body(new ContractValidationPipe('body', newCostBody)) body: NewCostBody,
  ) {
    const place = toCostPlace(body.account_provider_id);
    return presentCost(await this.prices.create(accountId, place, toCostFields(body, null)));
  }

  @Get()
  @Answers(costAnswer.array())
  @Permissions(['ai-gateway.read'])
  async list(
    @CurrentCaller() { accountId }: Caller,
    @Query(new ContractValidationPipe('query', costListQuery)) query: CostListQuery,
  ): Promise<Enveloped> {
    const page = toPageRequest(query);
    return pageOf(await this.prices.list(accountId, page, toCostQuery(query)), page, presentCost);
  }

  @Get(':cost_id')
  @Answers(costAnswer)
  @Permissions(['ai-gateway.read'])
  async get(@CurrentCaller() { accountId }: Caller, @Param('cost_id', costIdParam) id: string) {
    return presentCost(await this.prices.get(accountId, id, 'costs'));
  }

  @Patch(':cost_id')
  @Answers(costAnswer)
  @Permissions(['ai-gateway.write'])
  async update(
    @CurrentCaller() { accountId }: Caller,
    @Param('cost_id', costIdParam) id: string,
    @Body(new ContractValidationPipe('body', costPatchBody)) body: CostPatchBody,
  ) {
    const before = await this.prices.get(accountId, id, 'costs');
    const place = toCostPlace(body.account_provider_id ?? before.customProviderId ?? '');
    return presentCost(await this.prices.replace(accountId, id, place, toCostFields(body, before)));
  }

  @Delete(':cost_id')
  @Answers(costAnswer)
  @Permissions(['ai-gateway.write'])
  async delete(@CurrentCaller() { accountId }: Caller, @Param('cost_id', costIdParam) id: string) {
    return presentCost(await this.prices.delete(accountId, id, 'costs'));
  }
}
