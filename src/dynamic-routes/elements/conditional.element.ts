import { z } from 'zod';
import { compileConditions } from '../conditions/compile-conditions.js';
import { defineElement, elementIdSchema, reference } from '../route-element.js';

const schema = z.object({
  id: elementIdSchema,
  type: z.literal('conditional'),
  properties: z.object({ conditions: z.record(z.string(), z.unknown()).optional() }),
  outputs: z.object({ true: reference, false: reference }),
});

/** Parts calls by what they are: a query as MongoDB has them, over metadata, body, headers and more. */
export const conditionalElement = defineElement('conditional', schema, ({ properties }, { report }) => {
  const conditions = compileConditions(properties.conditions ?? {}, (path, reason) =>
    report(['properties', 'conditions', ...path], reason),
  );
  return {
    kind: 'choice',
    choose: ({ subject, trace }) => {
      const holds = conditions.holds(subject);
      trace?.because(`The conditions ${holds ? 'hold' : 'do not hold'}: ${conditions.explain(subject)}.`);
      return holds ? 'true' : 'false';
    },
  };
});
