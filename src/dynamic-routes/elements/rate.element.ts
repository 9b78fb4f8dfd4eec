import { z } from 'zod';
import type { Awaitable } from '../../common/awaitable.js';
import { Remembered } from '../../common/remembered.js';
import { type Quota, toQuota } from '../../metering/quota.js';
import type { QuotaDecision } from '../../metering/quotas.service.js';
import { compilePath, keyOf } from '../conditions/subject-path.js';
import { defineElement, elementIdSchema, reference, type WalkContext } from '../route-element.js';

const MAX_WINDOW_S = 366 * 24 * 60 * 60;
const NANO_PER_USD = 1e9;
/** Keys whose counters an element knows by heart, in each of the gateways that its route is walked for: one, but for tests. */
const MAX_REMEMBERED = 10_000;
const MAX_SCOPES = 10;

const schema = z.object({
  id: elementIdSchema,
  type: z.literal('rate'),
  properties: z.object({
    limitType: z.enum(['count', 'cost']),
    /** Whose calls are counted together. Empty or absent: everybody's. */
    key: z.string().max(256).optional(),
    /** Calls, or US dollars. */
    limit: z.number().positive().max(1e9),
    /** Seconds. */
    window: z.number().min(1).max(MAX_WINDOW_S),
    /** Ours. */
    technique: z.enum(['fixed', 'sliding']).optional(),
  }),
  outputs: z.object({ success: reference, fallback: reference.optional() }),
});

/**
 * Lets so many calls through in a window, or calls of so many dollars. A call that has no key is not limited. Calls count when they
 * pass; money counts when it is known what a call has cost, so calls that are under way can still overdraw a budget.
 */
export const rateElement = defineElement('rate', schema, ({ properties }, { routeId, elementId, report }) => {
  const { limitType, limit, window: windowS, technique = 'sliding' } = properties;
  if (limitType === 'count' && !Number.isInteger(limit))
    report(['properties', 'limit'], 'must be a whole number of calls');
  const isShared = properties.key === undefined || properties.key === '';
  const compiled = isShared ? null : compilePath(properties.key!);
  if (typeof compiled === 'string') report(['properties', 'key'], compiled);
  const path = typeof compiled === 'string' ? null : compiled;

  const quotaOf = (scope: string, key: string): Quota =>
    toQuota({
      scope,
      key: `route:${routeId}:${elementId}:${key}`,
      limit: limitType === 'count' ? limit : Math.round(limit * NANO_PER_USD),
      windowS,
      technique,
      durable: limitType === 'cost',
    });
  const quotas = new Remembered(
    MAX_SCOPES,
    (scope: string) => new Remembered(MAX_REMEMBERED, (key: string) => quotaOf(scope, key)),
  );

  const decided = (walk: WalkContext, quota: Quota, { admitted, resetAt }: QuotaDecision, key: string): string => {
    if (admitted && limitType === 'cost') walk.spending.push(quota);
    if (walk.trace !== null) {
      const whose = path === null ? 'Everybody together' : `${path.text} "${key}"`;
      const unit = limitType === 'count' ? `${limit} calls` : `${limit} USD`;
      walk.trace.because(
        admitted
          ? `${whose}: there is room within ${unit} in ${windowS} s.`
          : `${whose}: ${unit} in ${windowS} s are used up until ${new Date(resetAt).toISOString()}.`,
      );
    }
    return admitted ? 'success' : 'fallback';
  };

  return {
    kind: 'choice',
    choose: (walk): Awaitable<string> => {
      const key = path === null ? '' : keyOf(path.read(walk.subject));
      if (key === null) {
        walk.trace?.because(`${path!.text} is missing: the call is not limited.`);
        return 'success';
      }
      const quota = quotas.of(walk.scope).of(key);
      const decision = limitType === 'count' ? walk.quotas.take(quota) : walk.quotas.look(quota);
      return decision instanceof Promise
        ? decision.then((given) => decided(walk, quota, given, key))
        : decided(walk, quota, decision, key);
    },
  };
});
