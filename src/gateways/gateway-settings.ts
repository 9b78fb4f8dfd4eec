/** A gateway as the request path sees it: one row of the directory's snapshot. Never changed in place. */
export interface GatewaySettings {
  readonly internalId: string;
  readonly accountId: string;
  /** The id callers use in URLs. */
  readonly id: string;
  /** Does a call need a gateway token? */
  readonly authentication: boolean;
  readonly collectLogs: boolean;
  readonly byokOnly: boolean;
  readonly retryMaxAttempts: number | null;
  readonly retryDelayMs: number | null;
  readonly retryBackoff: 'constant' | 'linear' | 'exponential' | null;
}
