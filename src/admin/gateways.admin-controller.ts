import { Body, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import { type Caller, isAllowed } from '../common/caller.js';
import { forbidden } from '../common/errors/platform-error.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { GatewaysService } from '../gateways/gateways.service.js';
import { sendsSecretAnew } from '../gateways/otel-settings.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { type Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { ProviderKeysService } from '../keys/provider-keys.service.js';
import { AdminController } from './admin-controller.decorator.js';
import {
  gatewayAnswer,
  gatewayBody,
  type GatewayBody,
  gatewayListQuery,
  type GatewayListQuery,
  newGatewayBody,
  type NewGatewayBody,
  presentGateway,
  toGatewayInput,
} from './gateways.schema.js';
import { gatewayIdParam, toPageRequest } from './request-parts.schema.js';

@AdminController('accounts/:account_id/ai-gateway/gateways')
export class GatewaysAdminController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly keys: ProviderKeysService,
  ) {}

  @Post()
  @HttpCode(200)
  @Answers(gatewayAnswer)
  @Permissions(['ai-gateway.write'])
  async create(
    @CurrentCaller() caller: Caller,
    @Body(new ContractValidationPipe('body', newGatewayBody)) body: NewGatewayBody,
  ) {
    assertMaySendSecrets(caller, body, null);
    return presentGateway(await this.gateways.create(caller.accountId, body.id, toGatewayInput(body)));
  }

  @Get()
  @Answers(gatewayAnswer.array())
  @Permissions(['ai-gateway.read'])
  async list(
    @CurrentCaller() { accountId }: Caller,
    @Query(new ContractValidationPipe('query', gatewayListQuery)) query: GatewayListQuery,
  ): Promise<Enveloped> {
    const page = toPageRequest(query);
    return pageOf(await this.gateways.list(accountId, page, query.search ?? null), page, presentGateway);
  }

  @Get(':gateway_id')
  @Answers(gatewayAnswer)
  @Permissions(['ai-gateway.read'])
  async get(@CurrentCaller() { accountId }: Caller, @Param('gateway_id', gatewayIdParam) id: string) {
    return presentGateway(await this.gateways.get(accountId, id));
  }

  @Put(':gateway_id')
  @Answers(gatewayAnswer)
  @Permissions(['ai-gateway.write'])
  async replace(
    @CurrentCaller() caller: Caller,
    @Param('gateway_id', gatewayIdParam) id: string,
    @Body(new ContractValidationPipe('body', gatewayBody)) body: GatewayBody,
  ) {
    assertMaySendSecrets(caller, body, await this.gateways.get(caller.accountId, id));
    return presentGateway(await this.gateways.replace(caller.accountId, id, toGatewayInput(body)));
  }

  @Delete(':gateway_id')
  @Answers(gatewayAnswer)
  @Permissions(['ai-gateway.write'])
  async delete(@CurrentCaller() { accountId }: Caller, @Param('gateway_id', gatewayIdParam) id: string) {
    const gateway = await this.gateways.get(accountId, id);
    await this.keys.deleteGateway(gateway);
    return presentGateway(gateway);
  }
}

/** `otel[].authorization` names a secret, and who says where a secret goes could read it there. Throws 403/10001. */
function assertMaySendSecrets(caller: Caller, body: GatewayBody, before: GatewaySettings | null): void {
  const isSameStore = before?.storeId === (body.store_id ?? null);
  const known = isSameStore ? before.otel : null;
  if (isAllowed(caller, 'secrets-store.write') || !sendsSecretAnew(body.otel ?? null, known)) return;
  throw forbidden('Only a token with "Secrets Store Write" may name a secret in "authorization" of "otel".');
}
