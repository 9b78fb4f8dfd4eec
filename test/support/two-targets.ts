import { ProviderRegistry } from '../../src/providers/provider.registry.js';
import { sequencePlan } from '../../src/routing/route-plan.js';
import { RoutePlanner } from '../../src/routing/route-planner.service.js';
import type { RunningGateway } from './gateway.js';

/**
 * Lets a call name several targets, as universal requests and dynamic routes do: `plan:openai/a|groq/b` is tried in order. The
 * planner's own answer for every other model stays.
 */
export function allowPlans(gateway: RunningGateway): void {
  const planner = gateway.app.get(RoutePlanner, { strict: false });
  const registry = gateway.app.get(ProviderRegistry, { strict: false });
  const ordinary = planner.plan.bind(planner);
  planner.plan = (request) => {
    const { model } = request.call.request;
    if (!model.startsWith('plan:')) return ordinary(request);
    const targets = model
      .slice('plan:'.length)
      .split('|')
      .map((name) => ({ ...registry.resolve(name, request.access.gateway.accountId)!, overrides: {}, request }));
    return sequencePlan(targets);
  };
}
