import type { NanoUsd } from '../common/money.js';
import type { Usage } from '../contract/chat-completion.js';
import type { CustomCost } from '../contract/custom-cost.js';
import type { ProviderBill } from '../providers/provider-strategy.js';
import { costOf } from './cost.js';
import { customPrice, totalOf } from './custom-price.js';
import type { Price } from './price.js';

/**
 * What the charged amount rests on. `nothing`: nothing was used, so it is 0. `unpriced`: no price is known for the model.
 * `uncounted`: nobody said what was used. The last two are not known, and never 0.
 */
export type CostBasis = Price['source'] | 'reported' | 'nothing' | 'unpriced' | 'uncounted';

/** What a call cost. Null is not known. */
export interface CallCost {
  /** Usage × price. */
  readonly computed: NanoUsd | null;
  /** What the provider's answer says that it charges. */
  readonly reported: NanoUsd | null;
  /** What counts: for logs, budgets and sums. */
  readonly charged: NanoUsd | null;
  readonly basis: CostBasis;
  /** Names the price of `computed`. */
  readonly priceVersion: string | null;
}

export const NO_COST: CallCost = { computed: 0, reported: null, charged: 0, basis: 'nothing', priceVersion: null };

/**
 * The cost of a call that was answered, at the price found for its model. What the caller said goes before an admin's price, that
 * before the provider's own figure, and that before the catalogue.
 */
export function toCallCost(
  usage: Usage | null,
  price: Price | null,
  bill: ProviderBill | undefined,
  custom: CustomCost | null,
): CallCost {
  const reported = bill?.reported ?? null;
  const billed = bill?.billed ?? usage;
  const computed = billed === null || price === null ? null : costOf(billed, price, bill?.webSearches);
  const priceVersion = computed === null || price === null ? null : price.version;
  const cost = (charged: NanoUsd | null, basis: CostBasis): CallCost => ({
    computed,
    reported,
    charged,
    basis,
    priceVersion,
  });

  if (custom !== null) {
    const charged = totalOf(custom) ?? (usage === null ? null : costOf(usage, customPrice(custom)));
    return cost(charged, charged === null ? 'uncounted' : 'custom');
  }
  if (computed !== null && price?.source === 'override') return cost(computed, 'override');
  if (reported !== null) return cost(reported, 'reported');
  if (computed !== null) return cost(computed, 'catalogue');
  return cost(null, usage === null ? 'uncounted' : 'unpriced');
}
