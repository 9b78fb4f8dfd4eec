import { rateWindow, type Technique } from '../state/rate-window.js';
import type { CounterName } from '../state/shared-state.js';

/** So much of something in a window: requests, or nano-dollars where its counter is durable. */
export interface Quota {
  readonly counter: CounterName;
  readonly limit: number;
  readonly windowS: number;
  readonly technique: Technique;
}

/** What a quota is of. Whoever asks for it again and again keeps the quota. */
export interface QuotaTerms {
  /** The gateway's internal id: its quotas stand together. */
  readonly scope: string;
  /** Names the quota and whose share of it this is: `route:{element}:{value}`. */
  readonly key: string;
  readonly limit: number;
  readonly windowS: number;
  readonly technique: Technique;
  /** Must it survive a restart? Money must, calls need not. */
  readonly durable: boolean;
}

export const toQuota = ({ scope, key, limit, windowS, technique, durable }: QuotaTerms): Quota => ({
  counter: { scope, key, window: rateWindow(technique, windowS * 1000), durable },
  limit,
  windowS,
  technique,
});
