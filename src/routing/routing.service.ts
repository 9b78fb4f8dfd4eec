import { Injectable } from '@nestjs/common';
import type { ServedReply } from '../providers/served-reply.js';
import type { Cancellation } from '../common/cancellation.js';
import { CallRecorder } from '../accounting/call-recorder.service.js';
import type { CallRequest } from './call-request.js';
import { PlanExecutor } from './plan-executor.service.js';
import { RoutePlanner } from './route-planner.service.js';

/** From a request to a reply: plan, then execute, watched by the recorder. */
@Injectable()
export class RoutingService {
  constructor(
    private readonly planner: RoutePlanner,
    private readonly executor: PlanExecutor,
    private readonly recorder: CallRecorder,
  ) {}

  async route(request: CallRequest, cancellation: Cancellation): Promise<ServedReply> {
    const { requestId, eventId, access, call: asked } = request;
    const call = this.recorder.start({
      requestId,
      eventId,
      accountId: access.gateway.accountId,
      gatewayId: access.gateway.id,
      tokenId: access.caller?.tokenId ?? null,
      requestedModel: asked.request.model,
      streamed: asked.kind === 'chat' && asked.request.stream === true,
      requestBytes: asked.raw.length,
    });
    try {
      const plan = this.planner.plan(asked.request.model, asked.kind);
      return call.track(await this.executor.execute(plan, request, call.attempts, cancellation));
    } catch (error) {
      throw call.failed(error);
    }
  }
}
