import { toAttoUsd } from '../common/money.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { Price } from './price.js';

/** US dollars a million tokens, for `unknown_price: estimate` where the gateway says nothing else: dearer than most models. */
const ESTIMATED_PRICE = { input: 10, output: 50 };

/** What budgets take for the price of a model that has none, where the gateway wants that. */
export function estimatedPrice({ engine }: GatewaySettings): Price | null {
  const { unknown_price: policy, estimated_price: own } = engine.budgets ?? {};
  if (policy !== 'estimate') return null;
  const { input, output } = own ?? ESTIMATED_PRICE;
  const rates = { input: toAttoUsd(input / 1e6), output: toAttoUsd(output / 1e6) };
  return { source: 'catalogue', version: 'estimated', tiers: [{ above: 0, rates }] };
}
