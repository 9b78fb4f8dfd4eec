import { Injectable } from '@nestjs/common';
import type { NanoUsd } from '../common/money.js';
import type { CustomCost } from '../contract/custom-cost.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { ProviderCall, ProviderStrategy } from '../providers/provider-strategy.js';
import { customPrice, totalOf } from './custom-price.js';
import type { Price } from './price.js';
import { PriceCatalogue } from './price-catalogue.js';
import { PriceOverrideDirectory } from './price-override.directory.js';
import { estimatedPrice } from './estimated-price.js';
import { trustsCustomCost } from './trusts-custom-cost.js';
import { worstCaseOf } from './worst-case.js';

/** Every model's price: an admin's own, else the catalogue's. Costs a look into a map once a model was asked for. */
@Injectable()
export class PriceBook {
  private readonly catalogue = new PriceCatalogue();

  constructor(private readonly overrides: PriceOverrideDirectory) {}

  /**
   * Null where no price is known: that is not 0.
   * @param model As it was asked for, without the provider's prefix: what an admin's price is written for.
   * @param answered The model that answered, in the provider's words: to the catalogue it tells more than an alias, or the name
   * of a deployment.
   * @param at Milliseconds since 1970.
   */
  find(
    gateway: GatewaySettings,
    provider: string,
    model: string,
    answered: string | undefined,
    at: number,
  ): Price | null {
    return (
      this.overrides.find(gateway, provider, model) ??
      (answered === undefined ? null : this.overrides.find(gateway, provider, answered)) ??
      (answered === undefined ? null : this.catalogue.find(provider, answered, at)) ??
      this.catalogue.find(provider, model, at)
    );
  }

  /**
   * What a call to this model may cost at the most, for reserving it from a budget. Null where no price is known, and none is estimated.
   * What the caller says that it costs counts where it is more, or where the gateway takes a caller's word.
   */
  worstCase(
    gateway: GatewaySettings,
    strategy: ProviderStrategy,
    model: string,
    call: ProviderCall,
    custom: CustomCost | null,
    at: number,
  ): NanoUsd | null {
    const entry = strategy.models.find(({ id }) => id === model);
    const limits = {
      contextWindow: entry?.contextWindow ?? this.catalogue.contextWindow(strategy.id, model, at),
      maxOutputTokens: entry?.maxOutputTokens ?? null,
    };
    const said = custom === null ? null : (totalOf(custom) ?? worstCaseOf(call, customPrice(custom), limits));
    if (said !== null && trustsCustomCost(gateway)) return said;
    const price = this.find(gateway, strategy.id, model, undefined, at) ?? estimatedPrice(gateway);
    if (price === null) return gateway.engine.budgets?.unknown_price === 'block' ? null : said;
    const worst = worstCaseOf(call, price, limits);
    return said === null || worst === null ? worst : Math.max(said, worst);
  }
}
