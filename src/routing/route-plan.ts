import { type AttemptOverrides, NO_OVERRIDES } from '../contract/attempt-headers.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import type { AttemptTimeouts } from '../providers/provider-client.service.js';
import type { ProviderStrategy } from '../providers/provider-strategy.js';

/** What one target of a plan says for itself. */
export interface TargetOverrides extends AttemptOverrides {
  readonly timeouts?: Partial<AttemptTimeouts>;
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
}

/**
 * The targets of one call, as a lazy sequence: a direct model is a plan of one, a universal request a plan of its steps, a
 * dynamic route a walk over its graph. Asked for the next with the last outcome.
 */
export interface RoutePlan {
  /** The next target, given how the last one failed (null at the start); null when there is nothing left to try. */
  next(lastError: GatewayError | null): PlannedTarget | null;
}

/** A plan of one. */
export function directPlan(strategy: ProviderStrategy, model: string): RoutePlan {
  return {
    next: (lastError) =>
      lastError === null ? { step: 0, strategy, model, overrides: NO_OVERRIDES, isLast: true } : null,
  };
}

/** Targets in a row: the next is tried whatever made the last one fail. */
export function sequencePlan(targets: readonly Pick<PlannedTarget, 'strategy' | 'model' | 'overrides'>[]): RoutePlan {
  let step = 0;
  return {
    next: () => {
      const target = targets[step];
      return target === undefined ? null : { ...target, step: step++, isLast: step === targets.length };
    },
  };
}
