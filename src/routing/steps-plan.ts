import type { Awaitable } from '../common/awaitable.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import type { PlannedTarget, RefusedTarget, RoutePlan, TargetOverrides } from './route-plan.js';

/** A step of a universal request, with the plan of what it means: a target, a whole route, or nothing that could be tried. */
export interface PlannedStep {
  readonly plan: RoutePlan;
  readonly overrides: TargetOverrides;
}

/** Steps in a row: the next is tried when the last one has nothing left, whatever made it fail. */
export function stepsPlan(steps: readonly PlannedStep[]): RoutePlan {
  let index = 0;
  /** Of the current step the last error; null at its start, whatever the one before has met. */
  let isFresh = true;

  const next = (lastError: GatewayError | null): ReturnType<RoutePlan['next']> => {
    const step = steps[index];
    if (step === undefined) return null;
    const target = step.plan.next(isFresh ? null : lastError);
    isFresh = false;
    return target instanceof Promise
      ? target.then((found) => inStep(step, found, lastError))
      : inStep(step, target, lastError);
  };
  const inStep = (
    { overrides }: PlannedStep,
    target: PlannedTarget | RefusedTarget | null,
    lastError: GatewayError | null,
  ): Awaitable<PlannedTarget | RefusedTarget | null> => {
    if (target === null) {
      index++;
      isFresh = true;
      return next(lastError);
    }
    if ('refusal' in target) return { ...target, step: index };
    return {
      ...target,
      step: index,
      overrides: { ...overrides, ...target.overrides },
      isLast: target.isLast && index === steps.length - 1,
    };
  };

  return {
    next,
    get route() {
      return steps[Math.min(index, steps.length - 1)]?.plan.route;
    },
  };
}
