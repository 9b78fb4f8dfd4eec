import { Controller, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { embeddingsRequestSchema } from '../contract/embeddings-request.schema.js';
import { CompatCalls } from './compat-calls.service.js';
import { parseBody } from './parse-body.js';

/** `POST /v1/{account_id}/{gateway_id}/compat/embeddings`: OpenAI's embeddings, for every provider that makes some. */
@Controller('v1/:accountId/:gatewayId/compat/embeddings')
@UseGuards(GatewayTokenGuard)
export class EmbeddingsController {
  constructor(private readonly calls: CompatCalls) {}

  @Post()
  create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply, (raw, headers) => ({
      kind: 'embeddings',
      request: parseBody(raw, embeddingsRequestSchema),
      raw,
      headers,
    }));
  }
}
