import { canonicalSlug } from '../common/provider-slugs.js';
import type { SpendLimits } from '../gateways/gateway-columns.schema.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { rateWindow, type RateWindow, type Technique } from '../state/rate-window.js';
import type { MeteredCaller } from './rate-rules.js';

const NANO_PER_USD = 1e9;

type SpendLimitRule = NonNullable<SpendLimits['rules']>[number];

/** A budget of a gateway, ready for use. Amounts are nano-dollars. */
export interface SpendRule {
  readonly id: string;
  readonly limit: number;
  readonly windowS: number;
  readonly technique: Technique;
  readonly window: RateWindow;
  /** Metadata keys whose values have a budget each, in order. */
  readonly partitions: readonly string[];
  /** The counter that a call falls under; null: the rule does not concern it. */
  keyOf(caller: MeteredCaller, provider: string, model: string): string | null;
}

/** Those that are switched on. */
export function spendRulesOf({ spendLimits }: GatewaySettings): SpendRule[] {
  if (spendLimits === null || !spendLimits.enabled) return [];
  return (spendLimits.rules ?? []).filter(({ enabled }) => enabled).map(toRule);
}

/** What the counters of a rule begin with; the values of its partitions follow. */
export const budgetPrefix = (ruleId: string): string => `budget:${ruleId}:`;

function toRule({ id, limit, window, technique, model, provider, metadata }: SpendLimitRule): SpendRule {
  const models = model === undefined ? null : new Set(model.values);
  const providers = provider === undefined ? null : new Set(provider.values.map(canonicalSlug));
  const terms = Object.entries(metadata ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const filters = terms.flatMap(([name, term]) =>
    term.mode === 'filter' ? [{ name, values: new Set(term.values) }] : [],
  );
  const partitions = terms.flatMap(([name, term]) => (term.mode === 'partition' ? [name] : []));
  return {
    id,
    limit: Math.min(Math.round(limit * NANO_PER_USD), Number.MAX_SAFE_INTEGER),
    windowS: window,
    technique,
    window: rateWindow(technique, window * 1000),
    partitions,
    keyOf: (caller, itsProvider, itsModel) => {
      if (providers !== null && !providers.has(itsProvider)) return null;
      if (models !== null && !models.has(itsModel) && !models.has(`${itsProvider}/${itsModel}`)) return null;
      const of = (name: string): string | undefined => caller.metadata[name]?.toString();
      if (!filters.every(({ name, values }) => values.has(of(name) ?? ''))) return null;
      const share = partitions.map(of);
      // A call without a value to tell its share by is not held to the rule, as at Cloudflare.
      if (share.includes(undefined)) return null;
      return budgetPrefix(id) + (share.length === 0 ? '' : JSON.stringify(share));
    },
  };
}
