import { z } from 'zod';
import type { PriceOverride, PriceOverrideFields, PriceOverridePlace } from '../accounting/price-override.js';
import type { PriceOverrideQuery } from '../accounting/price-override.repository.js';
import { modelRuleSchema, pricesSchema, priceTiersSchema } from '../accounting/price-override.schema.js';
import { canonicalSlug, isProviderSlug } from '../common/provider-slugs.js';
import { gatewayIdSchema, paging, queryBoolean, search } from './request-parts.schema.js';
import { answerObject, time } from './answer-parts.schema.js';

const providerSchema = z.string().max(128).transform(canonicalSlug).refine(isProviderSlug, 'is no provider');

export const priceBody = z.object({
  /** Null: all gateways of the account. */
  gateway_id: gatewayIdSchema.nullish(),
  provider: providerSchema,
  model: z.string().min(1).max(512),
  model_rule: modelRuleSchema.default('equals'),
  /** Dollars per million tokens; of searches and requests, per thousand. */
  prices: pricesSchema,
  tiers: priceTiersSchema.default([]),
  enable: z.boolean().default(true),
});

export const priceListQuery = z.object({
  ...paging({ default: 20, max: 100 }),
  gateway_id: gatewayIdSchema.nullish(),
  provider: providerSchema.nullish(),
  enable: queryBoolean,
  search,
});

export type PriceBody = z.infer<typeof priceBody>;
export type PriceListQuery = z.infer<typeof priceListQuery>;

export const toPricePlace = (body: PriceBody): PriceOverridePlace => ({
  gatewayId: body.gateway_id ?? null,
  provider: body.provider,
  customProviderId: null,
});

export const toPriceFields = (body: PriceBody, changedBy: string): PriceOverrideFields => ({
  model: body.model,
  modelRule: body.model_rule,
  pricing: { kind: 'list', prices: body.prices, tiers: body.tiers },
  enable: body.enable,
  changedBy,
  weight: 0,
});

export const toPriceQuery = ({ gateway_id, provider, enable, search: part }: PriceListQuery): PriceOverrideQuery => ({
  kind: 'list',
  ...(gateway_id == null ? {} : { gatewayId: gateway_id }),
  ...(provider == null ? {} : { provider }),
  ...(enable == null ? {} : { enable }),
  ...(part == null ? {} : { search: part }),
});

export const priceAnswer = answerObject('Price', {
  id: z.string(),
  gateway_id: z.string().nullable(),
  provider: z.string(),
  model: z.string(),
  model_rule: modelRuleSchema,
  prices: pricesSchema,
  tiers: priceTiersSchema,
  enable: z.boolean(),
  changed_by: z.string(),
  created_at: time,
  modified_at: time,
});

/** A price of the account's own. */
export const presentPrice = (price: PriceOverride) => ({
  id: price.id,
  gateway_id: price.gatewayId,
  provider: price.provider,
  model: price.model,
  model_rule: price.modelRule,
  ...(price.pricing.kind === 'list' ? { prices: price.pricing.prices, tiers: price.pricing.tiers } : {}),
  enable: price.enable,
  changed_by: price.changedBy,
  created_at: price.createdAt.toISOString(),
  modified_at: price.modifiedAt.toISOString(),
});
