/** What the log API filters by. */
export const LOG_FILTER_KEYS = [
  'id',
  'created_at',
  'request_content_type',
  'response_content_type',
  'request_type',
  'success',
  'cached',
  'provider',
  'model',
  'model_type',
  'cost',
  'tokens',
  'tokens_in',
  'tokens_out',
  'duration',
  'feedback',
  'event_id',
  'metadata.key',
  'metadata.value',
  'authentication',
  'wholesale',
  'compatibilityMode',
  'dlp_action',
  'user_agent',
] as const;

export const LOG_FILTER_OPERATORS = ['eq', 'neq', 'contains', 'lt', 'gt'] as const;

export type LogFilterKey = (typeof LOG_FILTER_KEYS)[number];
/** `gte` and `lte` are what the older, flat filters mean (`min_cost`). */
export type LogFilterOperator = (typeof LOG_FILTER_OPERATORS)[number] | 'gte' | 'lte';
export type LogFilterValue = string | number | boolean | null;

/** One condition. `eq` holds for any of the values, `neq` for none of them, the others for any. */
export interface LogFilter {
  readonly key: LogFilterKey;
  readonly operator: LogFilterOperator;
  readonly value: readonly LogFilterValue[];
}

/** What a condition is about: a column, or an entry of the metadata, whose name and value are asked for together. */
export type LogCondition =
  | { readonly kind: 'column'; readonly filter: LogFilter }
  | { readonly kind: 'metadata'; readonly name: LogFilter | null; readonly value: LogFilter | null };

/**
 * A filter on a metadata entry's name and the next one on its value are about one entry, whichever of the two comes first; so are the
 * second of each, and so on.
 */
export function toConditions(filters: readonly LogFilter[]): readonly LogCondition[] {
  const conditions: LogCondition[] = [];
  let open: { kind: 'metadata'; name: LogFilter | null; value: LogFilter | null } | null = null;
  for (const filter of filters) {
    if (filter.key !== 'metadata.key' && filter.key !== 'metadata.value') {
      conditions.push({ kind: 'column', filter });
      continue;
    }
    const part: 'name' | 'value' = filter.key === 'metadata.key' ? 'name' : 'value';
    if (open === null || open[part] !== null) {
      open = { kind: 'metadata', name: null, value: null };
      conditions.push(open);
    }
    open[part] = filter;
    if (open.name !== null && open.value !== null) open = null;
  }
  return conditions;
}
