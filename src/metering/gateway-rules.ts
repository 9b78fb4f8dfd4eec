import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { type RateRule, rateRulesOf } from './rate-rules.js';
import { type SpendRule, spendRulesOf } from './spend-rules.js';

/** All that limits the calls of a gateway, ready for use. */
export interface GatewayRules {
  readonly rates: readonly RateRule[];
  readonly spends: readonly SpendRule[];
  readonly showsHeaders: boolean;
  readonly countsCacheHits: boolean;
  readonly isExact: boolean;
  readonly unknownPrice: 'block' | 'estimate' | 'allow';
  readonly whenLost: 'charge' | 'refund';
}

/** By the settings they were made from: those never change in place. */
const made = new WeakMap<GatewaySettings, GatewayRules>();

export function rulesOf(gateway: GatewaySettings): GatewayRules {
  let rules = made.get(gateway);
  if (rules === undefined) {
    const { rate_limits: rates, budgets } = gateway.engine;
    rules = {
      rates: rateRulesOf(gateway),
      spends: spendRulesOf(gateway),
      showsHeaders: rates?.headers ?? true,
      countsCacheHits: rates?.count_cache_hits ?? false,
      isExact: budgets?.mode !== 'soft',
      unknownPrice: budgets?.unknown_price ?? 'allow',
      whenLost: budgets?.lost_calls ?? 'charge',
    };
    made.set(gateway, rules);
  }
  return rules;
}
