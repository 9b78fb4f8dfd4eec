import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { CustomProvidersService } from '../custom-providers/custom-providers.service.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { type Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { AdminController } from './admin-controller.decorator.js';
import {
  customProviderAnswer,
  customProviderListQuery,
  type CustomProviderListQuery,
  customProviderPatchBody,
  type CustomProviderPatchBody,
  newCustomProviderBody,
  type NewCustomProviderBody,
  presentCustomProvider,
  toCustomProvider,
  toCustomProviderPatch,
  toCustomProviderQuery,
} from './custom-providers.schema.js';
import { idParam, toPageRequest } from './request-parts.schema.js';

@AdminController('accounts/:account_id/ai-gateway/custom-providers')
export class CustomProvidersAdminController {
  constructor(private readonly providers: CustomProvidersService) {}

  @Post()
  @HttpCode(200)
  @Answers(customProviderAnswer)
  @Permissions(['ai-gateway.write'])
  async create(
    @CurrentCaller() caller: Caller,
    @Body(new ContractValidationPipe('body', newCustomProviderBody)) body: NewCustomProviderBody,
  ) {
    return presentCustomProvider(await this.providers.create(caller, body.slug, toCustomProvider(body)));
  }

  @Get()
  @Answers(customProviderAnswer.array())
  @Permissions(['ai-gateway.read'])
  async list(
    @CurrentCaller() caller: Caller,
    @Query(new ContractValidationPipe('query', customProviderListQuery)) query: CustomProviderListQuery,
  ): Promise<Enveloped> {
    const page = toPageRequest(query);
    return pageOf(await this.providers.list(caller, page, toCustomProviderQuery(query)), page, presentCustomProvider);
  }

  @Get(':provider_id')
  @Answers(customProviderAnswer)
  @Permissions(['ai-gateway.read'])
  async get(@CurrentCaller() caller: Caller, @Param('provider_id', idParam('provider_id')) id: string) {
    return presentCustomProvider(await this.providers.get(caller, id));
  }

  @Patch(':provider_id')
  @Answers(customProviderAnswer)
  @Permissions(['ai-gateway.write'])
  async update(
    @CurrentCaller() caller: Caller,
    @Param('provider_id', idParam('provider_id')) id: string,
    @Body(new ContractValidationPipe('body', customProviderPatchBody)) body: CustomProviderPatchBody,
  ) {
    return presentCustomProvider(await this.providers.update(caller, id, toCustomProviderPatch(body)));
  }

  @Delete(':provider_id')
  @Answers(customProviderAnswer)
  @Permissions(['ai-gateway.write'])
  async delete(@CurrentCaller() caller: Caller, @Param('provider_id', idParam('provider_id')) id: string) {
    return presentCustomProvider(await this.providers.delete(caller, id));
  }
}
