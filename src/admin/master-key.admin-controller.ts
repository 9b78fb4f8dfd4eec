import { HttpCode, Post } from '@nestjs/common';
import { z } from 'zod';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { MasterKeyRotation } from '../keys/master-key-rotation.service.js';
import { AdminController } from './admin-controller.decorator.js';
import { answerObject } from './answer-parts.schema.js';

const rotationAnswer = answerObject('MasterKeyRotation', {
  key_id: z.string(),
  rewrapped: z.int(),
  unopenable: z.int(),
  unopenable_secret_ids: z.array(z.string()),
});

/** Ours: `npm run keys:rotate-master` calls it, since an embedded database belongs to the running process. */
@AdminController('accounts/:account_id/ai-gateway/master-key')
export class MasterKeyAdminController {
  constructor(private readonly rotation: MasterKeyRotation) {}

  /** The whole deployment has one master key, so every account's rows are wrapped anew; named are the caller's own only. */
  @Post('rotate')
  @HttpCode(200)
  @Answers(rotationAnswer)
  @Permissions(['secrets-store.write'])
  async rotate(@CurrentCaller() { accountId }: Caller) {
    const { kekId, rewrapped, unopenable } = await this.rotation.rotate();
    return {
      key_id: kekId,
      rewrapped,
      unopenable: unopenable.length,
      unopenable_secret_ids: unopenable.filter((row) => row.accountId === accountId).map(({ id }) => id),
    };
  }
}
