import { Reflector } from '@nestjs/core';

import type { Permission } from '../../common/caller.js';

/**
 * What a control-plane route asks of a token: one of these. An empty list lets every valid token of the account in; a route
 * without this decorator lets nobody in.
 */
export const Permissions = Reflector.createDecorator<readonly Permission[]>();
