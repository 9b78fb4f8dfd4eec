import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accessOf } from '../auth/guards/gateway-token.guard.js';
import { forwardedHeaders } from '../contract/gateway-headers.js';
import { BodyReader } from '../http/body-reader.service.js';
import { InFlightCalls } from '../http/in-flight.service.js';
import { addresseeOf, ReplyPresenter } from '../http/reply.presenter.js';
import { dialectRequestSchema } from '../contract/dialect-request.schema.js';
import { parseBody } from '../contract/parse-body.js';
import type { NativeDialect } from '../providers/native-call.js';
import { isStreamed, type ProviderCall } from '../providers/provider-strategy.js';
import { toDialectCall } from '../providers/read-native-call.js';
import { toCallRequest } from '../routing/call-request.js';
import { RoutingService } from '../routing/routing.service.js';

/** What every call of the compat surface goes through, whatever it asks for. */
@Injectable()
export class CompatCalls {
  constructor(
    private readonly routing: RoutingService,
    private readonly presenter: ReplyPresenter,
    private readonly inFlight: InFlightCalls,
    private readonly bodies: BodyReader,
  ) {}

  /** The same of a request in a dialect that travels as it is. */
  serveIn(dialect: NativeDialect, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    return this.serve(request, reply, (raw) =>
      toDialectCall(dialect, request.url, parseBody(raw, dialectRequestSchema), raw, request.headers),
    );
  }

  /**
   * Reads the body, routes the call and writes the answer.
   * @param parse Makes the call of the body's bytes and the headers that may travel on; throws `invalid_request`.
   */
  async serve(
    request: FastifyRequest,
    reply: FastifyReply,
    parse: (raw: Buffer, headers: readonly string[]) => ProviderCall,
  ): Promise<void> {
    const inFlight = this.inFlight.enter(reply.raw);
    const access = accessOf(request);
    const raw = await this.bodies.read(request.raw, inFlight);
    const call = parse(raw, forwardedHeaders(request.headers));
    inFlight.outlivesCaller = !isStreamed(call) && access.gateway.engine.finish_abandoned_calls === true;
    const asked = toCallRequest(request.url.startsWith('/v1/') ? 'compat' : 'rest', request, access, call);
    const served = await this.routing.route(asked, inFlight.cancellation);
    reply.hijack();
    this.presenter.present(served, addresseeOf(request, asked), reply.raw);
  }
}
