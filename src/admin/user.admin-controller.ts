import { Get, Query } from '@nestjs/common';
import { z } from 'zod';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { Clock } from '../common/clock.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import type { Enveloped } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { GatewayTokensService } from '../tokens/gateway-tokens.service.js';
import { AdminController } from './admin-controller.decorator.js';
import { answerObject } from './answer-parts.schema.js';
import { verified } from './token-verification.js';
import {
  permissionGroupAnswer,
  permissionGroupQuery,
  type PermissionGroupQuery,
  presentPermissionGroups,
  verifiedAnswer,
} from './tokens.schema.js';

const userAnswer = answerObject('User', {
  id: z.string(),
  email: z.null(),
  first_name: z.string(),
  last_name: z.null(),
  suspended: z.boolean(),
});

/** Tools ask these before anything else. There are no users here: a token speaks for itself. */
@AdminController('user')
export class UserAdminController {
  constructor(
    private readonly tokens: GatewayTokensService,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Answers(userAnswer)
  @Permissions([])
  user(@CurrentCaller() { tokenId, tokenName }: Caller) {
    return { id: tokenId, email: null, first_name: tokenName, last_name: null, suspended: false };
  }

  @Get('tokens/verify')
  @Answers(verifiedAnswer)
  @Permissions([])
  async verify(@CurrentCaller() { accountId, tokenId }: Caller): Promise<Enveloped> {
    return verified(await this.tokens.get(accountId, tokenId), this.clock.now());
  }

  @Get('tokens/permission_groups')
  @Answers(permissionGroupAnswer.array())
  @Permissions(['tokens.read'])
  permissionGroups(
    @CurrentCaller() caller: Caller,
    @Query(new ContractValidationPipe('query', permissionGroupQuery)) query: PermissionGroupQuery,
  ) {
    return presentPermissionGroups(query, this.tokens.selectableGroups(caller));
  }
}
