import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { importElements } from '../dynamic-routes/elements-import.js';
import { compileGraph, innerRoutesOf, type RouteGraph } from '../dynamic-routes/route-graph.js';
import type { RouteState } from './account-state.js';
import type { Change, Difference } from './change.js';
import type { RouteInFile } from './config-file.schema.js';
import { ConfigProblems } from './config-problems.js';

/** What has to be done for a gateway's routes, those that others walk through first. */
export function planRoutes(
  root: string,
  gatewayId: string,
  given: readonly RouteInFile[],
  current: readonly RouteState[],
): readonly (Change | ConfigProblems)[] {
  const graphs = new Map<string, RouteGraph>();
  const problems = given.flatMap(({ name, elements }) => {
    const graph = understood(elements);
    if ('start' in graph) {
      graphs.set(name, graph);
      return [];
    }
    return [new ConfigProblems(graph.map(({ reason }) => `route "${name}" of gateway "${gatewayId}": ${reason}`))];
  });
  const changes = innermostFirst(graphs).flatMap(
    ([name, graph]) =>
      planRoute(
        root,
        gatewayId,
        name,
        graph,
        current.find((route) => route.name === name),
      ) ?? [],
  );
  return [...problems, ...changes];
}

const understood = (elements: readonly unknown[]) => compileGraph(importElements(elements).elements, '');

function planRoute(
  root: string,
  gatewayId: string,
  name: string,
  { elements }: RouteGraph,
  current: RouteState | undefined,
): Change | null {
  const address = `route "${name}" of gateway "${gatewayId}"`;
  const path = `${root}/gateways/${gatewayId}/routes`;
  if (current === undefined) {
    const apply: Change['apply'] = async (client) => {
      await client.call('POST', path, { name, elements });
    };
    return { action: 'create', address, differences: [], apply };
  }
  const before = understood(current.elements);
  const stored: readonly unknown[] = 'start' in before ? before.elements : current.elements;
  const differences = elementDifferences(stored, elements);
  if (differences.length === 0) return null;
  const apply: Change['apply'] = async (client) => {
    const version = await client.call('POST', `${path}/${current.id}/versions`, { elements });
    const { version_id } = z.looseObject({ version_id: z.string() }).parse(version);
    await client.call('POST', `${path}/${current.id}/deployments`, { version_id });
  };
  return { action: 'update', address, differences, apply };
}

/** Element by element; their order says nothing, but is kept. */
function elementDifferences(before: readonly unknown[], after: readonly unknown[]): readonly Difference[] {
  if (isDeepStrictEqual(before, after)) return [];
  const old = byId(before);
  const wanted = byId(after);
  const changed = [...new Set([...old.keys(), ...wanted.keys()])].filter(
    (id) => !isDeepStrictEqual(old.get(id), wanted.get(id)),
  );
  if (changed.length === 0)
    return [{ field: 'elements', shown: { before: [...old.keys()], after: [...wanted.keys()] } }];
  return changed.map((id) => ({
    field: `element "${id}"`,
    shown: { before: old.get(id) ?? null, after: wanted.get(id) ?? null },
  }));
}

const byId = (elements: readonly unknown[]): ReadonlyMap<string, unknown> =>
  new Map(elements.map((element) => [z.looseObject({ id: z.string() }).parse(element).id, element]));

/** A route may only name routes that are there. Circles are left to the API, which refuses them. */
function innermostFirst(graphs: ReadonlyMap<string, RouteGraph>): readonly (readonly [string, RouteGraph])[] {
  const ordered = new Map<string, RouteGraph>();
  const visiting = new Set<string>();
  const visit = (name: string): void => {
    const graph = graphs.get(name);
    if (graph === undefined || visiting.has(name)) return;
    visiting.add(name);
    for (const inner of innerRoutesOf(graph)) visit(inner.name);
    ordered.set(name, graph);
  };
  for (const name of graphs.keys()) visit(name);
  return [...ordered];
}
