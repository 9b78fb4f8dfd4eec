import type { Caller } from '../common/caller.js';
import type { Secret } from '../common/secret.js';
import type { GatewaySettings } from './gateway-settings.js';

/** The outcome of the guard: who came in, at which gateway, with which provider key of their own. */
export interface GatewayAccess {
  readonly gateway: GatewaySettings;
  /** Null on an open gateway, for a call without a token. */
  readonly caller: Caller | null;
  /** The provider key the caller sent along; never one of our tokens, never a placeholder. */
  readonly inlineKey: Secret | null;
}
