import { describe, expect, it } from '@jest/globals';

import { withRuleIds } from './spend-rule-ids.js';

const rule = (limit: number) => ({
  limit,
  limitType: 'cost' as const,
  window: 60,
  enabled: true,
  technique: 'sliding' as const,
});

describe('withRuleIds', () => {
  it('gives new rules short ids, all different', () => {
    const { rules = [] } = withRuleIds({ enabled: true, rules: [rule(1), rule(1)] }, null);

    expect(rules.every(({ id }) => /^[0-9a-f]{8}$/.test(id))).toBe(true);
    expect(rules[0]?.id).not.toBe(rules[1]?.id);
  });

  it('knows rules again by what they say, in any order', () => {
    const before = withRuleIds({ enabled: true, rules: [rule(1), rule(2)] }, null);
    const after = withRuleIds({ enabled: true, rules: [rule(2), rule(3), rule(1)] }, before);

    expect(after.rules?.[0]?.id).toBe(before.rules?.[1]?.id);
    expect(after.rules?.[2]?.id).toBe(before.rules?.[0]?.id);
  });

  it('never gives one id to two rules', () => {
    const before = { enabled: true, rules: [{ id: 'mine', ...rule(1) }] };
    const after = withRuleIds({ enabled: true, rules: [rule(1), { id: 'mine', ...rule(2) }] }, before);

    expect(after.rules?.[1]?.id).toBe('mine');
    expect(after.rules?.[0]?.id).not.toBe('mine');
  });
});
