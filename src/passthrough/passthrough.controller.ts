import { Controller, Delete, Get, Head, Patch, Post, Put, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { Described } from '../http/decorators/described.decorator.js';
import { NativeCalls } from './native-calls.service.js';

const NATIVE = { summary: 'A provider’s own API: {path} is its slug and its path', answers: ['*/*'] };

/**
 * `/v1/{account_id}/{gateway_id}/{provider}/{path}`: a provider's own API, as it is. A handler a method: `@All` would take the
 * pre-flight questions of browsers as well.
 */
@Controller('v1/:accountId/:gatewayId')
@UseGuards(GatewayTokenGuard)
export class PassthroughController {
  constructor(private readonly calls: NativeCalls) {}

  @Get('*')
  @Described(NATIVE)
  get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply);
  }

  @Head('*')
  @Described(NATIVE)
  head(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply);
  }

  @Post('*')
  @Described({ ...NATIVE, body: null })
  post(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply);
  }

  @Put('*')
  @Described({ ...NATIVE, body: null })
  put(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply);
  }

  @Patch('*')
  @Described({ ...NATIVE, body: null })
  patch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply);
  }

  @Delete('*')
  @Described({ ...NATIVE, body: null })
  delete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply);
  }
}
