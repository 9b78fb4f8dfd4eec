import { applyDecorators, Controller, UseGuards, UseInterceptors } from '@nestjs/common';

import { AdminGuard } from '../auth/guards/admin.guard.js';
import { EnvelopeInterceptor } from '../http/envelope.interceptor.js';

/** A control-plane controller: under `/client/v4`, behind the admin guard, its answers in the envelope. */
export const AdminController = (path: string): ClassDecorator =>
  applyDecorators(Controller(`client/v4/${path}`), UseGuards(AdminGuard), UseInterceptors(EnvelopeInterceptor));
