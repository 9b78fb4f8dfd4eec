import { z } from 'zod';

const seconds = z
  .number()
  .positive()
  .max(366 * 24 * 60 * 60);

const rateLimit = z
  .strictObject({
    /** Whose calls are counted together: everybody's, a gateway token's, or those that share a value of a metadata key. */
    per: z.union([z.enum(['gateway', 'token']), z.strictObject({ metadata: z.string().min(1).max(256) })]),
    requests: z.int().positive().optional(),
    /** Of prompt and completion together. What a call uses is known when it has ended, and counts then. */
    tokens: z.int().positive().optional(),
    interval: seconds,
    technique: z.enum(['fixed', 'sliding']).default('fixed'),
  })
  .refine(({ requests, tokens }) => (requests === undefined) !== (tokens === undefined), {
    error: 'needs either requests or tokens',
  });

const MAX_RATE_LIMITS = 20;

/** Rates beside the gateway's own `rate_limiting_*`. */
export const rateLimitSettingsSchema = z.strictObject({
  rules: z
    .array(rateLimit)
    .max(MAX_RATE_LIMITS)
    .refine((rules) => new Set(rules.map(sameCount)).size === rules.length, 'has two rules that count the same')
    .optional(),
  /** `x-ratelimit-*` on every answer, and `retry-after` on refusals; on unless it says false. */
  headers: z.boolean().optional(),
  /** Do answers from the cache count as requests? They do not unless it says so. */
  count_cache_hits: z.boolean().optional(),
});

/** Rules that differ in their limit only would share a counter and count each call twice. */
const sameCount = ({ per, requests, interval, technique }: z.infer<typeof rateLimit>): string =>
  JSON.stringify([per, requests === undefined, interval, technique]);

const dollars = z.number().min(0);

/** How the rules of `spend_limits` are kept. */
export const budgetSettingsSchema = z.strictObject({
  /** `exact` (the default): what a call may cost is reserved before it. `soft`: calls pass until the limit has been reached. */
  mode: z.enum(['exact', 'soft']).optional(),
  /** What becomes of calls whose model has no known price. `allow` is the default. */
  unknown_price: z.enum(['block', 'estimate', 'allow']).optional(),
  /** What `estimate` takes for the price: US dollars a million tokens. */
  estimated_price: z.strictObject({ input: dollars, output: dollars }).optional(),
  /**
   * What becomes of the reservations of calls of which nobody will know what they cost. Unless it says otherwise, those of a replica that
   * died are counted as spent, and of a caller who left before the answer what was asked. `charge`: all as spent; `refund`: none.
   */
  lost_calls: z.enum(['refund', 'charge']).optional(),
  /**
   * What a caller says in `cf-aig-custom-cost`: `raise` (the default) counts it where it is more than the call costs by its known price,
   * `trust` counts it whatever it is.
   */
  custom_cost: z.enum(['raise', 'trust']).optional(),
});

export type RateLimitSetting = z.infer<typeof rateLimit>;
