import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Dice } from '../../src/common/dice.js';
import { ERROR_CLASSES, type ErrorClass, errorClassOf } from '../../src/common/errors/error-class.js';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import { type DeployedRoute, GraphWalk } from '../../src/dynamic-routes/graph-walker.js';
import { compileGraph, type RouteGraph } from '../../src/dynamic-routes/route-graph.js';
import { simulate } from '../../src/dynamic-routes/route-simulator.js';
import { RouteSubject } from '../../src/dynamic-routes/route-subject.js';
import { Quotas } from '../../src/metering/quotas.service.js';
import { WalkedPlan } from '../../src/routing/walked-plan.js';
import { MemoryState } from '../../src/state/memory-state.js';
import { outcomes, routes, subjects } from '../support/random-routes.js';
import { registeredStrategies } from '../support/registered-strategies.js';
import { anEnd, aPercentage, aStart } from '../support/route-elements.js';
import { SeededDice } from '../support/seeded-dice.js';
import { TestClock } from '../support/test-clock.js';

/** What holds for every route, whatever it looks like and however its models fare. */

/** Ten thousand take a quarter of a minute. */
const RUNS = Number(process.env['ROUTE_RUNS'] ?? 2_000);
const SEED = 20_261_123;
const SCOPE = 'gateway';

const newQuotas = (): Quotas =>
  new Quotas(new MemoryState(new TestClock(), 0), { whenAway: { limits: 'open', budgets: 'closed', cache: 'miss' } });

const toSubject = ({ body, metadata, caller }: Pick<RouteSubject, 'body' | 'metadata' | 'caller'>): RouteSubject =>
  new RouteSubject(body, metadata, {}, caller, Date.UTC(2026, 10, 23, 12));

const SAMPLES: Readonly<Record<ErrorClass, GatewayError>> = {
  caller: new GatewayError('upstream_error', 'x', { status: 400, code: null }),
  context_length: new GatewayError('upstream_error', 'x', { status: 400, code: 'context_length_exceeded' }),
  content_filter: new GatewayError('upstream_error', 'x', { status: 400, code: 'content_filter' }),
  not_found: new GatewayError('upstream_error', 'x', { status: 404, code: null }),
  auth: new GatewayError('upstream_error', 'x', { status: 401, code: null }),
  quota: new GatewayError('upstream_error', 'x', { status: 429, code: 'insufficient_quota' }),
  rate_limit: new GatewayError('upstream_error', 'x', { status: 429, code: null }),
  overload: new GatewayError('upstream_error', 'x', { status: 503, code: null }),
  server: new GatewayError('upstream_error', 'x', { status: 500, code: null }),
  timeout: new GatewayError('upstream_timeout', 'x'),
  transport: new GatewayError('upstream_failed', 'x', { metadata: { fault: 'connection_reset' } }),
};

const strategies = new Map(registeredStrategies().map((strategy) => [strategy.id, strategy]));

/** A call as the planner and the executor take it over a route: a plan, asked for its targets with what became of the last one. */
async function walkForReal(
  route: DeployedRoute,
  all: ReadonlyMap<string, DeployedRoute>,
  subject: RouteSubject,
  script: readonly string[],
  quotas: Quotas,
  dice: Dice,
) {
  const context = { subject, dice, quotas, scope: SCOPE, spending: [], trace: null };
  const plan = new WalkedPlan(
    new GraphWalk(route, all, context),
    { access: { inlineKey: null } } as unknown as ConstructorParameters<typeof WalkedPlan>[1],
    (provider) => strategies.get(provider)!,
  );
  const asked: string[] = [];
  let error: GatewayError | null = null;
  for (;;) {
    const target = await plan.next(error);
    if (target !== null && 'refusal' in target) throw target.refusal;
    if (target === null) return { path: plan.taken.path, asked, answer: null, failure: error ?? plan.failure };
    const outcome = script[asked.length] ?? 'success';
    asked.push(target.element!);
    if (outcome === 'success') {
      await plan.answered();
      const answer = { element: target.element, provider: target.strategy.id, model: target.model };
      return { path: plan.taken.path, asked, answer, failure: null };
    }
    error = SAMPLES[outcome as ErrorClass];
  }
}

it('each class of error has a sample that is one of it', () => {
  expect(ERROR_CLASSES.map((errorClass) => errorClassOf(SAMPLES[errorClass]))).toEqual([...ERROR_CLASSES]);
});

it(`the simulator and the real walk agree, and every walk ends, on ${RUNS} graphs and calls`, async () => {
  let answered = 0;
  let limited = 0;
  let nested = 0;
  await fc.assert(
    fc.asyncProperty(routes, subjects, outcomes, fc.nat(), async (all, asked, script, seed) => {
      const route = all.get('first')!;
      const subject = toSubject(asked);
      const quotas = newQuotas();
      // Some counters have been used before.
      await walkForReal(route, all, subject, script, quotas, new SeededDice(seed));

      // The script goes by the order of the models; the simulator's by their names, so a dry run names them.
      const dry = await simulate(
        route,
        all,
        { subject, outcomes: new Map(), dice: new SeededDice(seed) },
        quotas,
        SCOPE,
      );
      const untouched = await simulate(
        route,
        all,
        { subject, outcomes: new Map(), dice: new SeededDice(seed) },
        quotas,
        SCOPE,
      );
      expect(untouched).toEqual(dry);

      const named = new Map<string, string[]>();
      let simulation = dry;
      for (let index = 0; index < script.length; index++) {
        const models = simulation.steps.filter(({ reason }) => / (answers|fails: \w+)\.$/.test(reason));
        const model = models[index];
        if (model === undefined) break;
        named.set(model.element, [script[index]!]);
        simulation = await simulate(
          route,
          all,
          { subject, outcomes: named, dice: new SeededDice(seed) },
          quotas,
          SCOPE,
        );
      }
      const real = await walkForReal(route, all, subject, script, quotas, new SeededDice(seed));

      expect(simulation.path).toEqual(real.path);
      expect(simulation.answer === null ? null : simulation.answer.element).toBe(real.answer?.element ?? null);
      expect(simulation.answer?.target.model ?? null).toBe(real.answer?.model ?? null);
      if (real.failure !== null && real.asked.length === 0)
        expect(real.failure.message).toContain(simulation.failure!.reason);
      expect(new Set(real.path).size).toBe(real.path.length);
      expect(real.path[0]).toBe('start');

      if (real.answer !== null) answered++;
      if (simulation.steps.some(({ reason }) => reason.includes('are used up'))) limited++;
      if (real.path.some((id) => id.includes('/'))) nested++;
    }),
    { numRuns: RUNS, seed: SEED },
  );
  // The generator makes something of everything.
  expect(Math.min(answered, RUNS - answered, limited, nested)).toBeGreaterThan(RUNS / 20);
});

describe('percentages', () => {
  const DRAWS = 100_000;
  const SHARES = { '1%': 'a', '9%': 'b', '20%': 'c', '70%': 'd' };
  const toGraph = (shares: Readonly<Record<string, string>>, sticky: boolean): RouteGraph =>
    compileGraph(
      [
        aStart('p'),
        aPercentage('p', shares, sticky ? { sticky: 'metadata.user' } : undefined),
        ...[...new Set(Object.values(shares))].map((id) => anEnd(id)),
      ],
      'route',
    ) as RouteGraph;

  const armOf = (graph: RouteGraph, user: string, dice: Dice): string => {
    const subject = new RouteSubject({ model: 'm' }, { user }, {}, null, 0);
    const context = { subject, dice, quotas: newQuotas(), scope: SCOPE, spending: [], trace: null };
    const walk = new GraphWalk(
      { id: 'route', name: 'r', versionId: 'v', graph, onlyProvider: null },
      new Map(),
      context,
    );
    void walk.start();
    return walk.path[2]!;
  };

  it.each([
    ['by chance', false],
    ['by the caller', true],
  ])(`come out within 1 % over ${DRAWS} draws, %s`, (_, sticky) => {
    const graph = toGraph(SHARES, sticky);
    const dice = new SeededDice(SEED);
    const counts: Record<string, number> = { a: 0, b: 0, c: 0, d: 0 };
    for (let draw = 0; draw < DRAWS; draw++) counts[armOf(graph, `user-${draw}`, dice)]!++;
    for (const [label, arm] of Object.entries(SHARES)) {
      expect(Math.abs(counts[arm]! / DRAWS - Number.parseFloat(label) / 100)).toBeLessThan(0.01);
    }
  });

  it('a caller stays in its arm, and only those move who have to when the shares change', () => {
    const users = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
    const dice = new SeededDice(SEED);
    const armsOf = (shares: Readonly<Record<string, string>>) => {
      const graph = toGraph(shares, true);
      return users.map((user) => armOf(graph, user, dice));
    };
    const before = armsOf({ '10%': 'a', '90%': 'b' });
    const again = armsOf({ '90%': 'b', '10%': 'a' });
    const after = armsOf({ '30%': 'a', '70%': 'b' });
    const moved = users.filter((_, index) => before[index] !== after[index]);

    expect(again).toEqual(before);
    expect(users.filter((_, index) => before[index] === 'a' && after[index] !== 'a')).toEqual([]);
    expect(moved.length / users.length).toBeGreaterThan(0.18);
    expect(moved.length / users.length).toBeLessThan(0.22);
  });
});
