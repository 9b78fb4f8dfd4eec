import { Controller, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { dialectRequestSchema } from '../contract/dialect-request.schema.js';
import { Described } from '../http/decorators/described.decorator.js';
import { CompatCalls } from './compat-calls.service.js';
import { COMPAT_PATHS } from './compat-paths.js';

/** `POST …/compat/responses`, and the account's `…/ai/v1/responses`: OpenAI's Responses, for every provider that speaks them. */
@Controller(COMPAT_PATHS.map((path) => `${path}/responses`))
@UseGuards(GatewayTokenGuard)
export class ResponsesController {
  constructor(private readonly calls: CompatCalls) {}

  @Post()
  @Described({
    summary: 'OpenAI’s Responses, of any provider that speaks them',
    body: dialectRequestSchema,
    answers: ['application/json', 'text/event-stream'],
  })
  create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serveIn('responses', request, reply);
  }
}
