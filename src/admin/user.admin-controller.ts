import { Get, Query } from '@nestjs/common';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { Clock } from '../common/clock.js';
import type { Enveloped } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { GatewayTokensService } from '../tokens/gateway-tokens.service.js';
import { AdminController } from './admin-controller.decorator.js';
import { verified } from './token-verification.js';
import { permissionGroupQuery, type PermissionGroupQuery, presentPermissionGroups } from './tokens.schema.js';

/** Tools ask these before anything else. There are no users here: a token speaks for itself. */
@AdminController('user')
export class UserAdminController {
  constructor(
    private readonly tokens: GatewayTokensService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Permissions([])
  user(@CurrentCaller() { tokenId, tokenName }: Caller) {
    return { id: tokenId, email: null, first_name: tokenName, last_name: null, suspended: false };
  }

  @Get('tokens/verify')
  @Permissions([])
  async verify(@CurrentCaller() { accountId, tokenId }: Caller): Promise<Enveloped> {
    return verified(await this.tokens.get(accountId, tokenId), this.clock.now());
  }

  @Get('tokens/permission_groups')
  @Permissions(['tokens.read'])
  permissionGroups(
    @CurrentCaller() caller: Caller,
    @Query(new ContractValidationPipe('query', permissionGroupQuery)) query: PermissionGroupQuery,
  ) {
    return presentPermissionGroups(query, this.tokens.selectableGroups(caller));
  }
}
