import { Injectable, Logger } from '@nestjs/common';

import { ChangeFeed, type SnapshotLoader } from '../persistence/change-feed.service.js';
import { DynamicRouteRepository } from './dynamic-route.repository.js';
import type { ServingRoute } from './dynamic-route.js';
import type { DeployedRoute } from './graph-walker.js';
import { compileGraph, innerRoutesOf, type RouteGraph, targetsOf } from './route-graph.js';

/** A gateway's routes that serve, by name. */
export type ServedRoutes = ReadonlyMap<string, DeployedRoute>;

const NONE: ServedRoutes = new Map();

interface Snapshot {
  /** By the gateway's internal id. */
  readonly gateways: ReadonlyMap<string, ServedRoutes>;
  /** By the version's id: a version never changes, so its graph is made once. */
  readonly graphs: ReadonlyMap<string, RouteGraph>;
}

/** Dynamic routes that serve, compiled, in memory: an immutable snapshot, swapped whole by the change feed. */
@Injectable()
export class DynamicRouteDirectory implements SnapshotLoader {
  readonly name = 'dynamic routes';
  private readonly logger = new Logger(DynamicRouteDirectory.name);
  private snapshot: Snapshot = { gateways: new Map(), graphs: new Map() };

  constructor(
    private readonly repository: DynamicRouteRepository,
    feed: ChangeFeed,
  ) {
    feed.register(this);
  }

  /** What a call walks on, from start to end: routes that are deployed meanwhile are not in it. */
  of(gatewayInternalId: string): ServedRoutes {
    return this.snapshot.gateways.get(gatewayInternalId) ?? NONE;
  }

  async load(): Promise<() => void> {
    const serving: ServingRoute[] = [];
    for await (const route of this.repository.serving()) serving.push(route);
    const graphs = await this.graphsOf(serving);
    const gateways = new Map<string, Map<string, DeployedRoute>>();
    for (const { id, gatewayInternalId, name, versionId } of serving) {
      const graph = graphs.get(versionId);
      if (graph === undefined) continue;
      const own = gateways.get(gatewayInternalId) ?? new Map<string, DeployedRoute>();
      gateways.set(gatewayInternalId, own);
      own.set(name, { id, name, versionId, graph, onlyProvider: onlyProviderOf(graph) });
    }
    return () => {
      this.snapshot = { gateways, graphs };
    };
  }

  private async graphsOf(serving: readonly ServingRoute[]): Promise<ReadonlyMap<string, RouteGraph>> {
    const graphs = new Map<string, RouteGraph>();
    const routes = new Map<string, ServingRoute>();
    for (const route of serving) {
      const known = this.snapshot.graphs.get(route.versionId);
      if (known === undefined) routes.set(route.versionId, route);
      else graphs.set(route.versionId, known);
    }
    for await (const { id, elements } of this.repository.elementsOf([...routes.keys()])) {
      const route = routes.get(id)!;
      const compiled = compileGraph(elements, route.id);
      if ('start' in compiled) graphs.set(id, compiled);
      else {
        // It was checked when it was saved, so another release wrote it.
        const reasons = compiled.map(({ reason }) => reason).join(' ');
        this.logger.error(`The dynamic route "${route.name}" does not serve; its version ${id} says: ${reasons}`);
      }
    }
    return graphs;
  }
}

function onlyProviderOf(graph: RouteGraph): string | null {
  if (innerRoutesOf(graph).length > 0) return null;
  const providers = new Set(targetsOf(graph).map(({ target }) => target.provider));
  const [only] = providers;
  return providers.size === 1 && only !== undefined ? only : null;
}
