import { Remembered } from '../common/remembered.js';
import type { MetadataValue } from '../contract/call-metadata.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { RateLimitSetting } from '../gateways/limit-settings.schema.js';
import { rateWindow } from '../state/rate-window.js';
import { RateDemand } from './demand.js';
import type { Rate } from './rate.js';

/** Who is counted: what limits look at of a call. */
export interface MeteredCaller {
  /** Null for a call without a token; those count as one caller. */
  readonly tokenId: string | null;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
}

/** A rate that a gateway's calls are held to. */
export interface RateRule {
  /** Null: the rule does not concern the caller. */
  demandOf(caller: MeteredCaller): RateDemand | null;
}

/** Callers whose counters a rule knows by heart. */
const MAX_REMEMBERED = 10_000;

/** The gateway's own limit, then those of its settings. */
export function rateRulesOf({
  internalId,
  rateLimitingLimit,
  rateLimitingInterval,
  rateLimitingTechnique,
  engine,
}: GatewaySettings): RateRule[] {
  const rules = (engine.rate_limits?.rules ?? []).map((setting) => toRule(internalId, setting));
  if (rateLimitingLimit === null || rateLimitingLimit === 0 || (rateLimitingInterval ?? 0) === 0) return rules;
  const own = { per: 'gateway' as const, requests: rateLimitingLimit, interval: rateLimitingInterval! };
  return [toRule(internalId, { ...own, technique: rateLimitingTechnique ?? 'fixed' }), ...rules];
}

function toRule(scope: string, { per, requests, tokens, interval, technique }: RateLimitSetting): RateRule {
  const unit = requests === undefined ? 'tokens' : 'requests';
  const rate: Rate = { what: 'the gateway', unit, limit: requests ?? tokens ?? 0, intervalS: interval };
  const window = rateWindow(technique, interval * 1000);
  const demandAt = (key: string): RateDemand =>
    new RateDemand('call', { scope, key: `rate:${unit}:${key}`, window, durable: false }, rate);
  if (per === 'gateway') {
    const demand = demandAt('gateway');
    return { demandOf: () => demand };
  }
  if (per === 'token') {
    const demands = new Remembered(MAX_REMEMBERED, (tokenId: string) => demandAt(`token:${tokenId}`));
    return { demandOf: ({ tokenId }) => demands.of(tokenId ?? '') };
  }
  const name = per.metadata;
  const demands = new Remembered(MAX_REMEMBERED, (value: MetadataValue) =>
    demandAt(`metadata:${JSON.stringify([name, value])}`),
  );
  return {
    demandOf: ({ metadata }) => {
      const value = metadata[name];
      return value === undefined ? null : demands.of(value);
    },
  };
}
