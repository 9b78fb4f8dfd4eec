import type { Awaitable } from '../common/awaitable.js';
import { errorClassOf } from '../common/errors/error-class.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import type { RouteTaken } from '../contract/route-taken.js';
import type { GraphWalk, WalkStop } from '../dynamic-routes/graph-walker.js';
import type { RouteTarget } from '../dynamic-routes/route-element.js';
import type { ProviderStrategy } from '../providers/provider-strategy.js';
import type { CallRequest } from './call-request.js';
import type { PlannedRoute, PlannedTarget, RefusedTarget, RoutePlan, TargetOverrides } from './route-plan.js';

/** A dynamic route as a plan: the walk says which model, this says what that is as a target. */
export class WalkedPlan implements RoutePlan, PlannedRoute {
  readonly taken: RouteTaken;
  private step = 0;

  /** @param toStrategy Throws a `GatewayError` for a provider that is gone, or cannot do such a call. */
  constructor(
    private readonly walk: GraphWalk,
    private readonly request: CallRequest,
    private readonly toStrategy: (provider: string) => ProviderStrategy,
  ) {
    const { id, name, versionId } = walk.route;
    this.taken = { id, name, versionId, path: walk.path };
  }

  get route(): PlannedRoute {
    return this;
  }

  get failure(): GatewayError {
    const { errorClass, reason } = this.walk.failure;
    const message = `Dynamic route "${this.taken.name}": ${reason}`;
    return new GatewayError(errorClass === 'rate_limit' ? 'rate_limited' : 'route_failed', message, { param: 'model' });
  }

  next(lastError: GatewayError | null): ReturnType<RoutePlan['next']> {
    const stop =
      lastError === null ? this.walk.start() : this.walk.failed(errorClassOf(lastError), emptyBudgetOf(lastError));
    return stop instanceof Promise ? stop.then((found) => this.toTarget(found)) : this.toTarget(stop);
  }

  answered(): Awaitable<void> {
    return this.walk.succeeded();
  }

  private toTarget(stop: WalkStop | null): PlannedTarget | RefusedTarget | null {
    if (stop === null) return null;
    const { target, element, isLast, spending } = stop;
    const { provider, model } = target;
    const step = this.step++;
    let strategy: ProviderStrategy;
    try {
      strategy = this.toStrategy(provider);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { step, provider, model, element, refusal: error };
    }
    return {
      step,
      strategy,
      model,
      overrides: overridesOf(target),
      isLast,
      element,
      request: this.requestFor(target),
      spending,
    };
  }

  /**
   * A key that the caller brought is shown only where all of the route's models are at one provider: nobody may send somebody else's
   * key on to a vendor that it is not for.
   */
  private requestFor({ keyAlias }: RouteTarget): CallRequest {
    const { request } = this;
    const { access } = request;
    const showsOwnKey = keyAlias === undefined && this.walk.route.onlyProvider !== null;
    if (keyAlias === undefined && (showsOwnKey || access.inlineKey === null)) return request;
    return {
      ...request,
      access: showsOwnKey ? access : { ...access, inlineKey: null },
      keyAlias: keyAlias ?? request.keyAlias,
    };
  }
}

/** By the targets that they are of: those never change. */
const made = new WeakMap<RouteTarget, TargetOverrides>();

function overridesOf(target: RouteTarget): TargetOverrides {
  let overrides = made.get(target);
  if (overrides === undefined) made.set(target, (overrides = toOverrides(target)));
  return overrides;
}

/** An element's own time-out holds whatever comes behind it. */
function toOverrides({ timeoutMs, maxAttempts }: RouteTarget): TargetOverrides {
  return {
    ...(timeoutMs === undefined ? {} : { requestTimeoutMs: timeoutMs, limitsLastAttempt: timeoutMs > 0 }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  };
}

/** The name of the budget that had no room for a call; null for any other failure. */
function emptyBudgetOf({ key, details }: GatewayError): string | null {
  const rule = key === 'spend_limit_exceeded' ? details.metadata?.['rule'] : undefined;
  return typeof rule === 'object' && rule !== null && 'id' in rule && typeof rule.id === 'string' ? rule.id : null;
}
