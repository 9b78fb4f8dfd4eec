import { Body, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { PriceOverridesService } from '../accounting/price-overrides.service.js';
import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { type Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { AdminController } from './admin-controller.decorator.js';
import {
  presentPrice,
  priceAnswer,
  priceBody,
  type PriceBody,
  priceListQuery,
  type PriceListQuery,
  toPriceFields,
  toPricePlace,
  toPriceQuery,
} from './prices.schema.js';
import { idParam, toPageRequest } from './request-parts.schema.js';

const priceIdParam = idParam('price_id');

/** An account's own prices: ours, beside the costs of custom providers that Cloudflare's API has. */
@AdminController('accounts/:account_id/ai-gateway/prices')
export class PricesAdminController {
  constructor(private readonly prices: PriceOverridesService) {}

  @Post()
  @HttpCode(200)
  @Answers(priceAnswer)
  @Permissions(['ai-gateway.write'])
  async create(
    @CurrentCaller() { accountId, tokenId }: Caller,
    @Body(new ContractValidationPipe('body', priceBody)) body: PriceBody,
  ) {
    return presentPrice(await this.prices.create(accountId, toPricePlace(body), toPriceFields(body, tokenId)));
  }

  @Get()
  @Answers(priceAnswer.array())
  @Permissions(['ai-gateway.read'])
  async list(
    @CurrentCaller() { accountId }: Caller,
    @Query(new ContractValidationPipe('query', priceListQuery)) query: PriceListQuery,
  ): Promise<Enveloped> {
    const page = toPageRequest(query);
    return pageOf(await this.prices.list(accountId, page, toPriceQuery(query)), page, presentPrice);
  }

  @Get(':price_id')
  @Answers(priceAnswer)
  @Permissions(['ai-gateway.read'])
  async get(@CurrentCaller() { accountId }: Caller, @Param('price_id', priceIdParam) id: string) {
    return presentPrice(await this.prices.get(accountId, id, 'list'));
  }

  @Put(':price_id')
  @Answers(priceAnswer)
  @Permissions(['ai-gateway.write'])
  async replace(
    @CurrentCaller() { accountId, tokenId }: Caller,
    @Param('price_id', priceIdParam) id: string,
    @Body(new ContractValidationPipe('body', priceBody)) body: PriceBody,
  ) {
    const fields = toPriceFields(body, tokenId);
    return presentPrice(await this.prices.replace(accountId, id, toPricePlace(body), fields));
  }

  @Delete(':price_id')
  @Answers(priceAnswer)
  @Permissions(['ai-gateway.write'])
  async delete(@CurrentCaller() { accountId }: Caller, @Param('price_id', priceIdParam) id: string) {
    return presentPrice(await this.prices.delete(accountId, id, 'list'));
  }
}
