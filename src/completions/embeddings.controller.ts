import { Controller, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accessOf, GatewayTokenGuard } from '../auth/guards/gateway-token.guard.js';
import { parseAttemptHeaders } from '../contract/attempt-headers.js';
import { embeddingsRequestSchema } from '../contract/embeddings-request.schema.js';
import { forwardedHeaders, GATEWAY_HEADERS, headerSafe, inboundHeader } from '../contract/gateway-headers.js';
import { BodyReader } from '../http/body-reader.service.js';
import { InFlightCalls } from '../http/in-flight.service.js';
import { RoutingService } from '../routing/routing.service.js';
import { CompletionPresenter } from './completion.presenter.js';
import { parseBody } from './parse-body.js';

/** `POST /v1/{account_id}/{gateway_id}/compat/embeddings`: OpenAI's embeddings, for every provider that makes some. */
@Controller('v1/:accountId/:gatewayId/compat/embeddings')
@UseGuards(GatewayTokenGuard)
export class EmbeddingsController {
  constructor(
    private readonly routing: RoutingService,
    private readonly presenter: CompletionPresenter,
    private readonly inFlight: InFlightCalls,
    private readonly bodies: BodyReader,
  ) {}

  @Post()
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { headers } = request;
    const call = this.inFlight.enter(reply.raw);
    const access = accessOf(request);
    const overrides = parseAttemptHeaders(headers);
    const raw = await this.bodies.read(request.raw, call);
    const asked = parseBody(raw, embeddingsRequestSchema);
    call.outlivesCaller = access.gateway.engine.finish_abandoned_calls === true;
    const requestId = request.id;
    const eventId = headerSafe(inboundHeader(headers, GATEWAY_HEADERS.eventId) ?? requestId);
    const answer = await this.routing.route(
      {
        requestId,
        eventId,
        access,
        call: { kind: 'embeddings', request: asked, raw, headers: forwardedHeaders(headers) },
        keyAlias: inboundHeader(headers, GATEWAY_HEADERS.byokAlias),
        overrides,
      },
      call.cancellation,
    );
    reply.hijack();
    this.presenter.present(answer, { requestId, eventId, crossOrigin: headers.origin !== undefined }, reply.raw);
  }
}
