import type { GatewayError } from '../common/errors/gateway-error.js';
import type { ProviderStrategy } from '../providers/provider-strategy.js';

/** One thing a plan wants tried: a provider and a model there. The credential is found when it is tried. */
export interface PlannedTarget {
  /** Position in the plan, from 0: the `cf-aig-step` of an answer. */
  readonly step: number;
  readonly strategy: ProviderStrategy;
  readonly model: string;
}

/**
 * The targets of one call, as a lazy sequence: a direct model is a plan of one, a universal request will be a plan of its
 * steps, a dynamic route a walk over its graph.
 */
export interface RoutePlan {
  /** The next target, given how the last one failed (null at the start); null when there is nothing left to try. */
  next(lastError: GatewayError | null): PlannedTarget | null;
}

/** A plan of one. */
export function directPlan(strategy: ProviderStrategy, model: string): RoutePlan {
  return { next: (lastError) => (lastError === null ? { step: 0, strategy, model } : null) };
}
