import { z } from 'zod';
import type { PriceOverride, PriceOverrideFields, PriceOverridePlace } from '../accounting/price-override.js';
import type { PriceOverrideQuery } from '../accounting/price-override.repository.js';
import { modelRuleSchema, type Pricing, tokenPricingSchema } from '../accounting/price-override.schema.js';
import { jsonInText, opaqueIdSchema, paging, queryBoolean, search } from './request-parts.schema.js';
import { answerObject, time } from './answer-parts.schema.js';

const dollars = z.number().min(0).max(1_000_000);

/** Answers have it as a string, and tools send back what they got. */
const tokenPricing = z.union([jsonInText(8192), z.looseObject({})]).pipe(tokenPricingSchema);

const fields = z.object({
  account_provider_id: opaqueIdSchema,
  model: z.string().min(1).max(512),
  model_rule: modelRuleSchema.nullish(),
  cost_type: z.string().min(1).max(64).nullish(),
  cost_in: dollars.nullish(),
  cost_out: dollars.nullish(),
  enable: z.boolean().nullish(),
  token_pricing: tokenPricing.nullish(),
});

export const newCostBody = fields;
export const costPatchBody = fields.partial();

export const costListQuery = z.object({
  ...paging({ default: 20, max: 100 }),
  enable: queryBoolean,
  account_provider_id: opaqueIdSchema.nullish(),
  model_rule: modelRuleSchema.nullish(),
  cost_type: z.string().max(64).nullish(),
  search,
});

export type NewCostBody = z.infer<typeof newCostBody>;
export type CostPatchBody = z.infer<typeof costPatchBody>;
export type CostListQuery = z.infer<typeof costListQuery>;
type Costs = Extract<Pricing, { kind: 'costs' }>;

const NO_COSTS: Costs = { kind: 'costs', cost_type: 'tokens', cost_in: null, cost_out: null, token_pricing: {} };

/** All gateways of the account; the provider's slug is found by its id. */
export const toCostPlace = (customProviderId: string): PriceOverridePlace => ({
  gatewayId: null,
  provider: '',
  customProviderId,
});

/** What is said, over what was said before. */
export function toCostFields(body: CostPatchBody, before: PriceOverrideFields | null): PriceOverrideFields {
  const costs = before?.pricing.kind === 'costs' ? before.pricing : NO_COSTS;
  return {
    model: body.model ?? before?.model ?? '',
    modelRule: body.model_rule ?? before?.modelRule ?? 'equals',
    pricing: {
      kind: 'costs',
      cost_type: body.cost_type ?? costs.cost_type,
      cost_in: body.cost_in === undefined ? costs.cost_in : body.cost_in,
      cost_out: body.cost_out === undefined ? costs.cost_out : body.cost_out,
      token_pricing: body.token_pricing === undefined ? costs.token_pricing : (body.token_pricing ?? {}),
    },
    enable: body.enable ?? before?.enable ?? true,
    changedBy: 'manual',
    weight: before?.weight ?? 0,
  };
}

export const toCostQuery = (query: CostListQuery): PriceOverrideQuery => ({
  kind: 'costs',
  ...(query.enable == null ? {} : { enable: query.enable }),
  ...(query.account_provider_id == null ? {} : { customProviderId: query.account_provider_id }),
  ...(query.model_rule == null ? {} : { modelRule: query.model_rule }),
  ...(query.cost_type == null ? {} : { costType: query.cost_type }),
  ...(query.search == null ? {} : { search: query.search }),
});

export const costAnswer = answerObject('CustomProviderCost', {
  id: z.string(),
  account_provider_id: z.string().nullable(),
  model: z.string(),
  model_rule: modelRuleSchema,
  cost_type: z.string(),
  cost_in: dollars.optional(),
  cost_out: dollars.optional(),
  enable: z.boolean(),
  token_pricing: z.string().describe('JSON'),
  changed_by: z.string(),
  weight: z.number(),
  created_at: time,
  modified_at: time,
});

/** The cost object. `token_pricing` is JSON in a string, as this API has it. */
export function presentCost(cost: PriceOverride) {
  const costs = cost.pricing.kind === 'costs' ? cost.pricing : NO_COSTS;
  return {
    id: cost.id,
    account_provider_id: cost.customProviderId,
    model: cost.model,
    model_rule: cost.modelRule,
    cost_type: costs.cost_type,
    ...(costs.cost_in === null ? {} : { cost_in: costs.cost_in }),
    ...(costs.cost_out === null ? {} : { cost_out: costs.cost_out }),
    enable: cost.enable,
    token_pricing: JSON.stringify(costs.token_pricing),
    changed_by: cost.changedBy,
    weight: cost.weight,
    created_at: cost.createdAt.toISOString(),
    modified_at: cost.modifiedAt.toISOString(),
  };
}
