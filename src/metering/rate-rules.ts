import type { MetadataValue } from '../contract/call-metadata.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { RateLimitSetting } from '../gateways/limit-settings.schema.js';
import { rateWindow, type RateWindow } from '../state/rate-window.js';

/** Who is counted: what limits look at of a call. */
export interface MeteredCaller {
  /** Null for a call without a token; those count as one caller. */
  readonly tokenId: string | null;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
}

export type RateUnit = 'requests' | 'tokens';

/** A rate that a gateway's calls are held to. */
export interface RateRule {
  readonly unit: RateUnit;
  readonly limit: number;
  readonly intervalS: number;
  readonly window: RateWindow;
  /** The counter that a caller falls under; null: the rule does not concern the call. */
  keyOf(caller: MeteredCaller): string | null;
}

/** The gateway's own limit, then those of its settings. */
export function rateRulesOf({
  rateLimitingLimit,
  rateLimitingInterval,
  rateLimitingTechnique,
  engine,
}: GatewaySettings): RateRule[] {
  const rules = (engine.rate_limits?.rules ?? []).map(toRule);
  if (rateLimitingLimit === null || rateLimitingLimit === 0 || (rateLimitingInterval ?? 0) === 0) return rules;
  const own = { per: 'gateway' as const, requests: rateLimitingLimit, interval: rateLimitingInterval! };
  return [toRule({ ...own, technique: rateLimitingTechnique ?? 'fixed' }), ...rules];
}

function toRule({ per, requests, tokens, interval, technique }: RateLimitSetting): RateRule {
  const unit = requests === undefined ? 'tokens' : 'requests';
  const common = {
    unit,
    limit: requests ?? tokens ?? 0,
    intervalS: interval,
    window: rateWindow(technique, interval * 1000),
  } as const;
  if (per === 'gateway') return { ...common, keyOf: () => `rate:${unit}:gateway` };
  if (per === 'token') return { ...common, keyOf: ({ tokenId }) => `rate:${unit}:token:${tokenId ?? ''}` };
  const name = per.metadata;
  return {
    ...common,
    keyOf: ({ metadata }) => {
      const value = metadata[name];
      return value === undefined ? null : `rate:${unit}:metadata:${JSON.stringify([name, value])}`;
    },
  };
}
