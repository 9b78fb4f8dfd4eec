import { GatewayError } from '../common/errors/gateway-error.js';
import { toDollars } from '../common/money.js';
import type { CounterState } from '../state/shared-state.js';
import type { Budget } from './budget.js';
import type { Rate } from './rate.js';

/** Why a call is not made, and how far that reaches: no target will do, another key may, another target may. */
export interface Refusal {
  readonly reach: 'call' | 'key' | 'target';
  readonly error: GatewayError;
  /** Milliseconds since 1970: before then it is no use. */
  readonly until: number;
}

export function rateLimited(
  reach: 'call' | 'key',
  { what, unit, limit, intervalS }: Rate,
  until: number,
  now: number,
  headers: Readonly<Record<string, string>>,
): Refusal {
  const seconds = secondsUntil(until, now);
  const message = `Rate limited: ${what} allows ${limit} ${unit} in ${intervalS} s. Try again in ${seconds} s.`;
  return { reach, until, error: new GatewayError('rate_limited', message, { type: unit, headers }) };
}

/** @param wanted What the call may cost at the most, which there was no room for; 0 where that is not reserved. */
export function spendLimited(
  rule: Budget,
  { used, held, freeAt }: CounterState,
  wanted: number,
  { provider, model }: { readonly provider: string; readonly model: string },
  now: number,
): Refusal {
  const left = Math.max(0, rule.limit - used - held);
  const why =
    wanted > rule.limit
      ? ` The call may cost up to ${dollars(wanted)}, more than the limit: ask for fewer tokens (max_tokens).`
      : wanted > left && left > 0
        ? ` The call may cost up to ${dollars(wanted)}, and ${dollars(left)} is left: ask for fewer tokens (max_tokens).`
        : '';
  const message =
    `Spend limit exceeded: rule '${rule.id}' (cost limit ${toDollars(rule.limit)} per ${rule.windowS}s, ${rule.technique}) for ${provider} ${model}: ` +
    `${dollars(used)} spent, ${dollars(held)} reserved.${why}`;
  const isHopeless = wanted > rule.limit;
  return {
    reach: 'target',
    until: freeAt,
    error: new GatewayError('spend_limit_exceeded', message, {
      provider,
      model,
      // What others have reserved may come back at any moment.
      retryable: !isHopeless && used + wanted <= rule.limit,
      headers: isHopeless ? {} : { 'retry-after': String(secondsUntil(freeAt, now)) },
      metadata: {
        rule: {
          id: rule.id,
          limit: toDollars(rule.limit),
          window: rule.windowS,
          technique: rule.technique,
          spent: toDollars(used),
          reserved: toDollars(held),
          needed: toDollars(wanted),
        },
      },
    }),
  };
}

export function unpriced(
  ruleId: string,
  { provider, model }: { readonly provider: string; readonly model: string },
): Refusal {
  const message = `No price is known for ${provider} ${model}, and rule '${ruleId}' limits what may be spent on it. Set its price, or ask for another model.`;
  return {
    reach: 'target',
    until: 0,
    error: new GatewayError('spend_limit_exceeded', message, { provider, model, code: 'unknown_price' }),
  };
}

export function unavailable(what: 'rate limits' | 'budgets', cause: unknown): Refusal {
  const message = `The gateway cannot check its ${what} at the moment; try again shortly.`;
  return {
    reach: 'call',
    until: 0,
    error: new GatewayError('limits_unavailable', message, { cause, headers: { 'retry-after': '1' } }),
  };
}

/** At least one: what is free in a moment is not free now. */
export const secondsUntil = (at: number, now: number): number => Math.max(1, Math.ceil((at - now) / 1000));

const dollars = (nano: number): string => `$${toDollars(nano)}`;
