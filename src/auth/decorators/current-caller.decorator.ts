import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import type { Caller } from '../../common/caller.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who the admin guard let in. */
    caller?: Caller;
  }
}

/** Whose token opened this control-plane route. Throws where no guard has been. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === undefined) throw new Error('This route has no admin guard.');
  return caller;
});
