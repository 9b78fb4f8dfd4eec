import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Dice } from '../common/dice.js';
import { GatewayError } from '../common/errors/gateway-error.js';
import { DynamicRouteDirectory } from '../dynamic-routes/dynamic-route.directory.js';
import { type DeployedRoute, GraphWalk } from '../dynamic-routes/graph-walker.js';
import { RouteSubject } from '../dynamic-routes/route-subject.js';
import { Quotas } from '../metering/quotas.service.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import type { ProviderCall, ProviderStrategy } from '../providers/provider-strategy.js';
import type { CallRequest } from './call-request.js';
import { directPlan, type RoutePlan } from './route-plan.js';
import { WalkedPlan } from './walked-plan.js';

/** Before a route's name where a model is asked for; it can be left out. */
const ROUTES = 'dynamic/';

/** From the model a caller asked for to the plan of targets: a provider's model, or a dynamic route. */
@Injectable()
export class RoutePlanner {
  constructor(
    private readonly providers: ProviderRegistry,
    private readonly routes: DynamicRouteDirectory,
    private readonly quotas: Quotas,
    private readonly dice: Dice,
    private readonly clock: Clock,
  ) {}

  /** Throws `invalid_provider` with the list of what would have worked. */
  plan(request: CallRequest): RoutePlan {
    const { call, access } = request;
    const { model } = call.request;
    const { accountId, internalId } = access.gateway;
    const resolved = this.providers.resolve(model, accountId);
    if (resolved !== null) {
      this.requireAble(resolved.strategy, call, accountId);
      return directPlan(resolved.strategy, resolved.model, request);
    }
    const route = this.routes.of(internalId).get(model.startsWith(ROUTES) ? model.slice(ROUTES.length) : model);
    if (route === undefined) throw this.unknown(request);
    return this.walk(route, request);
  }

  private walk(route: DeployedRoute, request: CallRequest): RoutePlan {
    const { access, call, inbound, headers } = request;
    const { internalId, accountId } = access.gateway;
    const caller = access.caller === null ? null : { id: access.caller.tokenId, name: access.caller.tokenName };
    const walk = new GraphWalk(route, this.routes.of(internalId), {
      subject: new RouteSubject(call.request, inbound.metadata.entries, headers, caller, this.clock.now()),
      dice: this.dice,
      quotas: this.quotas,
      scope: internalId,
      spending: [],
      trace: null,
    });
    return new WalkedPlan(walk, request, (provider) => this.strategyOf(provider, call, accountId));
  }

  /** Throws `invalid_provider` for one that is gone since the route was saved, or cannot do such a call. */
  private strategyOf(provider: string, call: ProviderCall, accountId: string): ProviderStrategy {
    const strategy = this.providers.get(provider, accountId);
    if (strategy === null)
      throw new GatewayError('invalid_provider', `"${provider}" is not a provider of this gateway any more.`, {
        param: 'model',
      });
    this.requireAble(strategy, call, accountId);
    return strategy;
  }

  private requireAble(strategy: ProviderStrategy, call: ProviderCall, accountId: string): void {
    if (call.kind === 'native') {
      const { dialect } = call;
      if (dialect !== undefined && strategy.native.dialects[dialect] === undefined)
        throw this.providers.withoutDialect(strategy, dialect, accountId);
      return;
    }
    if (strategy.isNativeOnly === true) throw this.providers.withoutChat(strategy);
    if (call.kind === 'embeddings' && strategy.embeddings === undefined)
      throw this.providers.withoutEmbeddings(strategy, accountId);
  }

  private unknown({ call, access }: CallRequest): GatewayError {
    const { model } = call.request;
    const { accountId, internalId } = access.gateway;
    const slugs = this.providers.slugs(accountId).join(', ');
    const routes = [...this.routes.of(internalId).keys()].join(', ');
    const found = model.startsWith(ROUTES)
      ? `There is no dynamic route "${model.slice(ROUTES.length)}"`
      : model.includes('/')
        ? `"${model.slice(0, model.indexOf('/'))}" is not a provider of this gateway`
        : `"${model}" has no provider prefix`;
    const names = routes === '' ? '' : `, or for dynamic/{route}, where route is one of: ${routes}`;
    return new GatewayError(
      'invalid_provider',
      `${found}. Ask for {provider}/{model}, where provider is one of: ${slugs}${names}.`,
      { param: 'model' },
    );
  }
}
