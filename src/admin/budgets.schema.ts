import { toDollars } from '../common/money.js';
import type { BudgetReport, BudgetShare, BudgetState } from '../metering/budgets.service.js';

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
