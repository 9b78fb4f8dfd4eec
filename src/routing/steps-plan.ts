import type { Awaitable } from '../common/awaitable.js';
import type { GatewayError } from '../common/errors/gateway-error.js';
import type { CallRequest } from './call-request.js';
import type { PlannedTarget, RoutePlan, TargetOverrides } from './route-plan.js';

/** A step of a universal request, with the plan of what it means: a target, or a whole route. */
export interface PlannedStep {
  readonly plan: RoutePlan;
  /** What is asked of it: the request, with the step's own headers over those of all. */
  readonly request: CallRequest;
  readonly overrides: TargetOverrides;
}

/** Steps in a row: the next is tried when the last one has nothing left, whatever made it fail. */
export function stepsPlan(steps: readonly PlannedStep[]): RoutePlan {
  let index = 0;
  /** Of the current step the last error; null at its start, whatever the one before has met. */
  let isFresh = true;

  const next = (lastError: GatewayError | null): Awaitable<PlannedTarget | null> => {
    const step = steps[index];
    if (step === undefined) return null;
    const target = step.plan.next(isFresh ? null : lastError);
    isFresh = false;
    return target instanceof Promise
      ? target.then((found) => inStep(step, found, lastError))
      : inStep(step, target, lastError);
  };
  const inStep = (
    { request, overrides }: PlannedStep,
    target: PlannedTarget | null,
    lastError: GatewayError | null,
  ): Awaitable<PlannedTarget | null> => {
    if (target === null) {
      index++;
      isFresh = true;
      return next(lastError);
    }
    return {
      ...target,
      step: index,
      request: target.request ?? request,
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
