import { Body, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { Clock } from '../common/clock.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { type Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { GatewayTokensService } from '../tokens/gateway-tokens.service.js';
import { AdminController } from './admin-controller.decorator.js';
import { idParam, toPageRequest } from './request-parts.schema.js';
import { verified } from './token-verification.js';
import {
  deletedTokenAnswer,
  newTokenAnswer,
  newTokenBody,
  type NewTokenBody,
  permissionGroupAnswer,
  permissionGroupQuery,
  type PermissionGroupQuery,
  presentPermissionGroups,
  presentToken,
  tokenAnswer,
  tokenBody,
  type TokenBody,
  tokenListQuery,
  type TokenListQuery,
  tokenValueAnswer,
  toTokenInput,
  toTokenStatus,
  verifiedAnswer,
} from './tokens.schema.js';

const tokenIdParam = idParam('token_id');

@AdminController('accounts/:account_id/tokens')
export class TokensAdminController {
  constructor(
    private readonly tokens: GatewayTokensService,
    private readonly clock: Clock,
  ) {}

  @Get('permission_groups')
  @Answers(permissionGroupAnswer.array())
  @Permissions(['tokens.read'])
  permissionGroups(
    @CurrentCaller() caller: Caller,
    @Query(new ContractValidationPipe('query', permissionGroupQuery)) query: PermissionGroupQuery,
  ) {
    return presentPermissionGroups(query, this.tokens.selectableGroups(caller));
  }

  @Get('verify')
  @Answers(verifiedAnswer)
  @Permissions([])
  async verify(@CurrentCaller() { accountId, tokenId }: Caller): Promise<Enveloped> {
    return verified(await this.tokens.get(accountId, tokenId), this.clock.now());
  }

  @Get()
  @Answers(tokenAnswer.array())
  @Permissions(['tokens.read'])
  async list(
    @CurrentCaller() { accountId }: Caller,
    @Query(new ContractValidationPipe('query', tokenListQuery)) query: TokenListQuery,
  ): Promise<Enveloped> {
    const page = toPageRequest(query);
    const now = this.clock.now();
    return pageOf(await this.tokens.list(accountId, page, query.direction), page, (token) => presentToken(token, now));
  }

  /** The only answer that holds the value, with the one of roll. */
  @Post()
  @HttpCode(200)
  @Answers(newTokenAnswer)
  @Permissions(['tokens.write'])
  async create(
    @CurrentCaller() caller: Caller,
    @Body(new ContractValidationPipe('body', newTokenBody)) body: NewTokenBody,
  ) {
    const { token, value } = await this.tokens.create(caller, toTokenInput(body));
    return { ...presentToken(token, this.clock.now()), value: value.reveal() };
  }

  @Get(':token_id')
  @Answers(tokenAnswer)
  @Permissions(['tokens.read'])
  async get(@CurrentCaller() { accountId }: Caller, @Param('token_id', tokenIdParam) id: string) {
    return presentToken(await this.tokens.get(accountId, id), this.clock.now());
  }

  @Put(':token_id')
  @Answers(tokenAnswer)
  @Permissions(['tokens.write'])
  async replace(
    @CurrentCaller() caller: Caller,
    @Param('token_id', tokenIdParam) id: string,
    @Body(new ContractValidationPipe('body', tokenBody)) body: TokenBody,
  ) {
    const token = await this.tokens.replace(caller, id, toTokenInput(body), toTokenStatus(body));
    return presentToken(token, this.clock.now());
  }

  @Delete(':token_id')
  @Answers(deletedTokenAnswer)
  @Permissions(['tokens.write'])
  async delete(@CurrentCaller() caller: Caller, @Param('token_id', tokenIdParam) id: string) {
    await this.tokens.delete(caller, id);
    return { id };
  }

  @Put(':token_id/value')
  @Answers(tokenValueAnswer)
  @Permissions(['tokens.write'])
  async roll(@CurrentCaller() caller: Caller, @Param('token_id', tokenIdParam) id: string): Promise<string> {
    return (await this.tokens.roll(caller, id)).reveal();
  }
}
