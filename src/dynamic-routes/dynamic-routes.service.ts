import { Injectable } from '@nestjs/common';

import { Clock } from '../common/clock.js';
import { Dice } from '../common/dice.js';
import {
  dynamicRouteExists,
  dynamicRouteNotFound,
  inputError,
  notFound,
  refused,
} from '../common/errors/platform-error.js';
import { ulid } from '../common/ids.js';
import type { Page, PageRequest } from '../common/page.js';
import { Quotas } from '../metering/quotas.service.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { ProviderRegistry } from '../providers/provider.registry.js';
import type { AskedBody } from './asked-body.js';
import { DynamicRouteDirectory } from './dynamic-route.directory.js';
import { DynamicRouteRepository } from './dynamic-route.repository.js';
import type { DynamicRouteRecord, RouteDeployment, RouteVersion } from './dynamic-route.js';
import { droppedFields, importElements } from './elements-import.js';
import type { DeployedRoute } from './graph-walker.js';
import { compileGraph, type GraphProblem, type RouteGraph, targetsOf } from './route-graph.js';
import { simulate, type SimulatedCall, type Simulation } from './route-simulator.js';
import { type RouteCaller, RouteSubject } from './route-subject.js';
import { nestingProblems } from './route-nesting.js';

/** The gateway whose routes are meant. */
export interface RouteGateway {
  readonly internalId: string;
  readonly accountId: string;
}

/** A call that is made up. */
export interface SimulationInput {
  readonly body: Partial<AskedBody>;
  readonly metadata: RouteSubject['metadata'];
  readonly headers: RouteSubject['headers'];
  readonly caller: RouteCaller | null;
  /** When it comes; null: now. */
  readonly at: Date | null;
  /** What is drawn at every percentage, from 0 up to 1; null: by chance. */
  readonly chance: number | null;
  readonly outcomes: SimulatedCall['outcomes'];
}

export interface VersionOfRoute {
  readonly route: DynamicRouteRecord;
  readonly version: RouteVersion;
}

/** What was stored, and what had to be changed for it. */
export interface Saved<T> {
  readonly saved: T;
  readonly notes: readonly string[];
}

const ELEMENTS = ['body', 'elements'];

/**
 * Dynamic routes for admins: saving makes a version, a deployment makes it serve, and calls see it when a method that writes returns.
 * Nothing that does not pass the checks is stored.
 */
@Injectable()
export class DynamicRoutesService {
  constructor(
    private readonly repository: DynamicRouteRepository,
    private readonly directory: DynamicRouteDirectory,
    private readonly providers: ProviderRegistry,
    private readonly quotas: Quotas,
    private readonly feed: ChangeFeed,
    private readonly clock: Clock,
    private readonly dice: Dice,
  ) {}

  list(gateway: RouteGateway, page: PageRequest): Promise<Page<DynamicRouteRecord>> {
    return this.repository.list(gateway.internalId, page);
  }

  /** Throws 404/7005. */
  async get(gateway: RouteGateway, id: string): Promise<DynamicRouteRecord> {
    return found(await this.repository.find(gateway.internalId, id));
  }

  /** The route with its first version, which serves. Throws 400/7001 for elements that are no route, 400/7005 for a name that is taken. */
  async create(gateway: RouteGateway, name: string, elements: readonly unknown[]): Promise<Saved<DynamicRouteRecord>> {
    const id = ulid(this.clock.now());
    const { graph, notes } = this.checked(gateway, id, name, elements);
    const version = this.draftOf(graph);
    const route = await this.repository.insert(gateway.internalId, { id, name }, version, ulid(this.clock.now()));
    return { saved: await this.written(route, name), notes };
  }

  async rename(gateway: RouteGateway, id: string, name: string): Promise<DynamicRouteRecord> {
    const { version } = await this.get(gateway, id);
    this.requireNesting(gateway, id, name, version);
    const route = await this.repository.rename(gateway.internalId, id, name, new Date(this.clock.now()));
    return this.written(route, name);
  }

  async delete(gateway: RouteGateway, id: string): Promise<DynamicRouteRecord> {
    return this.written(await this.repository.delete(gateway.internalId, id), '');
  }

  /** A version that does not serve until it is deployed. */
  async createVersion(gateway: RouteGateway, id: string, elements: readonly unknown[]): Promise<Saved<VersionOfRoute>> {
    const route = await this.get(gateway, id);
    const { graph, notes } = this.checked(gateway, id, route.name, elements);
    const version = this.draftOf(graph);
    await this.repository.addVersion(id, version);
    return { saved: { route, version }, notes };
  }

  async listVersions(
    gateway: RouteGateway,
    id: string,
    page: PageRequest,
  ): Promise<{ readonly route: DynamicRouteRecord; readonly versions: Page<RouteVersion> }> {
    const route = await this.get(gateway, id);
    return { route, versions: await this.repository.listVersions(id, page) };
  }

  /** Throws 404/7005 for either. */
  async getVersion(gateway: RouteGateway, id: string, versionId: string): Promise<VersionOfRoute> {
    const route = await this.get(gateway, id);
    const version = await this.repository.findVersion(id, versionId);
    if (version === null) throw dynamicRouteNotFound('Version');
    return { route, version };
  }

  /** Any version, older ones too: that is the way back. Throws 400/7001 for one that cannot serve. */
  async deploy(gateway: RouteGateway, id: string, versionId: string): Promise<DynamicRouteRecord> {
    const { name } = await this.get(gateway, id);
    const version = await this.repository.findVersion(id, versionId);
    if (version === null) throw refused(`Version "${versionId}" was not found`, ['body', 'version_id']);
    this.requireNesting(gateway, id, name, version);
    const createdAt = new Date(this.clock.now());
    const deployment = { id: ulid(createdAt.getTime()), versionId, createdAt };
    return this.written(await this.repository.deploy(gateway.internalId, id, deployment), name);
  }

  async listDeployments(gateway: RouteGateway, id: string, page: PageRequest): Promise<Page<RouteDeployment>> {
    await this.get(gateway, id);
    return this.repository.listDeployments(id, page);
  }

  /** The way a made-up call would take over a version, by default the one that serves. */
  async simulate(
    gateway: RouteGateway,
    id: string,
    versionId: string | null,
    { body, metadata, headers, caller, at, chance, outcomes }: SimulationInput,
  ): Promise<{ readonly route: DeployedRoute; readonly simulation: Simulation }> {
    const served = await this.get(gateway, id);
    const version = versionId === null ? served.version : (await this.getVersion(gateway, id, versionId)).version;
    const graph = compileGraph(version.elements, id);
    if (!('start' in graph)) throw refusedElements(graph);
    const route = { id, name: served.name, versionId: version.id, graph, onlyProvider: null };
    const { internalId } = gateway;
    const asked = { ...body, model: body.model ?? `dynamic/${served.name}` };
    const call = {
      subject: new RouteSubject(asked, metadata, headers, caller, at?.getTime() ?? this.clock.now()),
      outcomes,
      dice: chance === null ? this.dice : { roll: () => chance },
    };
    const simulation = await simulate(route, this.directory.of(internalId), call, this.quotas, internalId);
    return { route, simulation };
  }

  /** What was written is what calls see. */
  private async written(
    route: DynamicRouteRecord | 'name_exists' | 'no_gateway' | null,
    name: string,
  ): Promise<DynamicRouteRecord> {
    if (route === 'name_exists') throw dynamicRouteExists(name);
    if (route === 'no_gateway') throw notFound();
    await this.feed.refresh();
    return found(route);
  }

  private draftOf(graph: RouteGraph) {
    const createdAt = new Date(this.clock.now());
    return { id: ulid(createdAt.getTime()), elements: graph.elements, createdAt };
  }

  /** Elements as they came ─▶ a graph that may serve. */
  private checked(gateway: RouteGateway, id: string, name: string, given: readonly unknown[]) {
    const { elements, notes } = importElements(given);
    const compiled = compileGraph(elements, id);
    if (!('start' in compiled)) throw refusedElements(compiled);
    const problems = [...this.unknownProviders(gateway, compiled), ...this.nesting(gateway, id, name, compiled)];
    if (problems.length > 0) throw refusedElements(problems);
    return { graph: compiled, notes: [...notes, ...droppedFields(elements, compiled.elements)] };
  }

  private unknownProviders({ accountId }: RouteGateway, graph: RouteGraph): readonly GraphProblem[] {
    return targetsOf(graph).flatMap(({ node, target }) => {
      if (this.providers.get(target.provider, accountId) !== null) return [];
      const known = this.providers.slugs(accountId).join(', ');
      const reason = `"${target.provider}" is none of the providers: ${known}, or dynamic for another route`;
      return {
        path: [graph.nodes.indexOf(node), 'properties', 'provider'],
        reason: `Element "${node.id}", properties.provider: ${reason}.`,
      };
    });
  }

  private nesting(gateway: RouteGateway, id: string, name: string, graph: RouteGraph): readonly GraphProblem[] {
    const route = { id, name, versionId: '', graph, onlyProvider: null };
    return nestingProblems(route, this.directory.of(gateway.internalId));
  }

  /** For a version that was checked when it was saved: the routes it names may have changed. */
  private requireNesting(gateway: RouteGateway, id: string, name: string, { elements }: RouteVersion): void {
    const compiled = compileGraph(elements, id);
    const problems = 'start' in compiled ? this.nesting(gateway, id, name, compiled) : compiled;
    if (problems.length > 0) throw refusedElements(problems);
  }
}

function found(route: DynamicRouteRecord | null): DynamicRouteRecord {
  if (route === null) throw dynamicRouteNotFound('Route');
  return route;
}

const refusedElements = (problems: readonly GraphProblem[]) =>
  inputError(...problems.map(({ path, reason }) => ({ path: [...ELEMENTS, ...path], reason })));
