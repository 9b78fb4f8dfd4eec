import type { NanoUsd } from '../common/money.js';
import type { Claim, CounterName, CounterState } from '../state/shared-state.js';
import type { Budget } from './budget.js';
import type { Rate } from './rate.js';
import { rateLimited, type Refusal, spendLimited } from './refusals.js';

/** Room that a call needs somewhere, and what it is told where there is none. */
export interface Demand {
  readonly claim: Claim;
  /** The rate whose standing answers show; null: it is shown on none. */
  readonly shown: Rate | null;
  /** @param headers What the refusal of a rate says besides its status. */
  refusal(counter: CounterState, now: number, headers: Readonly<Record<string, string>>): Refusal;
}

/** Of a rate. Made once for each counter, and asked with every call that falls under it. */
export class RateDemand implements Demand {
  readonly claim: Claim;
  readonly shown: Rate | null;

  constructor(
    private readonly reach: 'call' | 'key',
    counter: CounterName,
    private readonly rate: Rate,
  ) {
    const mode = rate.unit === 'requests' ? 'count' : 'look';
    this.claim = { counter, limit: rate.limit, amount: 1, mode };
    this.shown = reach === 'call' ? rate : null;
  }

  refusal({ freeAt }: CounterState, now: number, headers: Readonly<Record<string, string>>): Refusal {
    return rateLimited(this.reach, this.rate, freeAt, now, headers);
  }
}

/** Of a budget, for one target. */
export class SpendDemand implements Demand {
  readonly claim: Claim;
  readonly shown = null;

  /** @param worstCase What the call may cost there at the most; null: nothing is reserved, and the call passes while anything is left. */
  constructor(
    counter: CounterName,
    private readonly budget: Budget,
    private readonly worstCase: NanoUsd | null,
    private readonly target: { readonly provider: string; readonly model: string },
  ) {
    const { limit } = budget;
    this.claim =
      worstCase === null
        ? { counter, limit, amount: 1, mode: 'look' }
        : { counter, limit, amount: worstCase, mode: 'hold' };
  }

  refusal(counter: CounterState, now: number): Refusal {
    return spendLimited(this.budget, counter, this.worstCase ?? 0, this.target, now);
  }
}
