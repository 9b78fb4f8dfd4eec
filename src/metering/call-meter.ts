import type { Awaitable } from '../common/awaitable.js';
import type { Clock } from '../common/clock.js';
import type { NanoUsd } from '../common/money.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { rateWindow } from '../state/rate-window.js';
import type { Admission, Booking, Claim, CounterName, Hold, SharedState } from '../state/shared-state.js';
import { StateUnavailable } from '../state/state-unavailable.js';
import type { Budget } from './budget.js';
import { type Demand, RateDemand, SpendDemand } from './demand.js';
import { type GatewayRules, rulesOf } from './gateway-rules.js';
import type { Quota } from './quota.js';
import { addRateHeaders } from './rate-headers.js';
import type { MeteredCaller } from './rate-rules.js';
import { type Refusal, secondsUntil, unavailable, unpriced } from './refusals.js';

export interface MeteredCall {
  readonly requestId: string;
  readonly gateway: GatewaySettings;
  readonly caller: MeteredCaller;
}

/** Requests a period that a stored key stands. */
export interface KeyRate {
  readonly keyId: string;
  readonly limit: number;
  readonly periodS: number;
}

/** Where a call is about to go. */
export interface MeteredTarget {
  readonly provider: string;
  readonly model: string;
  readonly keyRate: KeyRate | null;
  /** Quotas of nano-dollars that a route has led through. */
  readonly spending: readonly Quota[];
  /** What the call may cost there at the most; null: no price is known. Asked only where somebody has to know. */
  worstCase(): NanoUsd | null;
}

export interface WhenAway {
  readonly limits: 'open' | 'closed';
  readonly budgets: 'open' | 'closed';
}

/**
 * The limits of one call: counted and reserved before it, settled after it. All that a target needs is one decision of the shared
 * state, so a call that is refused by one limit counts at none.
 */
export class CallMeter {
  private readonly rules: GatewayRules;
  private isCounted = false;
  private holds = 0;
  private hold: Hold | null = null;
  /** Counters of tokens, which are told when the call has ended. */
  private readonly tokens: CounterName[] = [];
  /** What was asked of budgets for the present target; they are told, too. */
  private spends: readonly Claim[] = NONE;
  private shown: readonly string[] = [];

  constructor(
    private readonly state: SharedState,
    private readonly whenAway: WhenAway,
    private readonly clock: Clock,
    private readonly call: MeteredCall,
  ) {
    this.rules = rulesOf(call.gateway);
  }

  /** `x-ratelimit-*`, names and values in turn. */
  get headers(): readonly string[] {
    return this.shown;
  }

  /** What is reserved for the call now. */
  get reserved(): NanoUsd {
    return this.hold === null ? 0 : Math.max(0, ...this.spends.map(heldBy));
  }

  /** Counts the call before it is known whether it needs a target. */
  arrive(): Awaitable<Refusal | null> {
    const demands: Demand[] = [];
    this.addRates(demands);
    return this.ask(demands, demands.length);
  }

  /** May the call go to this target? What was reserved for the one before is let go of. */
  admit(target: MeteredTarget): Awaitable<Refusal | null> {
    this.release();
    const demands: Demand[] = [];
    this.addRates(demands);
    if (target.keyRate !== null) demands.push(this.keyDemand(target.keyRate, target.provider));
    const rates = demands.length;
    return this.addBudgets(demands, target) ?? this.ask(demands, rates);
  }

  /** May the same target be tried again? Its key counts once more; what was reserved stands. */
  readmit({ keyRate, provider }: MeteredTarget): Awaitable<Refusal | null> {
    return keyRate === null ? null : this.ask([this.keyDemand(keyRate, provider)], 1);
  }

  /** The call has ended: books what it used, and lets go of the rest. */
  settle(tokens: number, cost: NanoUsd): void {
    const bookings: Booking[] = [];
    for (const counter of this.tokens) bookings.push({ counter, held: 0, amount: tokens });
    this.tokens.length = 0;
    this.book(bookings, cost);
  }

  private release(): void {
    if (this.hold !== null) this.book([], 0);
    this.spends = NONE;
  }

  /** @param cost What the budgets are told of the present target. */
  private book(bookings: Booking[], cost: NanoUsd): void {
    const { hold } = this;
    for (const claim of this.spends)
      bookings.push({ counter: claim.counter, held: hold === null ? 0 : heldBy(claim), amount: cost });
    if (bookings.length > 0) this.state.settle(bookings, hold ?? undefined);
    this.hold = null;
    this.spends = NONE;
  }

  /** @param rates How many of the demands, from the first, are rates; the rest are budgets. */
  private ask(demands: readonly Demand[], rates: number): Awaitable<Refusal | null> {
    if (demands.length === 0) return null;
    const claims = demands.map(({ claim }) => claim);
    const hold =
      rates === demands.length ? null : { id: `${this.call.requestId}:${this.holds++}`, whenLost: this.rules.whenLost };
    const answer = this.state.admit(claims, hold ?? undefined);
    if (!(answer instanceof Promise)) return this.decided(demands, rates, claims, hold, answer);
    return answer.then(
      (admission) => this.decided(demands, rates, claims, hold, admission),
      (error: unknown) => this.undecided(rates, claims, error),
    );
  }

  private decided(
    demands: readonly Demand[],
    rates: number,
    claims: readonly Claim[],
    hold: Hold | null,
    { refused, counters }: Admission,
  ): Refusal | null {
    const now = this.clock.now();
    if (this.rules.showsHeaders && !this.isCounted) {
      const headers: string[] = [];
      addRateHeaders(headers, 'requests', demands, counters, now);
      addRateHeaders(headers, 'tokens', demands, counters, now);
      this.shown = headers;
    }
    if (refused !== null) {
      const counter = counters[refused]!;
      return demands[refused]!.refusal(counter, now, this.refusalHeaders(counter.freeAt, now));
    }
    this.passed(rates, claims, hold);
    return null;
  }

  /** The state is away, and the operator has said what then. */
  private undecided(rates: number, claims: readonly Claim[], error: unknown): Refusal | null {
    if (!(error instanceof StateUnavailable)) throw error;
    if (rates < claims.length && this.whenAway.budgets === 'closed') return unavailable('budgets', error);
    if (rates > 0 && this.whenAway.limits === 'closed') return unavailable('rate limits', error);
    this.passed(rates, claims, null);
    return null;
  }

  private passed(rates: number, claims: readonly Claim[], hold: Hold | null): void {
    this.isCounted = true;
    for (let i = 0; i < rates; i++) {
      const { mode, counter } = claims[i]!;
      // A rate that is looked at only counts tokens.
      if (mode === 'look') this.tokens.push(counter);
    }
    if (rates === claims.length) return;
    this.hold = hold;
    this.spends = claims.slice(rates);
  }

  /** A call is counted once, however many targets it tries. */
  private addRates(demands: Demand[]): void {
    if (this.isCounted) return;
    for (const rule of this.rules.rates) {
      const demand = rule.demandOf(this.call.caller);
      if (demand !== null) demands.push(demand);
    }
  }

  private keyDemand({ keyId, limit, periodS }: KeyRate, provider: string): Demand {
    const window = rateWindow('fixed', periodS * 1000);
    const counter = { scope: this.call.gateway.internalId, key: `rate:key:${keyId}`, window, durable: false };
    const what = `the stored key for ${provider}`;
    return new RateDemand('key', counter, { what, unit: 'requests', limit, intervalS: periodS });
  }

  /** Adds the budgets that a target falls under. Returns a refusal where a price is needed for that and there is none. */
  private addBudgets(demands: Demand[], target: MeteredTarget): Refusal | null {
    const { spends, isExact, unknownPrice } = this.rules;
    const budgets: [Budget, CounterName][] = [];
    for (const rule of spends) {
      const counter = rule.counterOf(this.call.caller, target.provider, target.model);
      if (counter !== null) budgets.push([rule, counter]);
    }
    for (const quota of target.spending) budgets.push([budgetOf(quota), quota.counter]);
    const [first] = budgets;
    if (first === undefined) return null;
    const worst = isExact || unknownPrice === 'block' ? target.worstCase() : null;
    if (worst === null && unknownPrice === 'block') return unpriced(first[0].id, target);
    for (const [budget, counter] of budgets)
      demands.push(new SpendDemand(counter, budget, isExact ? worst : null, target));
    return null;
  }

  private refusalHeaders(until: number, now: number): Record<string, string> {
    if (!this.rules.showsHeaders) return {};
    const headers: Record<string, string> = { 'retry-after': String(secondsUntil(until, now)) };
    for (let i = 0; i < this.shown.length; i += 2) headers[this.shown[i]!] = this.shown[i + 1]!;
    return headers;
  }
}

const NONE: readonly Claim[] = [];

const heldBy = ({ mode, amount }: Claim): NanoUsd => (mode === 'hold' ? amount : 0);

const budgetOf = ({ counter, limit, windowS, technique }: Quota): Budget => ({
  id: counter.key,
  limit,
  windowS,
  technique,
});
