import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accessOf } from '../auth/guards/gateway-token.guard.js';
import { parseAttemptHeaders } from '../contract/attempt-headers.js';
import { forwardedHeaders, GATEWAY_HEADERS, headerSafe, inboundHeader } from '../contract/gateway-headers.js';
import { BodyReader } from '../http/body-reader.service.js';
import { InFlightCalls } from '../http/in-flight.service.js';
import type { ProviderCall } from '../providers/provider-strategy.js';
import { RoutingService } from '../routing/routing.service.js';
import { CompletionPresenter } from './completion.presenter.js';

/** What every call of the compat surface goes through, whatever it asks for. */
@Injectable()
export class CompatCalls {
  constructor(
    private readonly routing: RoutingService,
    private readonly presenter: CompletionPresenter,
    private readonly inFlight: InFlightCalls,
    private readonly bodies: BodyReader,
  ) {}

  /**
   * Reads the body, routes the call and writes the answer.
   * @param parse Makes the call of the body's bytes and the headers that may travel on; throws `invalid_request`.
   */
  async serve(
    request: FastifyRequest,
    reply: FastifyReply,
    parse: (raw: Buffer, headers: readonly string[]) => ProviderCall,
  ): Promise<void> {
    const { headers, id: requestId } = request;
    const inFlight = this.inFlight.enter(reply.raw);
    const access = accessOf(request);
    const overrides = parseAttemptHeaders(headers);
    const raw = await this.bodies.read(request.raw, inFlight);
    const call = parse(raw, forwardedHeaders(headers));
    const isStreamed = call.kind === 'chat' && call.request.stream === true;
    inFlight.outlivesCaller = !isStreamed && access.gateway.engine.finish_abandoned_calls === true;
    const eventId = headerSafe(inboundHeader(headers, GATEWAY_HEADERS.eventId) ?? requestId);
    const keyAlias = inboundHeader(headers, GATEWAY_HEADERS.byokAlias);
    const served = await this.routing.route(
      { requestId, eventId, access, call, keyAlias, overrides },
      inFlight.cancellation,
    );
    reply.hijack();
    this.presenter.present(served, { requestId, eventId, crossOrigin: headers.origin !== undefined }, reply.raw);
  }
}
