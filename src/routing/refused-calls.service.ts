import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CallRecorder } from '../accounting/call-recorder.service.js';
import { readInbound } from '../accounting/inbound-facts.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import { askedGateway, GATEWAY_HEADERS, inboundHeader, type InboundHeaders } from '../contract/gateway-headers.js';
import { surfaceOf } from '../contract/surface.js';
import type { GatewayAccess } from '../gateways/gateway-access.js';
import { GatewayDirectory } from '../gateways/gateway.directory.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';

/** Where a call was meant to go; other paths have none. */
const gatewayParams = z.object({
  accountId: z.string().optional(),
  account_id: z.string().optional(),
  gatewayId: z.string().optional(),
});

/**
 * Records calls that were refused on their way to the router: by the guard, for what their body lacks, for the gateway's load. Only
 * where the gateway is known: nobody could look at the others.
 */
@Injectable()
export class RefusedCalls {
  constructor(
    private readonly recorder: CallRecorder,
    private readonly gateways: GatewayDirectory,
  ) {}

  /** Nothing happens for a call that has been recorded already. */
  refused(request: FastifyRequest & { access?: GatewayAccess }, exception: unknown, told: GatewayError): void {
    if (this.recorder.hasTold(exception)) return;
    const gateway = request.access?.gateway ?? this.gatewayOf(request.params, request.headers);
    const { id: requestId, headers, url } = request;
    const surface = surfaceOf(url);
    if (gateway === null || surface === null) return;
    const call = this.recorder.start({
      requestId,
      eventId: inboundHeader(headers, GATEWAY_HEADERS.eventId) ?? requestId,
      gateway,
      accountId: gateway.accountId,
      gatewayId: gateway.id,
      tokenId: request.access?.caller?.tokenId ?? null,
      inbound: readInbound(surface, url, headers, gateway),
      kind: null,
      requestedModel: '',
      streamed: false,
      requestBytes: Number(headers['content-length'] ?? 0),
      requestBody: null,
      customCost: null,
    });
    call.failed(told);
  }

  private gatewayOf(params: unknown, headers: InboundHeaders): GatewaySettings | null {
    const parsed = gatewayParams.safeParse(params);
    if (!parsed.success) return null;
    const { accountId, gatewayId } = askedGateway(parsed.data, headers);
    return this.gateways.find(accountId, gatewayId);
  }
}
