import type { Awaitable } from '../common/awaitable.js';
import type { Clock } from '../common/clock.js';
import type { NanoUsd } from '../common/money.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import { rateWindow } from '../state/rate-window.js';
import type { Admission, Booking, Claim, CounterState, Hold, SharedState } from '../state/shared-state.js';
import { StateUnavailable } from '../state/state-unavailable.js';
import { type GatewayRules, rulesOf } from './gateway-rules.js';
import type { Quota } from './quotas.service.js';
import type { MeteredCaller, RateRule } from './rate-rules.js';
import { rateLimited, type Refusal, secondsUntil, spendLimited, unavailable, unpriced } from './refusals.js';
import type { SpendRule } from './spend-rules.js';

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

/** A claim, and what a caller is told where there is no room for it. */
interface Asked {
  readonly rule: RateRule | null;
  readonly claim: Claim;
  refuse(counter: CounterState, now: number): Refusal;
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
  private tokens: readonly Claim[] = [];
  /** Counters of money, which are told too, for the present target. */
  private spends: readonly Claim[] = [];
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
    return this.ask(this.rates(), []);
  }

  /** May the call go to this target? What was reserved for the one before is let go of. */
  admit(target: MeteredTarget): Awaitable<Refusal | null> {
    this.release();
    const spends = this.budgets(target);
    return Array.isArray(spends) ? this.ask([...this.rates(), ...this.keyRate(target)], spends) : spends;
  }

  /** May the same target be tried again? Its key counts once more; what was reserved stands. */
  readmit(target: MeteredTarget): Awaitable<Refusal | null> {
    return this.ask(this.keyRate(target), null);
  }

  /** The call has ended: books what it used, and lets go of the rest. */
  settle(tokens: number, cost: NanoUsd): void {
    this.book([
      ...this.tokens.map((claim) => bookingOf(claim, 0, tokens)),
      ...this.spends.map((claim) => bookingOf(claim, this.hold === null ? 0 : heldBy(claim), cost)),
    ]);
    this.tokens = [];
  }

  private release(): void {
    if (this.hold !== null) this.book(this.spends.map((claim) => bookingOf(claim, heldBy(claim), 0)));
    this.spends = [];
  }

  private book(bookings: readonly Booking[]): void {
    if (bookings.length > 0) this.state.settle(this.scope, bookings, this.hold ?? undefined);
    this.hold = null;
    this.spends = [];
  }

  private get scope(): string {
    return this.call.gateway.internalId;
  }

  /** @param spends Null: the budgets have been asked already. */
  private ask(rates: readonly Asked[], spends: readonly Asked[] | null): Awaitable<Refusal | null> {
    const asked = spends === null ? rates : [...rates, ...spends];
    if (asked.length === 0) return null;
    const id = `${this.call.requestId}:${this.holds++}`;
    const hold = spends !== null && spends.length > 0 ? { id, whenLost: this.rules.whenLost } : null;
    const answer = this.state.admit(
      this.scope,
      asked.map(({ claim }) => claim),
      hold ?? undefined,
    );
    if (!(answer instanceof Promise)) return this.decided(asked, spends, hold, answer);
    return answer.then(
      (admission) => this.decided(asked, spends, hold, admission),
      (error: unknown) => this.undecided(rates, spends, error),
    );
  }

  private decided(
    asked: readonly Asked[],
    spends: readonly Asked[] | null,
    hold: Hold | null,
    { refused, counters }: Admission,
  ): Refusal | null {
    const now = this.clock.now();
    if (this.rules.showsHeaders && !this.isCounted) this.shown = rateHeaders(asked, counters, now);
    if (refused !== null) return asked[refused]!.refuse(counters[refused]!, now);
    this.passed(asked, spends, hold);
    return null;
  }

  /** The state is away, and the operator has said what then. */
  private undecided(rates: readonly Asked[], spends: readonly Asked[] | null, error: unknown): Refusal | null {
    if (!(error instanceof StateUnavailable)) throw error;
    if (spends !== null && spends.length > 0 && this.whenAway.budgets === 'closed')
      return unavailable('budgets', error);
    if (rates.length > 0 && this.whenAway.limits === 'closed') return unavailable('rate limits', error);
    this.passed(rates, spends, null);
    return null;
  }

  private passed(asked: readonly Asked[], spends: readonly Asked[] | null, hold: Hold | null): void {
    this.isCounted = true;
    this.tokens = [...this.tokens, ...asked.filter(({ rule }) => rule?.unit === 'tokens').map(({ claim }) => claim)];
    if (spends === null) return;
    this.hold = hold;
    this.spends = spends.map(({ claim }) => claim);
  }

  /** A call is counted once, however many targets it tries. */
  private rates(): readonly Asked[] {
    if (this.isCounted) return [];
    const { caller } = this.call;
    return this.rules.rates.flatMap((rule) => {
      const key = rule.keyOf(caller);
      if (key === null) return [];
      const mode = rule.unit === 'requests' ? 'count' : 'look';
      const claim: Claim = { key, window: rule.window, durable: false, limit: rule.limit, amount: 1, mode };
      return {
        rule,
        claim,
        refuse: ({ freeAt }, now) =>
          rateLimited('call', { what: 'the gateway', ...rule }, freeAt, now, this.refusalHeaders(freeAt, now)),
      };
    });
  }

  private keyRate({ keyRate, provider }: MeteredTarget): readonly Asked[] {
    if (keyRate === null) return [];
    const { keyId, limit, periodS } = keyRate;
    const window = rateWindow('fixed', periodS * 1000);
    const claim: Claim = { key: `rate:key:${keyId}`, window, durable: false, limit, amount: 1, mode: 'count' };
    const full = { what: `the stored key for ${provider}`, unit: 'requests' as const, limit, intervalS: periodS };
    return [
      {
        rule: null,
        claim,
        refuse: ({ freeAt }, now) => rateLimited('key', full, freeAt, now, this.refusalHeaders(freeAt, now)),
      },
    ];
  }

  /** The budgets that a target falls under; a refusal where a price is needed for that and there is none. */
  private budgets(target: MeteredTarget): Asked[] | Refusal {
    const { spends, isExact, unknownPrice } = this.rules;
    const rules = spends.flatMap((rule): Budget[] => {
      const key = rule.keyOf(this.call.caller, target.provider, target.model);
      return key === null ? [] : [{ rule, key }];
    });
    const all = [...rules, ...target.spending.map(routeBudget)];
    if (all.length === 0) return [];
    const worst = isExact || unknownPrice === 'block' ? target.worstCase() : null;
    if (worst === null && unknownPrice === 'block') return unpriced(all[0]!.rule.id, target);
    return all.map(({ rule, key }): Asked => {
      // Where nothing can be reserved the call passes until the limit is reached.
      const isHeld = isExact && worst !== null;
      const claim: Claim = {
        key,
        window: rule.window,
        durable: true,
        limit: rule.limit,
        amount: isHeld ? worst : 1,
        mode: isHeld ? 'hold' : 'look',
      };
      return { rule: null, claim, refuse: (state, now) => spendLimited(rule, state, heldBy(claim), target, now) };
    });
  }

  private refusalHeaders(until: number, now: number): Record<string, string> {
    if (!this.rules.showsHeaders) return {};
    const headers: Record<string, string> = { 'retry-after': String(secondsUntil(until, now)) };
    for (let i = 0; i < this.shown.length; i += 2) headers[this.shown[i]!] = this.shown[i + 1]!;
    return headers;
  }
}

/** A budget, and whose share of it counts. */
interface Budget {
  readonly rule: Pick<SpendRule, 'id' | 'limit' | 'window' | 'windowS' | 'technique'>;
  readonly key: string;
}

const routeBudget = ({ key, limit, windowMs, technique }: Quota): Budget => ({
  key,
  rule: { id: key, limit, technique, windowS: windowMs / 1000, window: rateWindow(technique, windowMs) },
});

/** Written out: spreading a claim into it took longer than booking it. */
const bookingOf = ({ key, window, durable }: Claim, held: number, amount: number): Booking => ({
  key,
  window,
  durable,
  held,
  amount,
});

const heldBy = ({ mode, amount }: Claim): NanoUsd => (mode === 'hold' ? amount : 0);

/** For each unit the rule that leaves least. */
function rateHeaders(asked: readonly Asked[], counters: readonly CounterState[], now: number): readonly string[] {
  const headers: string[] = [];
  for (const unit of ['requests', 'tokens'] as const) {
    let tightest: { limit: number; remaining: number; freeAt: number } | null = null;
    for (const [i, { rule }] of asked.entries()) {
      if (rule?.unit !== unit) continue;
      const remaining = Math.max(0, rule.limit - counters[i]!.used);
      if (tightest === null || remaining < tightest.remaining)
        tightest = { limit: rule.limit, remaining, freeAt: counters[i]!.freeAt };
    }
    if (tightest === null) continue;
    headers.push(`x-ratelimit-limit-${unit}`, String(tightest.limit));
    headers.push(`x-ratelimit-remaining-${unit}`, String(tightest.remaining));
    headers.push(`x-ratelimit-reset-${unit}`, `${secondsUntil(tightest.freeAt, now)}s`);
  }
  return headers;
}
