import { Get, Query } from '@nestjs/common';
import { z } from 'zod';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { noSuchRoute } from '../common/errors/platform-error.js';
import { type AccountEntry, GatewayDirectory } from '../gateways/gateway.directory.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { type Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { AdminController } from './admin-controller.decorator.js';
import { answerObject, time } from './answer-parts.schema.js';
import { paging, toPageRequest } from './request-parts.schema.js';

const accountListQuery = z.object({ ...paging({ default: 20, max: 100 }), name: z.string().max(256).nullish() });

const accountAnswer = answerObject('Account', {
  id: z.string(),
  name: z.string(),
  type: z.string(),
  settings: z.strictObject({ enforce_twofactor: z.boolean() }),
  created_on: time,
});

/** Account discovery: a token belongs to one account, so that is the list. */
@AdminController('accounts')
export class AccountsAdminController {
  constructor(private readonly directory: GatewayDirectory) {}

  @Get()
  @Answers(accountAnswer.array())
  @Permissions([])
  list(
    @CurrentCaller() caller: Caller,
    @Query(new ContractValidationPipe('query', accountListQuery)) query: z.infer<typeof accountListQuery>,
  ): Enveloped {
    const page = toPageRequest(query);
    const account = this.accountOf(caller);
    const found = (query.name ?? account.name) === account.name ? [account] : [];
    const items = found.slice((page.page - 1) * page.perPage, page.page * page.perPage);
    return pageOf({ items, total: found.length }, page, presentAccount);
  }

  @Get(':account_id')
  @Answers(accountAnswer)
  @Permissions([])
  get(@CurrentCaller() caller: Caller) {
    return presentAccount(this.accountOf(caller));
  }

  private accountOf({ accountId }: Caller): AccountEntry {
    const account = this.directory.findAccount(accountId);
    if (account === null) throw noSuchRoute();
    return account;
  }
}

const presentAccount = ({ id, name, createdAt }: AccountEntry) => ({
  id,
  name,
  type: 'standard',
  settings: { enforce_twofactor: false },
  created_on: createdAt.toISOString(),
});
