import { Injectable } from '@nestjs/common';
import type { ServedReply } from '../providers/served-reply.js';
import type { Cancellation } from '../common/cancellation.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { type AskedFacts, askedFacts, type CallFacts } from '../accounting/call-record.js';
import { CallRecorder } from '../accounting/call-recorder.service.js';
import type { ProviderStrategy } from '../providers/provider-strategy.js';
import type { CallHead, CallRequest } from './call-request.js';
import { PlanExecutor } from './plan-executor.service.js';
import { inClientsWords } from './clients-words.js';
import { directPlan, type RefusedTarget, refusedPlan, type RoutePlan, type TargetOverrides } from './route-plan.js';
import { RoutePlanner } from './route-planner.service.js';
import { type PlannedStep, stepsPlan } from './steps-plan.js';

/** A step of a universal request. */
export interface Step {
  readonly request: CallRequest;
  /** Whose own API it calls; null for a step of `compat`, whose model says where it goes. */
  readonly strategy: ProviderStrategy | null;
  readonly overrides: TargetOverrides;
}

/** A step that makes no sense: it fails like one that a provider refuses. */
export type RefusedStep = Omit<RefusedTarget, 'step'>;

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
    return this.follow(() => this.planner.plan(request), factsOf(request), cancellation);
  }

  /** To a provider's own API. */
  pass(strategy: ProviderStrategy, request: CallRequest, cancellation: Cancellation): Promise<ServedReply> {
    return this.follow(() => directPlan(strategy, request.call.request.model, request), factsOf(request), cancellation);
  }

  /**
   * To one step after the other, until one answers: that one is on record. A provider's error comes in the words that its step's
   * client reads.
   * @param bytes How long all steps were: that is on record where none could be tried. They themselves may hold keys.
   */
  inTurn(
    steps: readonly (Step | RefusedStep)[],
    head: CallHead,
    bytes: number,
    cancellation: Cancellation,
  ): Promise<ServedReply> {
    const untried = { kind: null, requestedModel: '', streamed: false, requestBytes: bytes, requestBody: null };
    return this.follow(() => stepsPlan(steps.map((step) => this.planned(step))), toFacts(head, untried), cancellation);
  }

  private planned(step: Step | RefusedStep): PlannedStep {
    if ('refusal' in step) return { plan: refusedPlan(step), overrides: {} };
    return { plan: this.planOf(step), overrides: step.overrides };
  }

  private planOf({ request, strategy }: Step): RoutePlan {
    const { model } = request.call.request;
    if (strategy !== null) return directPlan(strategy, model, request);
    try {
      return this.planner.plan(request);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const slash = model.indexOf('/');
      if (slash === -1) return refusedPlan({ provider: '', model, refusal: error });
      return refusedPlan({ provider: model.slice(0, slash), model: model.slice(slash + 1), refusal: error });
    }
  }

  /** Down a plan that is made when the call is on record already: one that cannot be made is a call that failed. */
  private async follow(makePlan: () => RoutePlan, facts: CallFacts, cancellation: Cancellation): Promise<ServedReply> {
    const call = this.recorder.start(facts);
    try {
      return call.track(await this.executor.execute(makePlan(), call, cancellation));
    } catch (error) {
      throw call.failed(facts.inbound.surface === 'universal' ? inClientsWords(error) : error);
    }
  }
}

/** Written out: it is made of every call. */
const toFacts = (
  { requestId, eventId, access, inbound, customCost }: CallHead,
  { kind, requestedModel, streamed, requestBytes, requestBody }: Omit<AskedFacts, 'eventId' | 'inbound' | 'customCost'>,
): CallFacts => ({
  requestId,
  eventId,
  gateway: access.gateway,
  accountId: access.gateway.accountId,
  gatewayId: access.gateway.id,
  tokenId: access.caller?.tokenId ?? null,
  inbound,
  kind,
  requestedModel,
  streamed,
  requestBytes,
  requestBody,
  customCost,
});

const factsOf = (request: CallRequest): CallFacts => toFacts(request, askedFacts(request));
