import type { Awaitable } from '../common/awaitable.js';
import type { ErrorClass } from '../common/errors/error-class.js';
import type { Quota } from '../metering/quota.js';
import type { CompiledElement, FallbackOn, RouteTarget, WalkContext } from './route-element.js';
import type { RouteGraph, RouteNode } from './route-graph.js';

/** A route that serves: one deployed version. */
export interface DeployedRoute {
  readonly id: string;
  readonly name: string;
  readonly versionId: string;
  readonly graph: RouteGraph;
  /** The one provider whose models it asks; null where there are several, or other routes. */
  readonly onlyProvider: string | null;
}

/** A model the walk wants asked. */
export interface WalkStop {
  /** The element's id, behind those of the routes it is in: `outer/inner`. */
  readonly element: string;
  readonly target: RouteTarget;
  /** Is there nothing surely behind it, should it fail? */
  readonly isLast: boolean;
  /** The budgets on the way to it, which the call is charged to. */
  readonly spending: readonly Quota[];
}

/** Why a walk ended without a model to tell of it. */
export interface WalkFailure {
  readonly errorClass: ErrorClass;
  readonly reason: string;
}

/** A route within a route. */
interface Frame {
  readonly route: DeployedRoute;
  readonly parent: Frame | null;
  /** What stands before the ids of its elements. */
  readonly prefix: string;
  /** Something surely comes behind it, should it end without an answer. */
  readonly isBacked: boolean;
  /** The model, or the inner route, that is being asked; the start before anything is. */
  asking: RouteNode;
  fallbackOn: FallbackOn;
}

const NOTHING: readonly Quota[] = [];

/** How deep routes may name each other. */
export const MAX_ROUTE_DEPTH = 5;

/**
 * One call's way over a route: asked for a model, and for the next with how the last one failed. It does no I/O of its own and sees one
 * version of each route from start to end. The simulator walks the same way.
 */
export class GraphWalk {
  /** The elements passed, in order. */
  readonly path: string[] = [];
  private frame: Frame;
  /** Where the budgets stand that the call is charged to, in the order of `spending`. */
  private readonly budgets: { readonly frame: Frame; readonly node: RouteNode }[] = [];
  private last: WalkFailure = { errorClass: 'not_found', reason: 'It ends without asking a model.' };

  /** @param routes All that serve at the gateway, by name: as they were when the call came. */
  constructor(
    readonly route: DeployedRoute,
    private readonly routes: ReadonlyMap<string, DeployedRoute>,
    private readonly context: WalkContext,
  ) {
    this.frame = { route, parent: null, prefix: '', isBacked: false, asking: route.graph.start, fallbackOn: null };
  }

  /** The first model. Null: the route asks none, and `failure` says why. */
  start(): Awaitable<WalkStop | null> {
    return this.run(this.route.graph.start);
  }

  /**
   * The model to ask after the last one failed. Null: there is none.
   * @param emptyBudget The key of the budget that had no room for it: where that is one of this route's, the way goes on at its fallback.
   */
  failed(errorClass: ErrorClass, emptyBudget: string | null = null): Awaitable<WalkStop | null> {
    const { spending } = this.context;
    const index = spending.findIndex(({ counter }) => counter.key === emptyBudget);
    if (index !== -1) {
      const { frame, node } = this.budgets[index]!;
      spending.length = this.budgets.length = index;
      this.frame = frame;
      return this.run(this.follow(node, 'fallback', false));
    }
    this.last = { errorClass, reason: 'No model has answered.' };
    return this.run(this.afterFailure(this.last));
  }

  /** The last model answers: the way goes on to the end. */
  succeeded(): Awaitable<void> {
    const ended = this.run(this.afterSuccess(), true);
    if (ended instanceof Promise) return ended.then(() => undefined);
  }

  /** Why the walk ended, where no model's error tells it. */
  get failure(): WalkFailure {
    return this.last;
  }

  /** Walks on from a node until a model is to be asked, or everything has ended. */
  private run(from: RouteNode | null, isAnswered = false): Awaitable<WalkStop | null> {
    const { trace } = this.context;
    let node = from;
    while (node !== null) {
      const id = this.frame.prefix + node.id;
      this.path.push(id);
      trace?.entered(id, node.type);
      const { element } = node;
      switch (element.kind) {
        case 'choice': {
          const here = node;
          const output = this.choose(id, element);
          if (output instanceof Promise)
            return output.then((name) => this.run(this.follow(here, name, isAnswered), isAnswered));
          node = this.follow(here, output, isAnswered);
          break;
        }
        case 'target':
          this.ask(node, element.fallbackOn);
          return {
            element: id,
            target: element.target,
            isLast: !node.hasSureFallback && !this.frame.isBacked,
            spending: this.context.spending.length === 0 ? NOTHING : [...this.context.spending],
          };
        case 'route':
          this.ask(node, element.fallbackOn);
          node = this.enter(element.name, node, id);
          break;
        case 'end':
          trace?.because(isAnswered ? 'The answer goes to the caller.' : 'No model has answered.');
          node = this.leave(isAnswered);
          break;
      }
    }
    return null;
  }

  private choose(id: string, element: Extract<CompiledElement, { kind: 'choice' }>): Awaitable<string> {
    const chosen = this.context.trace?.chosen(id) ?? null;
    if (chosen === null) return element.choose(this.context);
    this.context.trace?.because('As the simulation says.');
    return chosen;
  }

  private ask(node: RouteNode, fallbackOn: FallbackOn): void {
    this.frame.asking = node;
    this.frame.fallbackOn = fallbackOn;
  }

  private follow(node: RouteNode, output: string, isAnswered: boolean): RouteNode | null {
    const { frame } = this;
    const next = this.leaveBy(node, output);
    if (this.context.spending.length > this.budgets.length) this.budgets.push({ frame, node });
    if (node.type === 'rate' && output === 'fallback') {
      const id = this.frame.prefix + node.id;
      this.last = { errorClass: 'rate_limit', reason: `The limit of element "${id}" is reached.` };
    }
    return next ?? this.leave(isAnswered);
  }

  /** The inner route's start, or what follows when it cannot be walked. */
  private enter(name: string, node: RouteNode, id: string): RouteNode | null {
    const { frame } = this;
    const route = this.routes.get(name);
    const problem = route === undefined ? `There is no route "${name}".` : problemOf(route, frame);
    if (route === undefined || problem !== null) {
      this.context.trace?.because(String(problem));
      this.last = { errorClass: 'not_found', reason: `Element "${id}": ${problem}` };
      return this.afterFailure(this.last);
    }
    this.context.trace?.because(`Route "${name}", version ${route.versionId}.`);
    this.frame = {
      route,
      parent: frame,
      prefix: `${id}/`,
      isBacked: node.hasSureFallback || frame.isBacked,
      asking: route.graph.start,
      fallbackOn: null,
    };
    return route.graph.start;
  }

  /** The current route has ended: its element in the route around it goes on. */
  private leave(isAnswered: boolean): RouteNode | null {
    const { parent } = this.frame;
    if (parent === null) return null;
    this.frame = parent;
    return isAnswered ? this.afterSuccess() : this.afterFailure(this.last);
  }

  private afterSuccess(): RouteNode | null {
    return this.leaveBy(this.frame.asking, 'success') ?? this.leave(true);
  }

  private afterFailure({ errorClass }: WalkFailure): RouteNode | null {
    const { asking, fallbackOn } = this.frame;
    const isTaken = fallbackOn === null || fallbackOn.has(errorClass);
    return this.leaveBy(asking, isTaken ? 'fallback' : null) ?? this.leave(false);
  }

  /** Where an output leads; null where it is open. */
  private leaveBy(node: RouteNode, output: string | null): RouteNode | null {
    const next = output === null ? undefined : node.outputs.get(output);
    this.context.trace?.left(this.frame.prefix + node.id, next === undefined ? null : output, output);
    return next ?? null;
  }
}

/** Why a route cannot be walked within these. */
function problemOf(route: DeployedRoute, within: Frame): string | null {
  let depth = 1;
  for (let frame: Frame | null = within; frame !== null; frame = frame.parent) {
    if (frame.route.id === route.id) return `The route "${route.name}" is being walked already.`;
    depth++;
  }
  return depth > MAX_ROUTE_DEPTH ? `Routes are nested more than ${MAX_ROUTE_DEPTH} deep.` : null;
}
