import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { SpendLimits, SpendLimitsInput } from './gateway-columns.schema.js';

/**
 * Gives each rule an id that stays: a rule that comes without one and says what a stored one says is that one. Otherwise a
 * tool that writes the whole gateway again would see other ids after each write, and budgets would begin anew.
 */
export function withRuleIds(limits: SpendLimitsInput, before: SpendLimits | null): SpendLimits {
  const { enabled, rules } = limits;
  if (rules === undefined) return { enabled };
  const taken = new Set(rules.flatMap(({ id }) => id ?? []));
  return {
    enabled,
    rules: rules.map(({ id, ...rule }) => {
      const known = before?.rules?.find(({ id: old, ...stored }) => !taken.has(old) && isDeepStrictEqual(stored, rule));
      const chosen = id ?? known?.id ?? randomBytes(4).toString('hex');
      taken.add(chosen);
      return { id: chosen, ...rule };
    }),
  };
}
