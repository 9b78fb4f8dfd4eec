import { Controller, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { NativeCalls } from './native-calls.service.js';
import { Described } from '../http/decorators/described.decorator.js';

/** `POST /client/v4/accounts/{account_id}/ai/run/{model}`: Workers AI as Cloudflare's SDK and `workers-ai-provider` ask it. */
@Controller('client/v4/accounts/:account_id/ai/run')
@UseGuards(GatewayTokenGuard)
export class RunController {
  constructor(private readonly calls: NativeCalls) {}

  @Post('*')
  @Described({ summary: 'Workers AI’s own form: {path} is the model', body: null, answers: ['*/*'] })
  run(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.run(request, reply);
  }
}
