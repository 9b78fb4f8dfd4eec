import type { Awaitable } from '../common/awaitable.js';
import { type AttemptOverrides, NO_OVERRIDES } from '../contract/attempt-headers.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import type { RouteTaken } from '../contract/route-taken.js';
import type { Quota } from '../metering/quota.js';
import type { AttemptTimeouts } from '../providers/provider-client.service.js';
import type { CallRequest } from './call-request.js';
import type { ProviderStrategy } from '../providers/provider-strategy.js';

/** What one target of a plan says for itself. */
export interface TargetOverrides extends AttemptOverrides {
  readonly timeouts?: Partial<AttemptTimeouts>;
  /** Does its `requestTimeoutMs` hold for the very last attempt as well? Absent: the gateway says. */
  readonly limitsLastAttempt?: boolean;
}

/** One thing a plan wants tried: a provider and a model there. The credential is found when it is tried. */
export interface PlannedTarget {
  /** Position in the plan, from 0: the `cf-aig-step` of an answer. */
  readonly step: number;
  readonly strategy: ProviderStrategy;
  readonly model: string;
  /** What the step says of attempts and time: stronger than the request's headers and the gateway's settings. */
  readonly overrides: TargetOverrides;
  /** Is there nothing behind it, however it fails? */
  readonly isLast: boolean;
  /** What is asked of it: the call's own request, or a step's of a universal one. */
  readonly request: CallRequest;
  /** Quotas of nano-dollars that stand on the way here: what the call may cost is reserved from each of them, and booked there. */
  readonly spending?: readonly Quota[];
  /** The id of the route's element that wants it. */
  readonly element?: string;
}

/** One thing a plan wants tried that cannot be: nobody is such a provider, or the request makes no sense. It has failed already. */
export interface RefusedTarget {
  readonly step: number;
  /** As it was asked for: nobody may be that. */
  readonly provider: string;
  readonly model: string;
  readonly element?: string;
  readonly refusal: GatewayError;
}

/**
 * The targets of one call, as a lazy sequence: a direct model is a plan of one, a universal request a plan of its steps, a
 * dynamic route a walk over its graph. Asked for the next with the last outcome.
 */
export interface RoutePlan {
  /** The next target, given how the last one failed (null at the start); null when there is nothing left to try. */
  next(lastError: GatewayError | null): Awaitable<PlannedTarget | RefusedTarget | null>;
  /** The dynamic route that is walked; absent where none is. */
  readonly route?: PlannedRoute | undefined;
}

/** A dynamic route that a plan follows. */
export interface PlannedRoute {
  /** The way so far. */
  readonly taken: RouteTaken;
  /** Why it has no target, where no target's own error says so. */
  readonly failure: GatewayError;
  /** The last target has answered: what comes behind it on the route is passed. */
  answered(): Awaitable<void>;
}

/** A plan of one. */
export function directPlan(strategy: ProviderStrategy, model: string, request: CallRequest): RoutePlan {
  return {
    next: (lastError) =>
      lastError === null ? { step: 0, strategy, model, overrides: NO_OVERRIDES, isLast: true, request } : null,
  };
}

/** A plan of one that cannot be tried. */
export function refusedPlan(target: Omit<RefusedTarget, 'step'>): RoutePlan {
  return { next: (lastError) => (lastError === null ? { ...target, step: 0 } : null) };
}

/** Targets in a row: the next is tried whatever made the last one fail. */
export function sequencePlan(
  targets: readonly Pick<PlannedTarget, 'strategy' | 'model' | 'overrides' | 'request'>[],
): RoutePlan {
  let step = 0;
  return {
    next: () => {
      const target = targets[step];
      return target === undefined ? null : { ...target, step: step++, isLast: step === targets.length };
    },
  };
}
