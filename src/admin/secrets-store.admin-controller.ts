import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { z } from 'zod';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { Secret } from '../common/secret.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { SecretsStoreService } from '../keys/secrets-store.service.js';
import { AdminController } from './admin-controller.decorator.js';
import { idParam, toPageRequest } from './request-parts.schema.js';
import {
  deleteSecretsBody,
  deleteStoreQuery,
  type DeleteStoreQuery,
  duplicateSecretBody,
  type DuplicateSecretBody,
  editSecretBody,
  type EditSecretBody,
  newSecretsBody,
  type NewSecretsBody,
  newStoreBody,
  type NewStoreBody,
  presentSecret,
  presentStore,
  quotaAnswer,
  secretAnswer,
  secretListQuery,
  type SecretListQuery,
  storeAnswer,
  storeListQuery,
  type StoreListQuery,
  toSecretsError,
} from './secrets-store.schema.js';

const storeIdParam = idParam('store_id');
const secretIdParam = idParam('secret_id');

/** Deletions answer with null. */
const nothing = z.null();

@AdminController('accounts/:account_id/secrets_store')
export class SecretsStoreAdminController {
  constructor(private readonly store: SecretsStoreService) {}

  @Get('quota')
  @Answers(quotaAnswer)
  @Permissions(['secrets-store.read'])
  async quota(@CurrentCaller() { accountId }: Caller) {
    return { secrets: await this.store.quota(accountId) };
  }

  @Post('stores')
  @HttpCode(200)
  @Answers(storeAnswer)
  @Permissions(['secrets-store.write'])
  async createStore(
    @CurrentCaller() { accountId }: Caller,
    @Body(new ContractValidationPipe('body', newStoreBody)) { name }: NewStoreBody,
  ) {
    return presentStore(await this.store.createStore(accountId, name));
  }

  @Get('stores')
  @Answers(storeAnswer.array())
  @Permissions(['secrets-store.read'])
  async listStores(
    @CurrentCaller() { accountId }: Caller,
    @Query(new ContractValidationPipe('query', storeListQuery)) query: StoreListQuery,
  ): Promise<Enveloped> {
    const page = toPageRequest(query);
    return pageOf(await this.store.listStores(accountId, page, query), page, presentStore);
  }

  @Get('stores/:store_id')
  @Answers(storeAnswer)
  @Permissions(['secrets-store.read'])
  async getStore(@CurrentCaller() { accountId }: Caller, @Param('store_id', storeIdParam) storeId: string) {
    return presentStore(await this.store.getStore(accountId, storeId));
  }

  @Delete('stores/:store_id')
  @Answers(nothing)
  @Permissions(['secrets-store.write'])
  async deleteStore(
    @CurrentCaller() { accountId }: Caller,
    @Param('store_id', storeIdParam) storeId: string,
    @Query(new ContractValidationPipe('query', deleteStoreQuery)) { force }: DeleteStoreQuery,
  ): Promise<null> {
    await this.store.deleteStore(accountId, storeId, force);
    return null;
  }

  @Post('stores/:store_id/secrets')
  @HttpCode(200)
  @Answers(secretAnswer.array())
  @Permissions(['secrets-store.write'])
  async createSecrets(
    @CurrentCaller() { accountId }: Caller,
    @Param('store_id', storeIdParam) storeId: string,
    @Body(new ContractValidationPipe('body', newSecretsBody, toSecretsError)) body: NewSecretsBody,
  ): Promise<Enveloped> {
    const inputs = body.map(({ name, value, scopes, comment }) => ({
      name,
      scopes,
      comment: comment ?? null,
      value: new Secret(value),
    }));
    const secrets = await this.store.create(accountId, storeId, inputs);
    return pageOf({ items: secrets, total: secrets.length }, { page: 1, perPage: secrets.length }, presentSecret);
  }

  @Get('stores/:store_id/secrets')
  @Answers(secretAnswer.array())
  @Permissions(['secrets-store.read'])
  async listSecrets(
    @CurrentCaller() { accountId }: Caller,
    @Param('store_id', storeIdParam) storeId: string,
    @Query(new ContractValidationPipe('query', secretListQuery)) query: SecretListQuery,
  ): Promise<Enveloped> {
    const page = toPageRequest(query);
    const found = await this.store.list(accountId, storeId, page, { ...query, search: query.search ?? null });
    return pageOf(found, page, presentSecret);
  }

  @Delete('stores/:store_id/secrets')
  @Answers(nothing)
  @Permissions(['secrets-store.write'])
  async deleteSecrets(
    @CurrentCaller() { accountId }: Caller,
    @Param('store_id', storeIdParam) storeId: string,
    @Body(new ContractValidationPipe('body', deleteSecretsBody, toSecretsError)) ids: string[],
  ): Promise<null> {
    await this.store.delete(accountId, storeId, ids);
    return null;
  }

  @Get('stores/:store_id/secrets/:secret_id')
  @Answers(secretAnswer)
  @Permissions(['secrets-store.read'])
  async getSecret(
    @CurrentCaller() { accountId }: Caller,
    @Param('store_id', storeIdParam) storeId: string,
    @Param('secret_id', secretIdParam) id: string,
  ) {
    return presentSecret(await this.store.get(accountId, storeId, id));
  }

  @Patch('stores/:store_id/secrets/:secret_id')
  @Answers(secretAnswer)
  @Permissions(['secrets-store.write'])
  async editSecret(
    @CurrentCaller() { accountId }: Caller,
    @Param('store_id', storeIdParam) storeId: string,
    @Param('secret_id', secretIdParam) id: string,
    @Body(new ContractValidationPipe('body', editSecretBody, toSecretsError)) body: EditSecretBody,
  ) {
    const { value, scopes, comment } = body;
    const edited = await this.store.edit(accountId, storeId, id, {
      ...(value === undefined ? {} : { value: new Secret(value) }),
      ...(scopes === undefined ? {} : { scopes }),
      ...(comment === undefined ? {} : { comment }),
    });
    return presentSecret(edited);
  }

  @Delete('stores/:store_id/secrets/:secret_id')
  @Answers(nothing)
  @Permissions(['secrets-store.write'])
  async deleteSecret(
    @CurrentCaller() { accountId }: Caller,
    @Param('store_id', storeIdParam) storeId: string,
    @Param('secret_id', secretIdParam) id: string,
  ): Promise<null> {
    await this.store.delete(accountId, storeId, [id]);
    return null;
  }

  @Post('stores/:store_id/secrets/:secret_id/duplicate')
  @HttpCode(200)
  @Answers(secretAnswer)
  @Permissions(['secrets-store.write'])
  async duplicateSecret(
    @CurrentCaller() { accountId }: Caller,
    @Param('store_id', storeIdParam) storeId: string,
    @Param('secret_id', secretIdParam) id: string,
    @Body(new ContractValidationPipe('body', duplicateSecretBody, toSecretsError)) body: DuplicateSecretBody,
  ) {
    const { name, scopes, comment } = body;
    return presentSecret(
      await this.store.duplicate(accountId, storeId, id, { name, scopes, comment: comment ?? null }),
    );
  }
}
