import type { ServedRoutes } from './dynamic-route.directory.js';
import { type DeployedRoute, MAX_ROUTE_DEPTH } from './graph-walker.js';
import { type GraphProblem, innerRoutesOf } from './route-graph.js';

/**
 * What is wrong with the routes that a route names, once it serves: they must be there, lead in no circle, and be nested no deeper than
 * calls walk. Routes that name this one count.
 */
export function nestingProblems(route: DeployedRoute, others: ServedRoutes): readonly GraphProblem[] {
  const routes = new Map([...others].filter(([, { id }]) => id !== route.id)).set(route.name, route);
  const problems: GraphProblem[] = [];
  for (const { node, name } of innerRoutesOf(route.graph)) {
    const reason = !routes.has(name)
      ? `there is no route "${name}"`
      : leadsTo(name, route.name, routes)
        ? `the route "${name}" leads back to this one`
        : null;
    if (reason === null) continue;
    const index = route.graph.nodes.indexOf(node);
    problems.push({
      path: [index, 'properties', 'model'],
      reason: `Element "${node.id}", properties.model: ${reason}.`,
    });
  }
  if (problems.length > 0) return problems;
  const tooDeep = [...routes.keys()].find((name) => depthOf(name, routes) > MAX_ROUTE_DEPTH);
  if (tooDeep === undefined) return [];
  return [
    { path: [], reason: `Routes would be nested more than ${MAX_ROUTE_DEPTH} deep, beginning with "${tooDeep}".` },
  ];
}

const innerNames = (name: string, routes: ServedRoutes): readonly string[] => {
  const route = routes.get(name);
  return route === undefined ? [] : innerRoutesOf(route.graph).map((inner) => inner.name);
};

function leadsTo(from: string, to: string, routes: ServedRoutes, seen = new Set<string>()): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return innerNames(from, routes).some((name) => leadsTo(name, to, routes, seen));
}

/** How many routes stand within each other; one more than is allowed stands for all that are too deep, circles included. */
function depthOf(name: string, routes: ServedRoutes, depth = 1): number {
  if (depth > MAX_ROUTE_DEPTH) return depth;
  return Math.max(depth, ...innerNames(name, routes).map((inner) => depthOf(inner, routes, depth + 1)));
}
