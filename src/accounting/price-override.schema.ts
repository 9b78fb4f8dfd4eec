import { z } from 'zod';

const dollars = z.number().min(0).max(1_000_000);

/** Dollars per million tokens; of searches and requests, per thousand. What is left out costs what the kind costs it is a part of. */
export const pricesSchema = z.strictObject({
  input: dollars.optional(),
  cached_input: dollars.optional(),
  cache_write: dollars.optional(),
  cache_write_1h: dollars.optional(),
  audio_input: dollars.optional(),
  image_input: dollars.optional(),
  video_input: dollars.optional(),
  output: dollars.optional(),
  reasoning_output: dollars.optional(),
  audio_output: dollars.optional(),
  image_output: dollars.optional(),
  web_search: dollars.optional(),
  request: dollars.optional(),
});

export const priceTiersSchema = z
  .array(z.strictObject({ above_input_tokens: z.int().positive(), prices: pricesSchema }))
  .max(8);

/** Dollars a token, as the costs of custom providers have them. Counts of pictures are kept and not priced: no usage names them. */
export const tokenPricingSchema = z.strictObject({
  input_tokens: dollars.optional(),
  input_text_tokens: dollars.optional(),
  input_cached_tokens: dollars.optional(),
  input_cache_creation_tokens: dollars.optional(),
  input_audio_tokens: dollars.optional(),
  input_image_tokens: dollars.optional(),
  input_image_count: dollars.optional(),
  input_video_tokens: dollars.optional(),
  output_tokens: dollars.optional(),
  output_reasoning_tokens: dollars.optional(),
  output_image_count: dollars.optional(),
  total_tokens: dollars.optional(),
});

/** The two ways in which prices are written: ours, and that of custom providers' costs. As stored. */
export const pricingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('list'), prices: pricesSchema, tiers: priceTiersSchema }),
  z.strictObject({
    kind: z.literal('costs'),
    cost_type: z.string().min(1).max(64),
    /** Dollars a token where the type is `tokens`. */
    cost_in: dollars.nullable(),
    cost_out: dollars.nullable(),
    token_pricing: tokenPricingSchema,
  }),
]);

export const modelRuleSchema = z.enum(['equals', 'starts-with', 'contains']);

export type Prices = z.infer<typeof pricesSchema>;
export type Pricing = z.infer<typeof pricingSchema>;
export type ModelRule = z.infer<typeof modelRuleSchema>;
