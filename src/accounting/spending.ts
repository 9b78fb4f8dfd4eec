import type { NanoUsd } from '../common/money.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { CallMeter } from '../metering/call-meter.js';
import type { CallRecord } from './call-record.js';
import { costOf } from './cost.js';
import { estimatedPrice } from './estimated-price.js';
import { estimatedUsage } from './estimated-usage.js';
import type { Price } from './price.js';
import type { PriceBook } from './price-book.js';
import { trustsCustomCost } from './trusts-custom-cost.js';

/** Tells a call's meter what it used, when it has ended. */
export function settle(meter: CallMeter, record: CallRecord, prices: PriceBook): void {
  meter.settle(record.usage?.total_tokens ?? 0, knownCost(record) ?? unknownCost(meter, record, prices));
}

/** What a call cost, where that is known: for a budget not less because its caller says so. */
function knownCost({ gateway, cost }: CallRecord): NanoUsd | null {
  if (cost.charged === null || cost.basis !== 'custom' || trustsCustomCost(gateway)) return cost.charged;
  return Math.max(cost.charged, cost.computed ?? 0, cost.reported ?? 0);
}

/** What budgets take where nobody knows what a call cost. */
function unknownCost(
  meter: CallMeter,
  { gateway, cost, outcome, provider, model, usage, requestBytes, startedAt }: CallRecord,
  prices: PriceBook,
): NanoUsd {
  const price = provider === null ? null : priceOf(prices, gateway, provider, model ?? '', startedAt);
  if (price === null) return 0;
  if (cost.basis === 'unpriced') return usage === null ? 0 : (costOf(usage, price) ?? 0);
  // An answer came whole, and did not say what it used: it may have been as much as was reserved.
  if (outcome === 'completed') return meter.reserved;
  if (outcome === 'failed') return 0;
  // The caller left before there was an answer. What was asked had been sent by then; of the rest only the provider knows.
  if (gateway.engine.budgets?.lost_calls === 'charge') return meter.reserved;
  return costOf(estimatedUsage(requestBytes, 0), price) ?? 0;
}

const priceOf = (
  prices: PriceBook,
  gateway: GatewaySettings,
  provider: string,
  model: string,
  at: number,
): Price | null => prices.find(gateway, provider, model, undefined, at) ?? estimatedPrice(gateway);
