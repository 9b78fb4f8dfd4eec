import type { AttemptOverrides } from '../contract/attempt-headers.js';
import type { GatewayAccess } from '../gateways/gateway-access.js';
import type { ProviderCall } from '../providers/provider-strategy.js';

/** A chat completion, or embeddings, asked for at a gateway. */
export interface CallRequest {
  /** Also the id of the call's log record. */
  readonly requestId: string;
  /** The caller's own correlation id, or the request's. */
  readonly eventId: string;
  readonly access: GatewayAccess;
  readonly call: ProviderCall;
  /** The stored key asked for with `cf-aig-byok-alias`; null means the alias `default`. */
  readonly keyAlias: string | null;
  /** What the request's headers say of attempts. */
  readonly overrides: AttemptOverrides;
}
