import type { EngineSettings } from './engine-settings.schema.js';
import type { Dlp, Guardrails, Otel, SpendLimits, Stripe } from './gateway-columns.schema.js';

/** What an admin says of a gateway: everything but its identity and its dates. */
export interface GatewayOptions {
  /** Does a call need a gateway token? */
  readonly authentication: boolean;
  readonly byokOnly: boolean;
  /** Seconds; 0 and null: answers are not cached. */
  readonly cacheTtl: number | null;
  readonly cacheInvalidateOnUpdate: boolean;
  readonly collectLogs: boolean;
  /** Requests an interval; 0 and null: no limit. */
  readonly rateLimitingLimit: number | null;
  /** Seconds. */
  readonly rateLimitingInterval: number | null;
  readonly rateLimitingTechnique: 'fixed' | 'sliding' | null;
  readonly retryMaxAttempts: number | null;
  readonly retryDelayMs: number | null;
  readonly retryBackoff: 'constant' | 'linear' | 'exponential' | null;
  /** The most logs that are kept. */
  readonly logManagement: number | null;
  readonly logManagementStrategy: 'STOP_INSERTING' | 'DELETE_OLDEST' | null;
  readonly logClassification: boolean;
  readonly logpush: boolean;
  readonly logpushPublicKey: string | null;
  readonly otel: Otel | null;
  readonly dlp: Dlp | null;
  readonly guardrails: Guardrails | null;
  readonly spendLimits: SpendLimits | null;
  readonly stripe: Stripe | null;
  readonly storeId: string | null;
  readonly workersAiBillingMode: 'postpaid' | 'unified';
  readonly zdr: boolean;
  /** Ours: how calls are carried out. */
  readonly engine: EngineSettings;
}

/** A gateway as the request path sees it: one row of the directory's snapshot. Never changed in place. */
export interface GatewaySettings extends GatewayOptions {
  readonly internalId: string;
  readonly accountId: string;
  /** The id callers use in URLs. */
  readonly id: string;
  readonly isDefault: boolean;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
}
