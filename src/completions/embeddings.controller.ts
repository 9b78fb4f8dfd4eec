import { Controller, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { embeddingsRequestSchema } from '../contract/embeddings-request.schema.js';
import { COMPAT_PATHS } from './compat-paths.js';
import { CompatCalls } from './compat-calls.service.js';
import { parseBody } from '../contract/parse-body.js';
import { Described } from '../http/decorators/described.decorator.js';

/** `POST …/compat/embeddings`, and the account's `…/ai/v1/embeddings`: OpenAI's embeddings, for every provider that makes some. */
@Controller(COMPAT_PATHS.map((path) => `${path}/embeddings`))
@UseGuards(GatewayTokenGuard)
export class EmbeddingsController {
  constructor(private readonly calls: CompatCalls) {}

  @Post()
  @Described({ summary: 'Embeddings, of any provider’s model', body: embeddingsRequestSchema })
  create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.calls.serve(request, reply, (raw, headers) => ({
      kind: 'embeddings',
      request: parseBody(raw, embeddingsRequestSchema),
      raw,
      headers,
    }));
  }
}
