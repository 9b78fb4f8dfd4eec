/** Elements of dynamic routes as the API takes them. Outputs are the ids they lead to. */

type Refs<Names extends string> = Readonly<Partial<Record<Names, string>>>;

const toOutputs = (refs: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    Object.entries(refs).flatMap(([name, elementId]) => (elementId === undefined ? [] : [[name, { elementId }]])),
  );

export const aStart = (next: string, id = 'start') => ({
  id,
  type: 'start' as const,
  outputs: { next: { elementId: next } },
});

export const anEnd = (id = 'end') => ({ id, type: 'end' as const, outputs: {} });

export const aConditional = (id: string, conditions: unknown, outputs: Refs<'true' | 'false'>) => ({
  id,
  type: 'conditional' as const,
  properties: { conditions },
  outputs: toOutputs(outputs),
});

export const aPercentage = (
  id: string,
  outputs: Readonly<Record<string, string>>,
  properties?: { sticky: string },
) => ({
  id,
  type: 'percentage' as const,
  ...(properties === undefined ? {} : { properties }),
  outputs: toOutputs(outputs),
});

export const aRate = (
  id: string,
  properties: Readonly<Record<string, unknown>>,
  outputs: Refs<'success' | 'fallback'>,
) => ({
  id,
  type: 'rate' as const,
  properties: { limitType: 'count', key: 'metadata.user', limit: 10, window: 60, ...properties },
  outputs: toOutputs(outputs),
});

/** @param model `{provider}/{model}` */
export const aModel = (
  id: string,
  model: string,
  outputs: Refs<'success' | 'fallback'> = { success: 'end' },
  properties: Readonly<Record<string, unknown>> = {},
) => {
  const slash = model.indexOf('/');
  return {
    id,
    type: 'model' as const,
    properties: {
      provider: model.slice(0, slash),
      model: model.slice(slash + 1),
      timeout: 0,
      retries: 0,
      ...properties,
    },
    outputs: toOutputs(outputs),
  };
};

/** Straight to one model. */
export const aPlainRoute = (model = 'openai/gpt-5.2') => [aStart('m'), aModel('m', model), anEnd()];
