import { Injectable } from '@nestjs/common';
import type { GatewayAccess } from '../gateways/gateway-access.js';
import { DynamicRouteDirectory } from '../dynamic-routes/dynamic-route.directory.js';
import { ProviderKeyDirectory } from '../keys/provider-key.directory.js';
import { ProviderRegistry } from '../providers/provider.registry.js';

/** A model that a gateway can be asked for. */
export interface ReachableModel {
  readonly provider: string;
  readonly model: string;
}

/** What a gateway reaches with the keys it stores, after the catalogues of this release: other models can be asked for all the same. */
@Injectable()
export class ReachableModels {
  constructor(
    private readonly providers: ProviderRegistry,
    private readonly keys: ProviderKeyDirectory,
    private readonly routes: DynamicRouteDirectory,
  ) {}

  /** In the order of providers, then of their catalogues; dynamic routes behind them. */
  of({ gateway }: GatewayAccess): readonly ReachableModel[] {
    const listed = this.providers
      .all(gateway.accountId)
      .filter(({ id, needsCredential }) => !needsCredential || this.keys.aliases(gateway.internalId, id).length > 0)
      .flatMap(({ id, models, embeddings }) =>
        [...models, ...(embeddings?.models ?? [])].map((model) => ({ provider: id, model: model.id })),
      );
    const routes = [...this.routes.of(gateway.internalId).keys()].map((name) => ({ provider: 'dynamic', model: name }));
    return [...listed, ...routes];
  }
}
