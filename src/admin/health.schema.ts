import { z } from 'zod';
import { canonicalSlug } from '../common/provider-slugs.js';
import type { HealthReport } from '../target-health/target-health.service.js';
import { answerObject, time } from './answer-parts.schema.js';

/** Nothing at all, or the provider to forget about. */
export const resetHealthBody = z
  .strictObject({ provider: z.string().min(1).max(128).transform(canonicalSlug).optional() })
  .nullish();

export type ResetHealthBody = z.infer<typeof resetHealthBody>;

const toTime = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export const healthAnswer = answerObject('TargetHealth', {
  provider: z.string(),
  model: z.string(),
  key_alias: z.string().nullable(),
  circuit: z.enum(['closed', 'open', 'half_open']),
  consecutive_failures: z.int(),
  open_until: time.nullable(),
  key_parked_until: time.nullable(),
  last_error: z.string().nullable(),
  last_error_at: time.nullable(),
});

export const healthResetAnswer = z.strictObject({ reset: z.int() });

export const presentHealth = (report: HealthReport) => ({
  provider: report.provider,
  model: report.model,
  key_alias: report.keyAlias,
  circuit: report.circuit,
  consecutive_failures: report.consecutiveFailures,
  open_until: toTime(report.openUntil),
  key_parked_until: toTime(report.parkedUntil),
  last_error: report.lastError,
  last_error_at: toTime(report.lastErrorAt),
});
