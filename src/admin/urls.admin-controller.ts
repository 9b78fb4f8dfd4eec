import { Get, Param, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { GatewaysService } from '../gateways/gateways.service.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { PublicOrigin } from '../http/public-origin.service.js';
import { AdminController } from './admin-controller.decorator.js';
import { gatewayIdParam, surfaceSchema } from './request-parts.schema.js';

/** The base URL that an SDK of a provider is given: a string, as Cloudflare has it. */
@AdminController('accounts/:account_id/ai-gateway/gateways/:gateway_id/url')
export class UrlsAdminController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly origin: PublicOrigin,
  ) {}

  @Get(':provider')
  @Answers(z.url())
  @Permissions(['ai-gateway.read'])
  async get(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('provider', new ContractValidationPipe(['params', 'provider'], surfaceSchema)) provider: string,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const { id } = await this.gateways.get(accountId, gatewayId);
    return `${this.origin.seenBy(request)}/v1/${accountId}/${id}/${provider}`;
  }
}
