import { z } from 'zod';

// The parts of a gateway that are objects: the API's own shapes, stored as they are. The admin API checks bodies with these
// schemas, and the repository reads the columns back through them.

const MAX_RULES = 20;

const names = z.array(z.string().min(1).max(256)).min(1).max(100);

const otelSchema = z
  .array(
    z.object({
      url: z.url({ protocol: /^https?$/ }).max(2048),
      headers: z.record(z.string().min(1).max(256), z.string().max(4096)),
      authorization: z.string().max(256).optional(),
      content_type: z.enum(['json', 'protobuf']).default('json'),
    }),
  )
  .max(20);

const profiles = z.array(z.string().max(256)).max(100);
const dlpAction = z.enum(['BLOCK', 'FLAG']);

const dlpSchema = z.union(
  [
    z.object({
      enabled: z.boolean(),
      policies: z
        .array(
          z.object({
            id: z.string().min(1).max(256),
            action: dlpAction,
            check: z.array(z.enum(['REQUEST', 'RESPONSE'])).max(2),
            enabled: z.boolean(),
            profiles,
          }),
        )
        .max(100),
    }),
    z.object({ enabled: z.boolean(), action: dlpAction, profiles }),
  ],
  { error: 'must be {enabled, action, profiles} or {enabled, policies}' },
);

const guardrailAction = z.enum(['FLAG', 'BLOCK']);
const guardrailCategories = z.partialRecord(
  z.enum(['P1', 'S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'S7', 'S8', 'S9', 'S10', 'S11', 'S12', 'S13']),
  guardrailAction,
);
const guardrailsSchema = z.object({ prompt: guardrailCategories, response: guardrailCategories });

const filter = z.object({ mode: z.literal('filter'), values: names });

const spendRule = z.object({
  id: z.string().min(1).max(64).optional(),
  limit: z.number().positive(),
  limitType: z.literal('cost'),
  /** Seconds. */
  window: z.number().positive(),
  enabled: z.boolean().default(true),
  technique: z.enum(['fixed', 'sliding']).default('sliding'),
  model: filter.optional(),
  provider: filter.optional(),
  metadata: z
    .record(
      z.string().min(1).max(256),
      z.discriminatedUnion('mode', [z.object({ mode: z.literal('partition') }), filter]),
    )
    .optional(),
});

const spendLimitsInput = z.object({
  enabled: z.boolean().default(false),
  rules: z
    .array(spendRule)
    .max(MAX_RULES)
    .refine((rules) => {
      const ids = rules.flatMap(({ id }) => id ?? []);
      return new Set(ids).size === ids.length;
    }, 'has two rules of one id')
    .optional(),
});

const stripeSchema = z.object({
  authorization: z.string().min(1).max(1024),
  usage_events: z.array(z.object({ payload: z.string().max(16_384) })).max(100),
});

/** The object columns as bodies bring them. */
export const gatewayColumns = {
  otel: otelSchema,
  dlp: dlpSchema,
  guardrails: guardrailsSchema,
  spend_limits: spendLimitsInput,
  stripe: stripeSchema,
} as const;

const spendLimitsSchema = spendLimitsInput.extend({ rules: z.array(spendRule.extend({ id: z.string() })).optional() });

/** The object columns as the database has them: every rule has its id. */
export const storedGatewayColumns = z.object({
  otel: otelSchema.nullable(),
  dlp: dlpSchema.nullable(),
  guardrails: guardrailsSchema.nullable(),
  spendLimits: spendLimitsSchema.nullable(),
  stripe: stripeSchema.nullable(),
});

export type Otel = z.infer<typeof otelSchema>;
export type Dlp = z.infer<typeof dlpSchema>;
export type Guardrails = z.infer<typeof guardrailsSchema>;
export type SpendLimitsInput = z.infer<typeof spendLimitsInput>;
export type SpendLimits = z.infer<typeof spendLimitsSchema>;
export type Stripe = z.infer<typeof stripeSchema>;
