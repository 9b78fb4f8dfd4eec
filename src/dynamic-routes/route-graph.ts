import { ELEMENTS } from './elements/index.js';
import { fieldOf } from './fields.js';
import type { CompiledElement, RouteTarget, StoredElement } from './route-element.js';

/** A graph's element, with its outputs tied to the elements they lead to. */
export interface RouteNode {
  readonly id: string;
  readonly type: string;
  readonly element: CompiledElement;
  /** An output that is not there is an end of the route. */
  readonly outputs: ReadonlyMap<string, RouteNode>;
  /** Is another model asked, whatever happens, when this one fails? */
  readonly hasSureFallback: boolean;
}

/** A graph, ready to be walked. Never changed: all walks share it. */
export interface RouteGraph {
  readonly start: RouteNode;
  /** In the order of the elements. */
  readonly nodes: readonly RouteNode[];
  /** The elements as they are stored: what nobody knows has been dropped. */
  readonly elements: readonly StoredElement[];
}

/** What is wrong with a list of elements, and where in it. The reason names element and output. */
export interface GraphProblem {
  readonly path: readonly (string | number)[];
  readonly reason: string;
}

export const MAX_ELEMENTS = 500;

interface Draft extends RouteNode {
  readonly index: number;
  readonly stored: StoredElement;
  readonly outputs: Map<string, Draft>;
  hasSureFallback: boolean;
}

/** Checks a list of elements and makes a graph of them. Returns what is wrong with them instead. */
export function compileGraph(elements: readonly unknown[], routeId: string): RouteGraph | readonly GraphProblem[] {
  const compiler = new GraphCompiler(routeId);
  const graph = compiler.compile(elements);
  return graph === null || compiler.problems.length > 0 ? compiler.problems : graph;
}

/** The models a graph may ask, with their elements. */
export const targetsOf = (graph: RouteGraph): readonly { readonly node: RouteNode; readonly target: RouteTarget }[] =>
  graph.nodes.flatMap((node) => (node.element.kind === 'target' ? [{ node, target: node.element.target }] : []));

/** The names of the routes a graph may walk, with the elements that do. */
export const innerRoutesOf = (graph: RouteGraph): readonly { readonly node: RouteNode; readonly name: string }[] =>
  graph.nodes.flatMap((node) => (node.element.kind === 'route' ? [{ node, name: node.element.name }] : []));

class GraphCompiler {
  readonly problems: GraphProblem[] = [];

  constructor(private readonly routeId: string) {}

  compile(elements: readonly unknown[]): RouteGraph | null {
    if (elements.length > MAX_ELEMENTS) return this.problem([], `A route has at most ${MAX_ELEMENTS} elements.`);
    const drafts = elements.flatMap((element, index) => this.draft(element, index) ?? []);
    const start = this.tie(drafts);
    if (start === null || this.problems.length > 0) return null;
    const ordered = this.order(drafts);
    if (ordered === null) return null;
    // An end is always reached: there are no circles, and every element but an end has an output that must be there.
    for (const draft of drafts) this.requireAnswerToStand(draft);
    settleFallbacks(ordered);
    return { start, nodes: drafts, elements: drafts.map(({ stored }) => stored) };
  }

  /** One element by itself. */
  private draft(element: unknown, index: number): Draft | null {
    const type = fieldOf(element, 'type');
    const kind = typeof type === 'string' ? ELEMENTS.get(type) : undefined;
    if (kind === undefined) {
      const known = [...ELEMENTS.keys()].join(', ');
      return this.problem([index, 'type'], `Element ${index} has no known type: it is one of ${known}.`);
    }
    const parsed = kind.schema.safeParse(element);
    if (!parsed.success) {
      for (const { path, message } of parsed.error.issues)
        this.problem([index, ...path.map(String)], `${named(element, index)}: ${path.join('.')}: ${message}`);
      return null;
    }
    const stored = parsed.data;
    const compiled = kind.compile(element, {
      routeId: this.routeId,
      elementId: stored.id,
      report: (path, reason) => this.problem([index, ...path], `Element "${stored.id}", ${path.join('.')}: ${reason}.`),
    });
    return {
      id: stored.id,
      type: stored.type,
      element: compiled,
      outputs: new Map(),
      hasSureFallback: false,
      index,
      stored,
    };
  }

  /** Ties the outputs to the elements they name. Returns the start. */
  private tie(drafts: readonly Draft[]): Draft | null {
    const byId = new Map<string, Draft>();
    for (const draft of drafts) {
      if (byId.has(draft.id)) this.problem([draft.index, 'id'], `Two elements have the id "${draft.id}".`);
      byId.set(draft.id, draft);
    }
    for (const draft of drafts) {
      for (const [output, reference] of Object.entries(draft.stored.outputs)) {
        if (reference === undefined) continue;
        const next = byId.get(reference.elementId);
        if (next === undefined)
          this.outputProblem(draft, output, `leads to "${reference.elementId}", which is no element`);
        else if (next.type === 'start') this.outputProblem(draft, output, 'leads to the start');
        else draft.outputs.set(output, next);
      }
    }
    const starts = drafts.filter(({ type }) => type === 'start');
    const [start] = starts;
    if (start !== undefined && starts.length === 1) return start;
    return this.problem([], starts.length === 0 ? 'There is no start.' : 'There is more than one start.');
  }

  /** Every element behind all that lead to it, or a problem with the output that closes a circle. */
  private order(drafts: readonly Draft[]): readonly Draft[] | null {
    const state = new Map<Draft, 'open' | 'done'>();
    const ordered: Draft[] = [];
    let isAcyclic = true;
    const visit = (draft: Draft): void => {
      state.set(draft, 'open');
      for (const [output, next] of draft.outputs) {
        if (state.get(next) === 'open') {
          isAcyclic = false;
          this.outputProblem(draft, output, `leads back to "${next.id}": a route has no circles`);
        } else if (!state.has(next)) visit(next);
      }
      state.set(draft, 'done');
      ordered.unshift(draft);
    };
    for (const draft of drafts) if (!state.has(draft)) visit(draft);
    return isAcyclic ? ordered : null;
  }

  /** Whatever follows a model's success, the caller has its answer by then. */
  private requireAnswerToStand(draft: Draft): void {
    const next = draft.outputs.get('success');
    if (draft.element.kind === 'choice' || next === undefined) return;
    const other = [...reachedFrom(next)].find(({ element }) => element.kind === 'target' || element.kind === 'route');
    if (other !== undefined)
      this.outputProblem(
        draft,
        'success',
        `leads to "${other.id}", another model: the answer has gone to the caller by then`,
      );
  }

  private outputProblem({ id, index }: Draft, output: string, reason: string): null {
    return this.problem([index, 'outputs', output], `Element "${id}", output "${output}": ${reason}.`);
  }

  private problem(path: GraphProblem['path'], reason: string): null {
    this.problems.push({ path, reason });
    return null;
  }
}

/** Element and all that can come behind it. */
function reachedFrom(node: Draft, reached = new Set<Draft>()): ReadonlySet<Draft> {
  if (!reached.has(node)) {
    reached.add(node);
    for (const next of node.outputs.values()) reachedFrom(next, reached);
  }
  return reached;
}

/** From the back to the front, so that what comes behind an element is known. */
function settleFallbacks(ordered: readonly Draft[]): void {
  const asksModel = new Map<Draft, boolean>();
  for (const draft of ordered.toReversed()) {
    const { element, outputs, type } = draft;
    if (element.kind === 'choice') {
      // A rate element without a fallback ends the route.
      const isOpen = type === 'rate' && !outputs.has('fallback');
      asksModel.set(draft, !isOpen && [...outputs.values()].every((next) => asksModel.get(next)));
      continue;
    }
    asksModel.set(draft, element.kind !== 'end');
    if (element.kind === 'end') continue;
    const next = outputs.get('fallback');
    const isTaken = element.fallbackOn === null || element.fallbackOn.has('server');
    draft.hasSureFallback = isTaken && next !== undefined && asksModel.get(next) === true;
  }
}

function named(element: unknown, index: number): string {
  const id = fieldOf(element, 'id');
  return typeof id === 'string' ? `Element "${id}"` : `Element ${index}`;
}
