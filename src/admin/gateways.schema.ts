import { z } from 'zod';

import { engineSettingsSchema } from '../gateways/engine-settings.schema.js';
import { gatewayColumns, storedGatewayColumns } from '../gateways/gateway-columns.schema.js';
import type { GatewaySettings } from '../gateways/gateway-settings.js';
import type { GatewayInput } from '../gateways/gateways.service.js';
import { gatewayIdSchema, paging, search } from './request-parts.schema.js';
import { answerObject, time } from './answer-parts.schema.js';

/** Postgres' `integer`. */
const count = z.number().int().min(0).max(2_147_483_647);

/** A gateway without its id: what PUT takes, as a full replacement. Tools send null for what they leave out. */
export const gatewayBody = z.object({
  cache_invalidate_on_update: z.boolean(),
  cache_ttl: count.nullable(),
  collect_logs: z.boolean(),
  rate_limiting_interval: count.nullable(),
  rate_limiting_limit: count.nullable(),
  rate_limiting_technique: z.enum(['fixed', 'sliding']).nullish(),
  authentication: z.boolean().nullish(),
  byok_only: z.boolean().nullish(),
  log_management: z.number().int().min(10_000).max(10_000_000).nullish(),
  log_management_strategy: z.enum(['STOP_INSERTING', 'DELETE_OLDEST']).nullish(),
  log_classification: z.boolean().nullish(),
  logpush: z.boolean().nullish(),
  logpush_public_key: z.string().min(16).max(1024).nullish(),
  otel: gatewayColumns.otel.nullish(),
  retry_max_attempts: z.number().int().min(1).max(5).nullish(),
  retry_delay: z.number().int().min(0).max(60_000).nullish(),
  retry_backoff: z.enum(['constant', 'linear', 'exponential']).nullish(),
  dlp: gatewayColumns.dlp.nullish(),
  guardrails: gatewayColumns.guardrails.nullish(),
  spend_limits: gatewayColumns.spend_limits.nullish(),
  store_id: z.string().min(1).max(64).nullish(),
  stripe: gatewayColumns.stripe.nullish(),
  workers_ai_billing_mode: z.enum(['postpaid', 'unified']).nullish(),
  zdr: z.boolean().nullish(),
  settings: engineSettingsSchema.nullish(),
});

export const newGatewayBody = gatewayBody.extend({ id: gatewayIdSchema });

export const gatewayListQuery = z.object({ ...paging({ default: 20, max: 100 }), search });

export type GatewayBody = z.infer<typeof gatewayBody>;
export type NewGatewayBody = z.infer<typeof newGatewayBody>;
export type GatewayListQuery = z.infer<typeof gatewayListQuery>;

/** What is left out is off, but for authentication: a gateway is open only when somebody says so. */
export const toGatewayInput = (body: GatewayBody): GatewayInput => ({
  authentication: body.authentication ?? true,
  byokOnly: body.byok_only ?? false,
  cacheTtl: body.cache_ttl,
  cacheInvalidateOnUpdate: body.cache_invalidate_on_update,
  collectLogs: body.collect_logs,
  rateLimitingLimit: body.rate_limiting_limit,
  rateLimitingInterval: body.rate_limiting_interval,
  rateLimitingTechnique: body.rate_limiting_technique ?? null,
  retryMaxAttempts: body.retry_max_attempts ?? null,
  retryDelayMs: body.retry_delay ?? null,
  retryBackoff: body.retry_backoff ?? null,
  logManagement: body.log_management ?? null,
  logManagementStrategy: body.log_management_strategy ?? null,
  logClassification: body.log_classification ?? false,
  logpush: body.logpush ?? false,
  logpushPublicKey: body.logpush_public_key ?? null,
  otel: body.otel ?? null,
  dlp: body.dlp ?? null,
  guardrails: body.guardrails ?? null,
  spendLimits: body.spend_limits ?? null,
  stripe: body.stripe ?? null,
  storeId: body.store_id ?? null,
  workersAiBillingMode: body.workers_ai_billing_mode ?? 'postpaid',
  zdr: body.zdr ?? false,
  engine: body.settings ?? {},
});

export const gatewayAnswer = answerObject('Gateway', {
  id: z.string(),
  internal_id: z.string(),
  account_id: z.string(),
  account_tag: z.string(),
  is_default: z.boolean(),
  created_at: time,
  modified_at: time,
  authentication: z.boolean(),
  byok_only: z.boolean(),
  cache_invalidate_on_update: z.boolean(),
  cache_ttl: count.nullable(),
  collect_logs: z.boolean(),
  rate_limiting_interval: count.nullable(),
  rate_limiting_limit: count.nullable(),
  rate_limiting_technique: z.enum(['fixed', 'sliding']).nullable(),
  retry_max_attempts: z.int().nullable(),
  retry_delay: z.int().nullable(),
  retry_backoff: z.enum(['constant', 'linear', 'exponential']).nullable(),
  log_management: z.int().nullable(),
  log_management_strategy: z.enum(['STOP_INSERTING', 'DELETE_OLDEST']).nullable(),
  log_classification: z.boolean(),
  logpush: z.boolean(),
  logpush_public_key: z.string().nullable(),
  otel: storedGatewayColumns.shape.otel,
  dlp: gatewayColumns.dlp.optional(),
  guardrails: storedGatewayColumns.shape.guardrails,
  spend_limits: storedGatewayColumns.shape.spendLimits,
  stripe: storedGatewayColumns.shape.stripe,
  store_id: z.string().nullable(),
  workers_ai_billing_mode: z.enum(['postpaid', 'unified']),
  zdr: z.boolean(),
  settings: engineSettingsSchema,
});

/** The gateway object. `account_id`, `account_tag` and `internal_id` are still read by older clients. */
export const presentGateway = (gateway: GatewaySettings) => ({
  id: gateway.id,
  internal_id: gateway.internalId,
  account_id: gateway.accountId,
  account_tag: gateway.accountId,
  is_default: gateway.isDefault,
  created_at: gateway.createdAt.toISOString(),
  modified_at: gateway.modifiedAt.toISOString(),
  authentication: gateway.authentication,
  byok_only: gateway.byokOnly,
  cache_invalidate_on_update: gateway.cacheInvalidateOnUpdate,
  cache_ttl: gateway.cacheTtl,
  collect_logs: gateway.collectLogs,
  rate_limiting_interval: gateway.rateLimitingInterval,
  rate_limiting_limit: gateway.rateLimitingLimit,
  rate_limiting_technique: gateway.rateLimitingTechnique,
  retry_max_attempts: gateway.retryMaxAttempts,
  retry_delay: gateway.retryDelayMs,
  retry_backoff: gateway.retryBackoff,
  log_management: gateway.logManagement,
  log_management_strategy: gateway.logManagementStrategy,
  log_classification: gateway.logClassification,
  logpush: gateway.logpush,
  logpush_public_key: gateway.logpushPublicKey,
  otel: gateway.otel,
  ...(gateway.dlp === null ? {} : { dlp: gateway.dlp }),
  guardrails: gateway.guardrails,
  spend_limits: gateway.spendLimits,
  stripe: gateway.stripe,
  store_id: gateway.storeId,
  workers_ai_billing_mode: gateway.workersAiBillingMode,
  zdr: gateway.zdr,
  settings: gateway.engine,
});
