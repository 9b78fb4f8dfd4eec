import { z } from 'zod';
import type { Analytics, Progress } from '../analytics/analytics.service.js';
import type { Group } from '../analytics/analytics.repository.js';
import { answerObject, dollars, time as instant } from './answer-parts.schema.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const INTERVALS = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '1d': 24 * HOUR_MS,
} as const;

/** Points that one answer has at the most, of each group. */
const MAX_POINTS = 1_500;
const DEFAULT_RANGE_MS = 24 * HOUR_MS;
const METADATA = 'metadata.';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const groupBy = z.string().transform((text, context): { group: Group; metadataKey: string } => {
  if (text === 'model' || text === 'provider' || text === 'token' || text === 'route')
    return { group: text, metadataKey: '' };
  if (text.startsWith(METADATA) && text.length > METADATA.length)
    return { group: 'metadata', metadataKey: text.slice(METADATA.length) };
  context.addIssue('must be model, provider, token, route or metadata.{key}');
  return z.NEVER;
});

/** What is left out: the last 24 hours, an hour each, not grouped. */
export const analyticsQuery = z
  .object({
    from: time.optional(),
    to: time.optional(),
    interval: z.enum(['1m', '5m', '15m', '1h', '6h', '1d']).default('1h'),
    group_by: groupBy.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  })
  .transform(({ from, to = Date.now(), interval, group_by, limit }) => {
    const intervalMs = INTERVALS[interval];
    return {
      interval,
      intervalMs,
      // Whole intervals, as the sums are.
      from: Math.floor((from ?? to - DEFAULT_RANGE_MS) / intervalMs) * intervalMs,
      to: Math.ceil(to / intervalMs) * intervalMs,
      group: group_by?.group ?? null,
      metadataKey: group_by?.metadataKey ?? '',
      limit,
    };
  })
  .refine(({ from, to }) => from < to, { path: ['from'], error: 'must lie before to' })
  .refine(({ from, to, intervalMs }) => (to - from) / intervalMs <= MAX_POINTS, {
    path: ['interval'],
    error: `is too short for the range: ${String(MAX_POINTS)} points are the most`,
  });

export type AnalyticsRequest = z.infer<typeof analyticsQuery>;

const count = z.int();
const quantiles = z.strictObject({ p50: z.number(), p95: z.number(), p99: z.number() }).nullable();

const sumsShape = {
  requests: count,
  errors: count,
  errors_by_class: z.record(z.string(), count),
  cached: count,
  cached_share: z.number(),
  tokens: z.strictObject({ input: count, output: count, cache_read: count, cache_write: count, reasoning: count }),
  cost: dollars,
  unpriced_requests: count,
  latency_ms: quantiles,
  first_token_ms: quantiles,
};

const progressShape = {
  totals: z.strictObject(sumsShape),
  points: z.array(z.strictObject({ at: instant, ...sumsShape })),
};

export const analyticsAnswer = answerObject('Analytics', {
  from: instant,
  to: instant,
  interval: z.enum(['1m', '5m', '15m', '1h', '6h', '1d']),
  ...progressShape,
  groups: z.array(z.strictObject({ group: z.string(), ...progressShape })).optional(),
  rest: z.strictObject(progressShape).nullable().optional(),
});

export const presentAnalytics = ({ from, to, interval }: AnalyticsRequest, { all, groups, rest }: Analytics) => ({
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
  interval,
  ...present(all),
  ...(groups === null ? {} : { groups: groups.map(([group, progress]) => ({ group, ...present(progress) })) }),
  ...(groups === null ? {} : { rest: rest === null ? null : present(rest) }),
});

const present = ({ totals, points }: Progress) => ({
  totals: totals.present(),
  points: points.map(([at, sums]) => ({ at: at.toISOString(), ...sums.present() })),
});
