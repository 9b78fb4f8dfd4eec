import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../common/clock.js';
import { PLATFORM_CODES, PlatformError } from '../common/errors/platform-error.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { RateWindow } from '../state/rate-window.js';
import { type CounterState, type NamedCounter, SharedState } from '../state/shared-state.js';
import { StateUnavailable } from '../state/state-unavailable.js';
import { rulesOf } from './gateway-rules.js';
import { budgetPrefix, type SpendRule } from './spend-rules.js';

/** How a budget stands, or one share of it. Nano-dollars; milliseconds since 1970. */
export interface BudgetState {
  readonly spent: number;
  readonly reserved: number;
  readonly remaining: number;
  /** When some of what is spent leaves the window; null: nothing is spent in a sliding one. */
  readonly resetsAt: number | null;
}

export interface BudgetShare extends BudgetState {
  /** Metadata that the share is of. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface BudgetReport {
  readonly rule: SpendRule;
  readonly isExact: boolean;
  /** One without metadata where the rule has no partitions. */
  readonly shares: readonly BudgetShare[];
}

const shareValues = z.array(z.string());

/** Of a rule with partitions so many are shown. */
const MAX_SHARES = 1_000;

/** How budgets stand, for admins. */
@Injectable()
export class Budgets {
  constructor(
    private readonly state: SharedState,
    private readonly clock: Clock,
  ) {}

  /** Every rule that is switched on. Throws a 503 while the state is away. */
  async report(gateway: GatewaySettings): Promise<readonly BudgetReport[]> {
    const { spends, isExact } = rulesOf(gateway);
    try {
      return await Promise.all(
        spends.map(async (rule) => ({ rule, isExact, shares: await this.sharesOf(gateway.internalId, rule) })),
      );
    } catch (error) {
      if (!(error instanceof StateUnavailable)) throw error;
      throw new PlatformError(503, [{ code: PLATFORM_CODES.internal, message: 'Redis does not answer' }], [], error);
    }
  }

  private async sharesOf(scope: string, rule: SpendRule): Promise<readonly BudgetShare[]> {
    const prefix = budgetPrefix(rule.id);
    const counters = await this.state.list(scope, prefix, rule.window, MAX_SHARES);
    const now = this.clock.now();
    if (rule.partitions.length === 0) {
      const counter = counters.find(({ key }) => key === prefix) ?? { used: 0, held: 0, freeAt: now };
      return [{ metadata: {}, ...toState(rule, counter, now) }];
    }
    return counters.map((counter) => ({ metadata: metadataOf(rule, counter), ...toState(rule, counter, now) }));
  }
}

function metadataOf({ id, partitions }: SpendRule, { key }: NamedCounter): Record<string, string> {
  const values = shareValues.parse(JSON.parse(key.slice(budgetPrefix(id).length)));
  return Object.fromEntries(partitions.map((name, i) => [name, values[i] ?? '']));
}

const toState = (
  { limit, window, technique }: SpendRule,
  { used, held, freeAt }: CounterState,
  now: number,
): BudgetState => ({
  spent: used,
  reserved: held,
  remaining: Math.max(0, limit - used - held),
  resetsAt: technique === 'fixed' ? endOf(window, now) : used > 0 ? freeAt : null,
});

const endOf = ({ bucketMs }: RateWindow, now: number): number => (Math.floor(now / bucketMs) + 1) * bucketMs;
