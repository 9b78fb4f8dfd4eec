import { Controller, Get, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { refuseWebSocket } from '../http/web-socket.js';
import { UniversalCalls } from './universal-calls.service.js';
import { Described } from '../http/decorators/described.decorator.js';
import { universalRequestSchema } from '../contract/universal-request.schema.js';

/** `POST /v1/{account_id}/{gateway_id}`: steps in a row, the first that answers wins. */
@Controller('v1/:accountId/:gatewayId')
@UseGuards(GatewayTokenGuard)
export class UniversalController {
  constructor(private readonly calls: UniversalCalls) {}

  @Post()
  @Described({
    summary: 'Steps in a row: the first that answers wins',
    body: universalRequestSchema,
    answers: ['application/json', 'text/event-stream'],
  })
  create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply);
  }

  /** Where WebSockets would begin. */
  @Get()
  @Described({ summary: 'Refused: there are no WebSockets yet, and steps come with POST', answers: [] })
  upgrade(@Req() request: FastifyRequest): never {
    refuseWebSocket(request.headers);
    throw new GatewayError('not_found', 'The universal endpoint is asked with POST, and an array of steps.');
  }
}
