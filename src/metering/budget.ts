import type { NanoUsd } from '../common/money.js';
import type { Technique } from '../state/rate-window.js';

/** So much money in a time: a rule's, or a quota that a route leads through. */
export interface Budget {
  readonly id: string;
  readonly limit: NanoUsd;
  readonly windowS: number;
  readonly technique: Technique;
}
