import { z } from 'zod';

import { MAX_METADATA_ENTRIES } from '../contract/call-metadata.js';
import { budgetSettingsSchema, rateLimitSettingsSchema } from './limit-settings.schema.js';

const ms = z
  .int()
  .min(0)
  .max(24 * 60 * 60 * 1000);

/**
 * How a gateway's calls are carried out: ours, beside Cloudflare's fields, as `settings` of the gateway object. Strict, so that a
 * typo is an error. Times in milliseconds; 0: no limit. What is absent is the operator's default.
 */
export const engineSettingsSchema = z.strictObject({
  timeouts: z
    .strictObject({
      connect_ms: ms.optional(),
      headers_ms: ms.optional(),
      first_token_ms: ms.optional(),
      idle_ms: ms.optional(),
      total_ms: ms.optional(),
    })
    .optional(),
  /** `cf-aig-request-timeout` holds for the very last attempt too. */
  request_timeout_on_last_attempt: z.boolean().optional(),
  /** Non-streamed calls go on when their caller has left, so that their answer is recorded and can be cached. */
  finish_abandoned_calls: z.boolean().optional(),
  /** How many entries `cf-aig-metadata` may have; more than five also makes a wrong value cost only itself. */
  max_metadata_entries: z.int().min(1).max(MAX_METADATA_ENTRIES).optional(),
  rate_limits: rateLimitSettingsSchema.optional(),
  budgets: budgetSettingsSchema.optional(),
});

export type EngineSettings = z.infer<typeof engineSettingsSchema>;
