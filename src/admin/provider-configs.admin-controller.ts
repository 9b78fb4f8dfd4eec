import { Body, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { Secret } from '../common/secret.js';
import { GatewaysService } from '../gateways/gateways.service.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { type Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { ProviderKeysService } from '../keys/provider-keys.service.js';
import { AdminController } from './admin-controller.decorator.js';
import {
  newProviderConfigBody,
  type NewProviderConfigBody,
  presentProviderConfig,
  providerConfigAnswer,
  providerConfigListQuery,
  type ProviderConfigListQuery,
  rotateProviderConfigBody,
  type RotateProviderConfigBody,
  toProviderKeyInput,
} from './provider-configs.schema.js';
import { gatewayIdParam, idParam, toPageRequest } from './request-parts.schema.js';

@AdminController('accounts/:account_id/ai-gateway/gateways/:gateway_id/provider_configs')
export class ProviderConfigsAdminController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly keys: ProviderKeysService,
  ) {}

  @Post()
  @HttpCode(200)
  @Answers(providerConfigAnswer)
  @Permissions(['secrets-store.write'])
  async create(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Body(new ContractValidationPipe('body', newProviderConfigBody)) body: NewProviderConfigBody,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    return presentProviderConfig(gatewayId)(await this.keys.create(gateway, toProviderKeyInput(body)));
  }

  @Get()
  @Answers(providerConfigAnswer.array())
  @Permissions(['ai-gateway.read', 'secrets-store.read'])
  async list(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Query(new ContractValidationPipe('query', providerConfigListQuery)) query: ProviderConfigListQuery,
  ): Promise<Enveloped> {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const page = toPageRequest(query);
    return pageOf(await this.keys.list(gateway, page), page, presentProviderConfig(gatewayId));
  }

  @Get(':config_id')
  @Answers(providerConfigAnswer)
  @Permissions(['ai-gateway.read', 'secrets-store.read'])
  async get(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('config_id', idParam('config_id')) id: string,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    return presentProviderConfig(gatewayId)(await this.keys.get(gateway, id));
  }

  @Put(':config_id')
  @Answers(providerConfigAnswer)
  @Permissions(['secrets-store.write'])
  async rotate(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('config_id', idParam('config_id')) id: string,
    @Body(new ContractValidationPipe('body', rotateProviderConfigBody)) { secret }: RotateProviderConfigBody,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    return presentProviderConfig(gatewayId)(await this.keys.rotate(gateway, id, new Secret(secret)));
  }

  @Delete(':config_id')
  @Answers(providerConfigAnswer)
  @Permissions(['ai-gateway.write', 'secrets-store.write'])
  async delete(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('config_id', idParam('config_id')) id: string,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    return presentProviderConfig(gatewayId)(await this.keys.delete(gateway, id));
  }
}
