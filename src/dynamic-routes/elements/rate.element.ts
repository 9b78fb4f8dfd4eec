import { z } from 'zod';
import type { Awaitable } from '../../common/awaitable.js';
import type { Quota, QuotaDecision } from '../../metering/quotas.service.js';
import { compilePath, keyOf } from '../conditions/subject-path.js';
import { defineElement, elementIdSchema, reference, type WalkContext } from '../route-element.js';

const MAX_WINDOW_S = 366 * 24 * 60 * 60;
const NANO_PER_USD = 1e9;

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
  const { limitType, limit, window, technique = 'sliding' } = properties;
  if (limitType === 'count' && !Number.isInteger(limit))
    report(['properties', 'limit'], 'must be a whole number of calls');
  const isShared = properties.key === undefined || properties.key === '';
  const compiled = isShared ? null : compilePath(properties.key!);
  if (typeof compiled === 'string') report(['properties', 'key'], compiled);
  const path = typeof compiled === 'string' ? null : compiled;

  const unit = limitType === 'count' ? `${limit} calls` : `${limit} USD`;
  const decided = (walk: WalkContext, quota: Quota, { admitted, resetAt }: QuotaDecision, whose: string): string => {
    if (admitted && limitType === 'cost') walk.spending.push(quota);
    walk.trace?.because(
      admitted
        ? `${whose}: there is room within ${unit} in ${window} s.`
        : `${whose}: ${unit} in ${window} s are used up until ${new Date(resetAt).toISOString()}.`,
    );
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
      const quota = {
        scope: walk.scope,
        key: `route:${routeId}:${elementId}:${key}`,
        limit: limitType === 'count' ? limit : Math.round(limit * NANO_PER_USD),
        windowMs: Math.round(window * 1000),
        technique,
        durable: limitType === 'cost',
      };
      const whose = path === null ? 'Everybody together' : `${path.text} "${key}"`;
      const decision = limitType === 'count' ? walk.quotas.take(quota) : walk.quotas.look(quota);
      return decision instanceof Promise
        ? decision.then((given) => decided(walk, quota, given, whose))
        : decided(walk, quota, decision, whose);
    },
  };
});
