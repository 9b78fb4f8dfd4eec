import { uuid } from '../common/ids.js';
import type { GatewayOptions, GatewaySettings } from './gateway-settings.js';

/** The account that the first start makes: the operator's own. */
export const FIRST_ACCOUNT_ID = 'default';

/** The id of the gateway that every account has, made again when it is missing. */
export const DEFAULT_GATEWAY_ID = 'default';

/** A gateway nobody has set anything of: authenticated, logging, without cache and limits. */
export const DEFAULT_GATEWAY_OPTIONS: GatewayOptions = {
  authentication: true,
  byokOnly: false,
  cacheTtl: null,
  cacheInvalidateOnUpdate: false,
  collectLogs: true,
  rateLimitingLimit: null,
  rateLimitingInterval: null,
  rateLimitingTechnique: null,
  retryMaxAttempts: null,
  retryDelayMs: null,
  retryBackoff: null,
  logManagement: null,
  logManagementStrategy: null,
  logClassification: false,
  logpush: false,
  logpushPublicKey: null,
  otel: null,
  dlp: null,
  guardrails: null,
  spendLimits: null,
  stripe: null,
  storeId: null,
  workersAiBillingMode: 'postpaid',
  zdr: false,
  engine: {},
};

/** The account's default gateway, as it is made. */
export const newDefaultGateway = (accountId: string, now: Date): GatewaySettings => ({
  ...DEFAULT_GATEWAY_OPTIONS,
  internalId: uuid(),
  accountId,
  id: DEFAULT_GATEWAY_ID,
  isDefault: true,
  createdAt: now,
  modifiedAt: now,
});
