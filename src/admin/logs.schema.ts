import { z } from 'zod';

import { presentRoute } from '../contract/route-taken.js';
import type { LogFilter, LogFilterKey, LogFilterOperator } from '../request-logs/log-filter.js';
import type { LogEntry, LogItem, LogRanges } from '../request-logs/request-log.js';
import { LOG_DELETE_ORDERS, LOG_ORDERS } from '../request-logs/request-log.repository.js';
import { direction, paging, search } from './request-parts.schema.js';
import { answerObject, dollars, time } from './answer-parts.schema.js';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const number = z.coerce.number();
const text = z.string().max(1024);
const MAX_DELETED = 10_000;

/** Filters of older clients, one parameter each. */
const flatFilters = {
  start_date: text,
  end_date: text,
  min_cost: number,
  max_cost: number,
  min_duration: number,
  max_duration: number,
  min_tokens_in: number,
  max_tokens_in: number,
  min_tokens_out: number,
  max_tokens_out: number,
  min_total_tokens: number,
  max_total_tokens: number,
  feedback: number,
  success: flag,
  cached: flag,
  model: text,
  model_type: text,
  provider: text,
  request_content_type: text,
  response_content_type: text,
} as const;

const FLAT = [
  ['start_date', 'created_at', 'gte'],
  ['end_date', 'created_at', 'lte'],
  ['min_cost', 'cost', 'gte'],
  ['max_cost', 'cost', 'lte'],
  ['min_duration', 'duration', 'gte'],
  ['max_duration', 'duration', 'lte'],
  ['min_tokens_in', 'tokens_in', 'gte'],
  ['max_tokens_in', 'tokens_in', 'lte'],
  ['min_tokens_out', 'tokens_out', 'gte'],
  ['max_tokens_out', 'tokens_out', 'lte'],
  ['min_total_tokens', 'tokens', 'gte'],
  ['max_total_tokens', 'tokens', 'lte'],
  ['feedback', 'feedback', 'eq'],
  ['success', 'success', 'eq'],
  ['cached', 'cached', 'eq'],
  ['model', 'model', 'eq'],
  ['model_type', 'model_type', 'eq'],
  ['provider', 'provider', 'eq'],
  ['request_content_type', 'request_content_type', 'eq'],
  ['response_content_type', 'response_content_type', 'eq'],
] as const satisfies readonly (readonly [keyof typeof flatFilters, LogFilterKey, LogFilterOperator])[];

export const logListQuery = z.object({
  ...paging({ default: 20, max: 50 }),
  ...z.object(flatFilters).partial().shape,
  search,
  order_by: z.enum(LOG_ORDERS).default('created_at'),
  order_by_direction: direction.default('desc'),
  /** An older name of it. */
  direction: direction.optional(),
  meta_info: flag.default(false),
});

export const logDeleteQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_DELETED).default(MAX_DELETED),
  order_by: z.enum(LOG_DELETE_ORDERS).default('created_at'),
  order_by_direction: direction.default('asc'),
});

export const logEditBody = z.object({
  feedback: z.union([z.literal(-1), z.literal(0), z.literal(1)]).nullish(),
  score: z.number().min(0).max(100).nullish(),
  metadata: z
    .record(z.string().min(1).max(256), z.union([z.string().max(4096), z.number(), z.boolean()]))
    .refine((entries) => Object.keys(entries).length <= 100, 'has more than 100 entries')
    .nullish(),
});

export type LogListQuery = z.infer<typeof logListQuery>;
export type LogDeleteQuery = z.infer<typeof logDeleteQuery>;
export type LogEditBody = z.infer<typeof logEditBody>;

export const toFlatFilters = (query: LogListQuery): readonly LogFilter[] =>
  FLAT.flatMap(([name, key, operator]) => {
    const value = query[name];
    return value === undefined ? [] : [{ key, operator, value: [value] }];
  });

const tokens = z.int().nullable();
const milliseconds = z.number().nullable();

const logShape = {
  id: z.string(),
  created_at: time,
  provider: z.string(),
  model: z.string(),
  model_type: z.string().nullable(),
  path: z.string(),
  duration: z.number().describe('Milliseconds'),
  success: z.boolean(),
  status_code: z.int(),
  cached: z.boolean(),
  step: z.int(),
  tokens_in: tokens,
  tokens_out: tokens,
  cost: dollars.nullable().describe('Null: the price is not known'),
  custom_cost: z.boolean(),
  metadata: z.string().nullable().describe('JSON'),
  request_type: z.string().nullable(),
  request_content_type: z.string().nullable(),
  response_content_type: z.string(),
  event_id: z.string(),
  feedback: z.int().nullable(),
  score: z.number().nullable(),
  user_agent: z.string().nullable(),
  authentication: z.boolean(),
  wholesale: z.boolean(),
  byok: z.boolean(),
  compatibilityMode: z.boolean(),
  dlp_action: z.null(),
  outcome: z.string(),
  streamed: z.boolean(),
  requested_model: z.string(),
  surface: z.string(),
  token_id: z.string().nullable(),
  credential: z.string().nullable(),
  finish_reason: z.string().nullable(),
  error: z.strictObject({ code: z.string(), message: z.string().nullable() }).nullable(),
};

export const logAnswer = answerObject('Log', logShape);

export const logEntryAnswer = answerObject('LogEntry', {
  ...logShape,
  request_head: z.string().nullable(),
  request_head_complete: z.boolean(),
  request_size: z.int(),
  response_head: z.string().nullable(),
  response_head_complete: z.boolean(),
  response_size: z.int(),
  timings: z.strictObject({
    queue: milliseconds,
    connect: milliseconds,
    headers: milliseconds,
    first_token: milliseconds,
    total: z.number(),
  }),
  usage_metadata: z.looseObject({ source: z.string().nullable() }).nullable(),
  cost_details: z.strictObject({
    computed: dollars.nullable(),
    reported: dollars.nullable(),
    charged: dollars.nullable(),
    basis: z.string(),
    price_version: z.string().nullable(),
  }),
  attempts: z.array(
    z.strictObject({
      step: z.int(),
      provider: z.string().nullable(),
      model: z.string().nullable(),
      key: z.string().nullable(),
      started_at: z.number(),
      outcome: z.string(),
      status: z.int().nullable(),
      duration_ms: z.number(),
      bytes: z.int(),
      next: z.string().nullable(),
    }),
  ),
  route: z
    .strictObject({ id: z.string(), name: z.string(), version_id: z.string(), path: z.array(z.string()) })
    .nullable(),
  metadata_dropped: z.array(z.string()),
});

const toUsd = (nano: number | null): number | null => (nano === null ? null : nano / 1e9);

export const presentLog = (log: LogItem) => ({
  id: log.id,
  created_at: log.createdAt.toISOString(),
  provider: log.provider ?? '',
  model: log.model ?? log.requestedModel,
  model_type: log.modelType,
  path: log.path,
  duration: log.durationMs,
  success: log.success,
  status_code: log.statusCode,
  cached: log.cached,
  step: log.step,
  tokens_in: log.tokensIn,
  tokens_out: log.tokensOut,
  cost: toUsd(log.costNano),
  custom_cost: log.customCost,
  metadata: log.metadata === null ? null : JSON.stringify(log.metadata),
  request_type: log.requestType,
  request_content_type: log.requestContentType,
  response_content_type: log.responseContentType,
  event_id: log.eventId ?? log.id,
  feedback: log.feedback,
  score: log.score,
  user_agent: log.userAgent,
  authentication: log.tokenId !== null,
  wholesale: false,
  byok: log.credential !== null && log.credential !== 'inline',
  compatibilityMode: log.surface === 'compat',
  dlp_action: null,
  // Ours:
  outcome: log.outcome,
  streamed: log.streamed,
  requested_model: log.requestedModel,
  surface: log.surface,
  token_id: log.tokenId,
  credential: log.credential,
  finish_reason: log.finishReason,
  error: log.error === null ? null : { code: log.error, message: log.errorMessage },
});

export const presentLogEntry = (log: LogEntry) => ({
  ...presentLog(log),
  request_head: toText(log.requestHead),
  request_head_complete: log.requestHeadComplete,
  request_size: log.requestSize,
  response_head: toText(log.responseHead),
  response_head_complete: log.responseHeadComplete,
  response_size: log.responseSize,
  timings: log.detail.timings,
  usage_metadata: log.detail.usage === null ? null : { ...log.detail.usage, source: log.detail.usage_source },
  cost_details: {
    computed: toUsd(log.detail.cost.computed),
    reported: toUsd(log.detail.cost.reported),
    charged: toUsd(log.detail.cost.charged),
    basis: log.detail.cost.basis,
    price_version: log.detail.cost.price_version,
  },
  attempts: log.detail.attempts,
  route: log.detail.route === undefined ? null : presentRoute(log.detail.route),
  metadata_dropped: log.detail.metadata_dropped ?? [],
});

/** A head may end within a character. */
const toText = (bytes: Buffer | null): string | null => bytes?.toString('utf8').replace(/\uFFFD$/, '') ?? null;

/** What `result_info` says besides, of a list that was asked for it. */
export const presentRanges = (ranges: LogRanges): Record<string, number> =>
  Object.fromEntries(
    [
      ['cost', ranges.cost] as const,
      ['duration', ranges.duration] as const,
      ['tokens_in', ranges.tokensIn] as const,
      ['tokens_out', ranges.tokensOut] as const,
      ['total_tokens', ranges.totalTokens] as const,
    ].flatMap(([name, { min, max }]) => [
      ...(min === null ? [] : [[`min_${name}`, min] as const]),
      ...(max === null ? [] : [[`max_${name}`, max] as const]),
    ]),
  );
