import { z } from 'zod';

import { Secret } from '../common/secret.js';
import { aliasSchema, providerKeySettingsSchema } from '../keys/provider-key-settings.schema.js';
import type { ProviderKeyRecord } from '../keys/provider-key.js';
import type { ProviderKeyInput } from '../keys/provider-keys.service.js';
import { paging } from './request-parts.schema.js';
import { answerObject, time } from './answer-parts.schema.js';

/** 64 KiB, as a secret in a store. */
const secretValue = z.string().min(1).max(65_536);

const DEFAULT_PERIOD_SECONDS = 60;

export const newProviderConfigBody = z
  .object({
    provider_slug: z.string().min(1).max(80),
    alias: aliasSchema,
    // Some answers of this API have it as a number, and clients send back what they got.
    default_config: z.union([z.boolean(), z.literal(0), z.literal(1)]).transform(Boolean),
    secret: secretValue.nullish(),
    secret_id: z.string().min(1).max(64).nullish(),
    rate_limit: z.number().min(0).nullish(),
    rate_limit_period: z.number().positive().nullish(),
    settings: providerKeySettingsSchema.nullish(),
  })
  .refine(({ secret, secret_id }) => (secret ?? null) === null || (secret_id ?? null) === null, {
    path: ['secret_id'],
    error: 'must not come together with secret',
  })
  .refine(({ secret, secret_id }) => (secret ?? null) !== null || (secret_id ?? null) !== null, {
    path: ['secret'],
    error: 'is needed, or secret_id',
  });

export const rotateProviderConfigBody = z.object({ secret: secretValue });

export const providerConfigListQuery = z.object(paging({ default: 20, max: 100 }));

export type NewProviderConfigBody = z.infer<typeof newProviderConfigBody>;
export type RotateProviderConfigBody = z.infer<typeof rotateProviderConfigBody>;
export type ProviderConfigListQuery = z.infer<typeof providerConfigListQuery>;

export const toProviderKeyInput = (body: NewProviderConfigBody): ProviderKeyInput => ({
  provider: body.provider_slug,
  alias: body.alias,
  defaultConfig: body.default_config,
  settings: body.settings ?? {},
  rateLimit: body.rate_limit ?? null,
  rateLimitPeriod: body.rate_limit_period ?? ((body.rate_limit ?? null) === null ? null : DEFAULT_PERIOD_SECONDS),
  value:
    typeof body.secret === 'string'
      ? { kind: 'secret', secret: new Secret(body.secret) }
      : { kind: 'secret_id', secretId: body.secret_id ?? '' },
});

export const providerConfigAnswer = answerObject('ProviderConfig', {
  id: z.string(),
  gateway_id: z.string(),
  provider_slug: z.string(),
  alias: z.string(),
  default_config: z.boolean(),
  secret_id: z.string(),
  secret_preview: z.string(),
  created_at: time,
  modified_at: time,
  rate_limit: z.number().optional(),
  rate_limit_period: z.number().optional(),
  settings: providerKeySettingsSchema,
});

/** The provider config object; `settings` is ours. The key itself is nowhere in it. */
export const presentProviderConfig = (gatewayId: string) => (key: ProviderKeyRecord) => ({
  id: key.id,
  gateway_id: gatewayId,
  provider_slug: key.provider,
  alias: key.alias,
  default_config: key.defaultConfig,
  secret_id: key.secretId,
  secret_preview: key.secretPreview,
  created_at: key.createdAt.toISOString(),
  modified_at: key.modifiedAt.toISOString(),
  ...(key.rateLimit === null ? {} : { rate_limit: key.rateLimit }),
  ...(key.rateLimitPeriod === null ? {} : { rate_limit_period: key.rateLimitPeriod }),
  settings: key.settings,
});
