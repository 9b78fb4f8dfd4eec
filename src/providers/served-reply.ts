import type { Attempt } from './attempt.js';
import type { ProviderReply } from './provider-client.service.js';

/** A reply, and how the call came to it. */
export interface ServedReply {
  readonly reply: ProviderReply;
  /** The try that was answered: provider, model and step stand there. A stream's is completed when it has ended. */
  readonly attempt: Attempt;
  /** The call's ledger, `attempt` its last entry. */
  readonly attempts: readonly Attempt[];
}
