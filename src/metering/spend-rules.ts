import { canonicalSlug } from '../common/provider-slugs.js';
import { Remembered } from '../common/remembered.js';
import type { SpendLimits } from '../gateways/gateway-columns.schema.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { rateWindow, type RateWindow } from '../state/rate-window.js';
import type { CounterName } from '../state/shared-state.js';
import type { Budget } from './budget.js';
import type { MeteredCaller } from './rate-rules.js';

const NANO_PER_USD = 1e9;
/** Shares whose counters a rule knows by heart. */
const MAX_REMEMBERED = 10_000;

type SpendLimitRule = NonNullable<SpendLimits['rules']>[number];

/** A budget of a gateway, ready for use. */
export interface SpendRule extends Budget {
  readonly window: RateWindow;
  /** Metadata keys whose values have a budget each, in order. */
  readonly partitions: readonly string[];
  /** The counter that a call falls under; null: the rule does not concern it. */
  counterOf(caller: MeteredCaller, provider: string, model: string): CounterName | null;
}

/** Those that are switched on. */
export function spendRulesOf({ internalId, spendLimits }: GatewaySettings): SpendRule[] {
  if (spendLimits === null || !spendLimits.enabled) return [];
  return (spendLimits.rules ?? []).filter(({ enabled }) => enabled).map((rule) => toRule(internalId, rule));
}

/** What the counters of a rule begin with; the values of its partitions follow. */
export const budgetPrefix = (ruleId: string): string => `budget:${ruleId}:`;

function toRule(
  scope: string,
  { id, limit, window: windowS, technique, model, provider, metadata }: SpendLimitRule,
): SpendRule {
  const models = model === undefined ? null : new Set(model.values);
  const providers = provider === undefined ? null : new Set(provider.values.map(canonicalSlug));
  const terms = Object.entries(metadata ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const filters = terms.flatMap(([name, term]) =>
    term.mode === 'filter' ? [{ name, values: new Set(term.values) }] : [],
  );
  const partitions = terms.flatMap(([name, term]) => (term.mode === 'partition' ? [name] : []));
  const window = rateWindow(technique, windowS * 1000);
  const counters = new Remembered(MAX_REMEMBERED, (share: string): CounterName => ({
    scope,
    key: budgetPrefix(id) + share,
    window,
    durable: true,
  }));
  return {
    id,
    limit: Math.min(Math.round(limit * NANO_PER_USD), Number.MAX_SAFE_INTEGER),
    windowS,
    technique,
    window,
    partitions,
    counterOf: (caller, itsProvider, itsModel) => {
      if (providers !== null && !providers.has(itsProvider)) return null;
      if (models !== null && !models.has(itsModel) && !models.has(`${itsProvider}/${itsModel}`)) return null;
      const of = (name: string): string | undefined => caller.metadata[name]?.toString();
      if (filters.length > 0 && !filters.every(({ name, values }) => values.has(of(name) ?? ''))) return null;
      if (partitions.length === 0) return counters.of('');
      const share = partitions.map(of);
      // A call without a value to tell its share by is not held to the rule, as at Cloudflare.
      return share.includes(undefined) ? null : counters.of(JSON.stringify(share));
    },
  };
}
