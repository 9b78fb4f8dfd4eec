import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { accessOf, GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import type { ModelList } from '../contract/model-list.js';
import { ReachableModels } from '../routing/reachable-models.service.js';
import { Described } from '../http/decorators/described.decorator.js';

/** `GET /v1/{account_id}/{gateway_id}/compat/models`: what this gateway can be asked for, as OpenAI lists its models. */
@Controller('v1/:accountId/:gatewayId/compat/models')
@UseGuards(GatewayTokenGuard)
export class ModelsController {
  constructor(private readonly models: ReachableModels) {}

  @Get()
  @Described({ summary: 'What this gateway can be asked for' })
  list(@Req() request: FastifyRequest): ModelList {
    const data = this.models
      .of(accessOf(request))
      // No catalogue says when a model was made, and clients want a number.
      .map(({ provider, model }) => ({
        id: `${provider}/${model}`,
        object: 'model' as const,
        created: 0,
        owned_by: provider,
      }));
    return { object: 'list', data };
  }
}
