import type { RouteTaken } from '../contract/route-taken.js';
import type { Attempt } from '../providers/attempt.js';
import type { CallRecord } from './call-record.js';

/** What sums are made of: the record of a call that has just ended, or what its log says of one that ended in a process that is no more. */
export interface CountedCall extends Pick<
  CallRecord,
  | 'provider'
  | 'model'
  | 'tokenId'
  | 'outcome'
  | 'status'
  | 'error'
  | 'cached'
  | 'streamed'
  | 'usage'
  | 'startedAt'
  | 'durationMs'
  | 'firstContentMs'
> {
  readonly gateway: Pick<CallRecord['gateway'], 'internalId'>;
  readonly attempts: readonly Pick<Attempt, 'outcome'>[];
  readonly cost: Pick<CallRecord['cost'], 'charged'>;
  readonly inbound: { readonly metadata: Pick<CallRecord['inbound']['metadata'], 'entries'> };
  readonly route: Pick<RouteTaken, 'name'> | null;
}
