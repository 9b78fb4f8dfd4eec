import { Controller, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { dialectRequestSchema } from '../contract/dialect-request.schema.js';
import { Described } from '../http/decorators/described.decorator.js';
import { CompatCalls } from './compat-calls.service.js';

/** `POST /client/v4/accounts/{account_id}/ai/v1/messages`: Anthropic's Messages, for every provider that speaks them. */
@Controller('client/v4/accounts/:account_id/ai/v1/messages')
@UseGuards(GatewayTokenGuard)
export class MessagesController {
  constructor(private readonly calls: CompatCalls) {}

  @Post()
  @Described({
    summary: 'Anthropic’s Messages, of any provider that speaks them',
    body: dialectRequestSchema,
    answers: ['application/json', 'text/event-stream'],
  })
  create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serveIn('messages', request, reply);
  }
}
