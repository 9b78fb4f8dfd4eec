import { Controller, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { CompatCalls } from './compat-calls.service.js';
import { parseChatRequest } from './parse-chat-request.js';

/** `POST /v1/{account_id}/{gateway_id}/compat/chat/completions`: OpenAI's chat completions, for every provider. */
@Controller('v1/:accountId/:gatewayId/compat/chat/completions')
@UseGuards(GatewayTokenGuard)
export class CompletionsController {
  constructor(private readonly calls: CompatCalls) {}

  @Post()
  create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply, (raw, headers) => ({
      kind: 'chat',
      request: parseChatRequest(raw),
      raw,
      headers,
    }));
  }
}
