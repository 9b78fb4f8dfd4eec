import type { TokenPolicy } from './token-policy.js';

/** A gateway token as the control plane shows it: everything but its value, which nobody has. */
export interface GatewayToken {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  readonly status: TokenStatus;
  readonly policies: readonly TokenPolicy[];
  readonly notBefore: Date | null;
  readonly expiresOn: Date | null;
  readonly issuedOn: Date;
  readonly modifiedOn: Date;
}

/** What an admin sets; that a token has expired follows from its date. */
export type TokenStatus = 'active' | 'disabled';

/** What an admin says of a token. */
export interface GatewayTokenDraft {
  readonly name: string;
  readonly policies: readonly TokenPolicy[];
  readonly status: TokenStatus;
  readonly notBefore: Date | null;
  readonly expiresOn: Date | null;
}
