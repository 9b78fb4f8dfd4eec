import type { Attempt } from './attempt.js';
import type { ProviderReply } from './provider-client.service.js';

/** A reply, and which target of the plan gave it. */
export type ServedReply = ProviderReply & {
  /** Canonical slug. */
  readonly provider: string;
  /** The model's id at the provider. */
  readonly model: string;
  /** Position of the target in the plan, from 0. */
  readonly step: number;
  /** The call's ledger so far; a stream's last entry is completed when it has ended. */
  readonly attempts: readonly Attempt[];
};
