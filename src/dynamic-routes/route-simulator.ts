import { inputError } from '../common/errors/platform-error.js';
import { type ErrorClass, ERROR_CLASSES } from '../common/errors/error-class.js';
import type { Awaitable } from '../common/awaitable.js';
import type { Dice } from '../common/dice.js';
import type { Quota } from '../metering/quota.js';
import type { QuotaDecision } from '../metering/quotas.service.js';
import { type DeployedRoute, GraphWalk, type WalkFailure, type WalkStop } from './graph-walker.js';
import type { RouteQuotas, WalkTrace } from './route-element.js';
import type { RouteSubject } from './route-subject.js';

/** A call that is made up, and what becomes of it. */
export interface SimulatedCall {
  readonly subject: RouteSubject;
  /**
   * What elements do, by their ids: a model succeeds or fails with a class of error, any other takes an output. Of several the last one
   * stays. A model that is not named succeeds; others decide for themselves.
   */
  readonly outcomes: ReadonlyMap<string, readonly string[]>;
  readonly dice: Dice;
}

export interface SimulatedStep {
  readonly element: string;
  readonly type: string;
  /** Null: the route ended there. */
  readonly output: string | null;
  readonly reason: string;
}

export interface Simulation {
  readonly steps: readonly SimulatedStep[];
  readonly path: readonly string[];
  /** The model that answered; null: none did. */
  readonly answer: WalkStop | null;
  readonly failure: WalkFailure | null;
  /** Outcomes of elements that were not passed. */
  readonly unused: readonly string[];
}

/** The way a call would take, by the same walker: nothing is called, and counters are looked at only. */
export async function simulate(
  route: DeployedRoute,
  routes: ReadonlyMap<string, DeployedRoute>,
  { subject, outcomes, dice }: SimulatedCall,
  quotas: Pick<RouteQuotas, 'look'>,
  scope: string,
): Promise<Simulation> {
  const trace = new Rehearsal(outcomes);
  const walk = new GraphWalk(route, routes, {
    subject,
    dice,
    quotas: new WatchedQuotas(quotas),
    scope,
    spending: [],
    trace,
  });
  let answer: WalkStop | null = null;
  for (let stop = await walk.start(); stop !== null;) {
    const failure = trace.ask(stop);
    if (failure !== null) {
      stop = await walk.failed(failure);
      continue;
    }
    answer = stop;
    await walk.succeeded();
    break;
  }
  const { steps, unused } = trace;
  return { steps, path: walk.path, answer, failure: answer === null ? walk.failure : null, unused };
}

/** Counters that stay as they are, and seem to count within this one simulation. */
class WatchedQuotas implements RouteQuotas {
  private readonly taken = new Map<string, number>();

  constructor(private readonly quotas: Pick<RouteQuotas, 'look'>) {}

  async take(quota: Quota): Promise<QuotaDecision> {
    const decision = await this.quotas.look(quota);
    const { key } = quota.counter;
    const before = this.taken.get(key) ?? 0;
    this.taken.set(key, before + 1);
    return { ...decision, admitted: decision.remaining > before };
  }

  look(quota: Quota): Awaitable<QuotaDecision> {
    return this.quotas.look(quota);
  }
}

interface Step extends SimulatedStep {
  output: string | null;
  reason: string;
}

/** Notes every step, and says what has been laid down beforehand. */
class Rehearsal implements WalkTrace {
  readonly steps: Step[] = [];
  private readonly used = new Map<string, number>();

  constructor(private readonly outcomes: SimulatedCall['outcomes']) {}

  get unused(): readonly string[] {
    return [...this.outcomes.keys()].filter((element) => !this.used.has(element));
  }

  /** How a model fails; null: it answers. */
  ask({ element, target }: WalkStop): ErrorClass | null {
    const outcome = this.chosen(element) ?? 'success';
    const name = `${target.provider}/${target.model}`;
    if (outcome === 'success') {
      this.because(`${name} answers.`);
      return null;
    }
    const errorClass = ERROR_CLASSES.find((known) => known === outcome);
    if (errorClass === undefined) throw this.problem(element, `is "success" or one of ${ERROR_CLASSES.join(', ')}`);
    this.because(`${name} fails: ${errorClass}.`);
    return errorClass;
  }

  chosen(element: string): string | null {
    const own = this.outcomes.get(element);
    if (own === undefined) return null;
    const times = this.used.get(element) ?? 0;
    this.used.set(element, times + 1);
    return own[Math.min(times, own.length - 1)] ?? null;
  }

  entered(element: string, type: string): void {
    this.steps.push({ element, type, output: null, reason: '' });
  }

  because(reason: string): void {
    const step = this.steps.at(-1);
    if (step !== undefined) step.reason = reason;
  }

  left(element: string, output: string | null, wanted: string | null): void {
    const step = this.steps.findLast((one) => one.element === element);
    if (step !== undefined) step.output = output;
    if (output === null && wanted !== null && wanted !== 'fallback' && wanted !== 'success')
      throw this.problem(element, `names "${wanted}", which is none of the element's outputs`);
  }

  private problem(element: string, reason: string) {
    return inputError({ path: ['body', 'outcomes', element], reason });
  }
}
