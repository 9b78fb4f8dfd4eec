import { Injectable } from '@nestjs/common';
import type { ServedReply } from '../providers/served-reply.js';
import type { Cancellation } from '../common/cancellation.js';
import { CallRecorder } from '../accounting/call-recorder.service.js';
import { bodyBytes, isStreamed, type ProviderStrategy } from '../providers/provider-strategy.js';
import type { CallRequest } from './call-request.js';
import { PlanExecutor } from './plan-executor.service.js';
import { inClientsWords } from './clients-words.js';
import { directPlan, type RoutePlan, type TargetOverrides } from './route-plan.js';
import { RoutePlanner } from './route-planner.service.js';
import { type PlannedStep, stepsPlan } from './steps-plan.js';

/** A step of a universal request. */
export interface Step {
  readonly request: CallRequest;
  /** Whose own API it calls; null for a step of `compat`, whose model says where it goes. */
  readonly strategy: ProviderStrategy | null;
  readonly overrides: TargetOverrides;
}

/** From a request to a reply: plan, then execute, watched by the recorder. */
@Injectable()
export class RoutingService {
  constructor(
    private readonly planner: RoutePlanner,
    private readonly executor: PlanExecutor,
    private readonly recorder: CallRecorder,
  ) {}

  /** To whatever the call's model means. Throws `invalid_provider` for one that means nothing. */
  route(request: CallRequest, cancellation: Cancellation): Promise<ServedReply> {
    return this.follow(() => this.planner.plan(request), request, cancellation);
  }

  /** To a provider's own API. */
  pass(strategy: ProviderStrategy, request: CallRequest, cancellation: Cancellation): Promise<ServedReply> {
    return this.follow(() => directPlan(strategy, request.call.request.model), request, cancellation);
  }

  /**
   * To one step after the other, until one answers; the first stands for all on record. A provider's error comes in the words that
   * its step's client reads.
   */
  inTurn(steps: readonly [Step, ...Step[]], cancellation: Cancellation): Promise<ServedReply> {
    return this.follow(() => stepsPlan(steps.map((step) => this.planned(step))), steps[0].request, cancellation);
  }

  private planned({ request, strategy, overrides }: Step): PlannedStep {
    const { call } = request;
    const plan = strategy === null ? this.planner.plan(request) : directPlan(strategy, call.request.model);
    return { plan, request, overrides };
  }

  /** Down a plan that is made when the call is on record already: one that cannot be made is a call that failed. */
  private async follow(
    makePlan: () => RoutePlan,
    request: CallRequest,
    cancellation: Cancellation,
  ): Promise<ServedReply> {
    const { requestId, eventId, access, inbound, call: asked, customCost } = request;
    const call = this.recorder.start({
      requestId,
      eventId,
      gateway: access.gateway,
      accountId: access.gateway.accountId,
      gatewayId: access.gateway.id,
      tokenId: access.caller?.tokenId ?? null,
      inbound,
      kind: asked.kind,
      requestedModel: asked.request.model,
      streamed: isStreamed(asked),
      requestBytes: bodyBytes(asked),
      requestBody: asked.raw,
      customCost,
    });
    try {
      return call.track(await this.executor.execute(makePlan(), request, call, cancellation));
    } catch (error) {
      throw call.failed(inbound.surface === 'universal' ? inClientsWords(error) : error);
    }
  }
}
