import type { RouteTaken } from '../contract/route-taken.js';
import { headerOf } from '../transport/upstream.types.js';
import type { Attempt } from './attempt.js';
import type { ProviderReply } from './provider-client.service.js';

/** A reply, and how the call came to it. */
export interface ServedReply {
  readonly reply: ProviderReply;
  /** The try that was answered: provider, model and step stand there. A stream's is completed when it has ended. */
  readonly attempt: Attempt;
  /** The call's ledger, `attempt` its last entry. */
  readonly attempts: readonly Attempt[];
  /** The dynamic route that led to it. */
  readonly route?: RouteTaken;
  /** Headers of the gateway's own, names and values in turn: how much of its limits is left. */
  readonly headers?: readonly string[];
}

/** The status a reply is presented with. */
export const statusOf = (reply: ProviderReply): number => (reply.kind === 'passthrough' ? reply.status : 200);

/** Its content type; empty where the provider names none. */
export function contentTypeOf(reply: ProviderReply): string {
  if (reply.kind === 'passthrough') return headerOf(reply.headers, 'content-type') ?? '';
  return reply.kind === 'json' ? 'application/json' : 'text/event-stream; charset=utf-8';
}
