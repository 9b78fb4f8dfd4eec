import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Awaitable } from '../common/awaitable.js';
import { stateConfig } from '../config/state.config.js';
import { type Admission, type Claim, SharedState } from '../state/shared-state.js';
import { StateUnavailable } from '../state/state-unavailable.js';
import type { Quota } from './quota.js';
import { unavailable } from './refusals.js';

export interface QuotaDecision {
  readonly admitted: boolean;
  /** After the decision. */
  readonly remaining: number;
  /** Milliseconds since 1970: when there is room again, else when some of what is used leaves the window. */
  readonly resetAt: number;
}

/** Quotas that whoever knows their key may ask for: a route's rate element, by count or by cost. */
@Injectable()
export class Quotas {
  constructor(
    private readonly state: SharedState,
    @Inject(stateConfig.KEY) private readonly config: Pick<ConfigType<typeof stateConfig>, 'whenAway'>,
  ) {}

  /** Counts `amount`, if there is room for it. */
  take(quota: Quota, amount = 1): Awaitable<QuotaDecision> {
    return this.ask(quota, amount, 'count');
  }

  /** Is anything left? Counts nothing: what a call may cost is reserved when its target is known (`PlannedTarget.spending`). */
  look(quota: Quota): Awaitable<QuotaDecision> {
    return this.ask(quota, 1, 'look');
  }

  private ask(quota: Quota, amount: number, mode: Claim['mode']): Awaitable<QuotaDecision> {
    const { counter, limit } = quota;
    const admission = this.state.admit([{ counter, limit, amount, mode }]);
    return admission instanceof Promise
      ? admission.then(
          (given) => toDecision(quota, given),
          (error: unknown) => this.undecided(quota, error),
        )
      : toDecision(quota, admission);
  }

  /** The state is away, and the operator has said what then. */
  private undecided({ counter: { durable }, limit }: Quota, error: unknown): QuotaDecision {
    if (!(error instanceof StateUnavailable)) throw error;
    const { budgets, limits } = this.config.whenAway;
    if ((durable ? budgets : limits) === 'closed') throw unavailable(durable ? 'budgets' : 'rate limits', error).error;
    return { admitted: true, remaining: limit, resetAt: 0 };
  }
}

function toDecision({ limit }: Quota, { refused, counters }: Admission): QuotaDecision {
  const { used, held, freeAt } = counters[0]!;
  return { admitted: refused === null, remaining: Math.max(0, limit - used - held), resetAt: freeAt };
}
