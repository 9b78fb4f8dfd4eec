import { Injectable } from '@nestjs/common';
import { GatewayError } from '../common/errors/gateway-error.js';
import type { ProviderCall } from '../providers/provider-strategy.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import { directPlan, type RoutePlan } from './route-plan.js';

/** From the model a caller asked for to the plan of targets. */
@Injectable()
export class RoutePlanner {
  constructor(private readonly providers: ProviderRegistry) {}

  /** Throws `invalid_provider` with the list of what would have worked. */
  plan(model: string, kind: ProviderCall['kind'] = 'chat'): RoutePlan {
    const resolved = this.providers.resolve(model);
    if (resolved === null) throw this.unknown(model);
    if (kind === 'embeddings' && resolved.strategy.embeddings === undefined)
      throw this.providers.withoutEmbeddings(resolved.strategy);
    return directPlan(resolved.strategy, resolved.model);
  }

  private unknown(model: string): GatewayError {
    const slugs = this.providers.slugs().join(', ');
    const found = model.includes('/')
      ? `"${model.slice(0, model.indexOf('/'))}" is not a provider of this gateway`
      : `"${model}" has no provider prefix`;
    return new GatewayError(
      'invalid_provider',
      `${found}. Ask for {provider}/{model}, where provider is one of: ${slugs}.`,
      {
        param: 'model',
      },
    );
  }
}
