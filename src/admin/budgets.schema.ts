import { z } from 'zod';
import { toDollars } from '../common/money.js';
import type { BudgetReport, BudgetShare, BudgetState } from '../metering/budgets.service.js';
import { dollars, time } from './answer-parts.schema.js';

const stateShape = { spent: dollars, reserved: dollars, remaining: dollars, resets_at: time.nullable() };
const ruleShape = {
  id: z.string(),
  limit: dollars,
  window: z.number().describe('Seconds'),
  technique: z.enum(['fixed', 'sliding']),
  mode: z.enum(['exact', 'soft']),
};

/** One for all, or one for each value of the metadata that the rule is parted by. */
export const budgetAnswer = z
  .union([
    z.strictObject({ ...ruleShape, ...stateShape }),
    z.strictObject({
      ...ruleShape,
      partitions: z.array(z.strictObject({ metadata: z.record(z.string(), z.string()), ...stateShape })),
    }),
  ])
  .meta({ id: 'Budget' });

export const presentBudget = ({ rule, isExact, shares }: BudgetReport) => ({
  id: rule.id,
  limit: toDollars(rule.limit),
  window: rule.windowS,
  technique: rule.technique,
  mode: isExact ? 'exact' : 'soft',
  ...(rule.partitions.length === 0 ? presentState(shares[0]!) : { partitions: shares.map(presentShare) }),
});

const presentShare = (share: BudgetShare) => ({ metadata: share.metadata, ...presentState(share) });

const presentState = ({ spent, reserved, remaining, resetsAt }: BudgetState) => ({
  spent: toDollars(spent),
  reserved: toDollars(reserved),
  remaining: toDollars(remaining),
  resets_at: resetsAt === null ? null : new Date(resetsAt).toISOString(),
});
