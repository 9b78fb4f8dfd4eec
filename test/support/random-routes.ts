import fc from 'fast-check';
import { ERROR_CLASSES } from '../../src/common/errors/error-class.js';
import type { DeployedRoute } from '../../src/dynamic-routes/graph-walker.js';
import { compileGraph } from '../../src/dynamic-routes/route-graph.js';
import { aConditional, aModel, anEnd, aPercentage, aRate, aStart } from './route-elements.js';

/** Routes, calls and outcomes that fast-check makes up: every graph passes the checks. */

const CONDITIONS = [
  { 'metadata.plan': 'pro' },
  { 'metadata.plan': { $in: ['pro', 'team'] } },
  { 'metadata.user': { $exists: true } },
  { $or: [{ 'request.stream': true }, { 'metadata.plan': { $ne: 'free' } }] },
  { 'body.messages.content': { $regex: 'invoice' } },
  { 'request.estimated_tokens': { $gt: 5 } },
];
const SHARES = [['100%'], ['10%', '90%'], ['33.3%', '33.3% b', '33.4%'], ['0.1%', '0.9%', '99%']];
const PROVIDERS = ['openai', 'anthropic', 'groq', 'sandbox'];
const KEYS = ['metadata.user', 'metadata.plan', 'token.id', ''];

interface Draft {
  readonly kind: 'conditional' | 'percentage' | 'rate' | 'model' | 'route';
  /** Where its outputs lead, of what comes behind it. */
  readonly next: readonly number[];
  readonly pick: number;
  readonly isSticky: boolean;
  readonly hasFallback: boolean;
  readonly fallbackOn: readonly string[];
}

const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom('conditional', 'percentage', 'rate', 'model', 'model', 'route'),
  next: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
  pick: fc.nat(),
  isSticky: fc.boolean(),
  hasFallback: fc.boolean(),
  fallbackOn: fc.oneof(fc.constant([]), fc.subarray([...ERROR_CLASSES], { minLength: 1 })),
});

const of = <T>(list: readonly T[], pick: number): T => list[pick % list.length]!;

/** An element's outputs lead behind it, so there are no circles; answers go to the end, sometimes past a counter. */
function toElements(drafts: readonly Draft[], routes: readonly string[]): readonly unknown[] {
  const idOf = (index: number): string => (index >= drafts.length ? 'end' : `e${index}`);
  const elements = drafts.map(({ kind, next, pick, isSticky, hasFallback, fallbackOn }, index) => {
    const id = idOf(index);
    const [a, b, c] = next.map((step) => idOf(index + 1 + (step % (drafts.length - index))));
    const after = { success: pick % 3 === 0 ? 'answered' : 'end', ...(hasFallback ? { fallback: a! } : {}) };
    const narrowed = fallbackOn.length === 0 ? {} : { fallbackOn };
    const arms = of(SHARES, pick).map((label, arm) => [label, [a!, b!, c!][arm]!] as const);
    const make: Readonly<Record<Draft['kind'], () => unknown>> = {
      conditional: () => aConditional(id, of(CONDITIONS, pick), { true: a!, false: b! }),
      percentage: () => aPercentage(id, Object.fromEntries(arms), isSticky ? { sticky: 'metadata.user' } : undefined),
      rate: () =>
        aRate(
          id,
          { limitType: pick % 2 === 0 ? 'count' : 'cost', limit: 1 + (pick % 2), key: of(KEYS, pick) },
          { success: a!, ...(hasFallback ? { fallback: b! } : {}) },
        ),
      model: () => aModel(id, `${of(PROVIDERS, pick)}/m${pick % 5}`, after, narrowed),
      route: () => aModel(id, `dynamic/${of(routes, pick)}`, after, narrowed),
    };
    return make[kind]();
  });
  const answered = aRate('answered', { key: '' }, { success: 'end', fallback: 'end' });
  return [aStart(idOf(0)), ...elements, answered, anEnd()];
}

const NAMES = ['first', 'second', 'third'];

/** Three routes that name each other as they like, circles included: whoever walks them has to cope. */
export const routes: fc.Arbitrary<ReadonlyMap<string, DeployedRoute>> = fc
  .tuple(...NAMES.map((_, index) => fc.array(draft, { maxLength: index === 0 ? 25 : 6 })))
  .map((all) => {
    const deployed = all.map((drafts, index): DeployedRoute => {
      const name = NAMES[index]!;
      const graph = compileGraph(toElements(drafts, [...NAMES, 'nowhere']), `id-${name}`);
      if (!('start' in graph)) throw new Error(`Not a graph: ${JSON.stringify(graph)}`);
      return { id: `id-${name}`, name, versionId: `v-${name}`, graph, onlyProvider: null };
    });
    return new Map(deployed.map((route) => [route.name, route]));
  });

export const subjects = fc.record({
  body: fc.record({
    model: fc.constant('dynamic/first'),
    stream: fc.boolean(),
    messages: fc.array(
      fc.record({
        role: fc.constant('user'),
        content: fc.constantFrom('Hello.', 'My invoice is wrong, please help me.'),
      }),
      { maxLength: 3 },
    ),
  }),
  metadata: fc.record(
    { plan: fc.constantFrom('free', 'pro', 'team'), user: fc.constantFrom('alice', 'bob', 'carol') },
    { requiredKeys: [] },
  ),
  caller: fc.option(fc.constantFrom({ id: 't1', name: 'one' }, { id: 't2', name: 'two' })),
});

/** How the models that are asked fare, one after the other; what comes after the last of them answers. */
export const outcomes = fc.array(fc.constantFrom('success', ...ERROR_CLASSES, ...ERROR_CLASSES), { maxLength: 40 });
