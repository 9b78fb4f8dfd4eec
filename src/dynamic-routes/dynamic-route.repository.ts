import { Injectable } from '@nestjs/common';
import { z } from 'zod';

import { isUniqueViolation } from '../common/errors/database-error.js';
import { offsetOf, type Page, type PageRequest } from '../common/page.js';
import type { Prisma } from '../generated/prisma/client.js';
import { PrismaService } from '../persistence/prisma.service.js';
import { holdGateway, readSnapshot } from '../persistence/transactions.js';
import type { DynamicRouteRecord, RouteDeployment, RouteVersion, ServingRoute } from './dynamic-route.js';
import type { StoredElement } from './route-element.js';

const BATCH = 500;
const NEWEST_FIRST = { id: 'desc' } as const;

const storedElements = z.array(z.json());

type Transaction = Prisma.TransactionClient;
type Row = Prisma.DynamicRouteGetPayload<object>;
type VersionRow = Prisma.DynamicRouteVersionGetPayload<object>;

/** Elements about to be stored. */
export interface VersionDraft {
  readonly id: string;
  readonly elements: readonly StoredElement[];
  readonly createdAt: Date;
}

/** Dynamic routes in the database, with their versions and deployments. Ids are ULIDs: their order is that of time. */
@Injectable()
export class DynamicRouteRepository {
  constructor(private readonly prisma: PrismaService) {}

  list(gatewayInternalId: string, page: PageRequest): Promise<Page<DynamicRouteRecord>> {
    const where = { gatewayInternalId };
    return readSnapshot(this.prisma, async (transaction) => {
      const rows = await transaction.dynamicRoute.findMany({ where, orderBy: NEWEST_FIRST, ...offsetOf(page) });
      const total = await transaction.dynamicRoute.count({ where });
      return { items: await toRecords(transaction, rows), total };
    });
  }

  find(gatewayInternalId: string, id: string): Promise<DynamicRouteRecord | null> {
    return readSnapshot(this.prisma, (transaction) => findRecord(transaction, gatewayInternalId, id));
  }

  /** A route with its first version, which serves at once. */
  insert(
    gatewayInternalId: string,
    identity: Pick<DynamicRouteRecord, 'id' | 'name'>,
    version: VersionDraft,
    deploymentId: string,
  ): Promise<DynamicRouteRecord | 'name_exists' | 'no_gateway'> {
    const { id, name } = identity;
    const { createdAt } = version;
    return this.write(gatewayInternalId, async (transaction) => {
      await transaction.dynamicRoute.create({
        data: {
          id,
          name,
          gatewayInternalId,
          versionId: version.id,
          deploymentId,
          createdAt,
          modifiedAt: createdAt,
        },
      });
      await insertVersion(transaction, id, version);
      await transaction.dynamicRouteDeployment.create({
        data: { id: deploymentId, routeId: id, versionId: version.id, createdAt },
      });
      return (await findRecord(transaction, gatewayInternalId, id))!;
    }).catch(orNameExists);
  }

  /** Null when there is no such route. */
  rename(
    gatewayInternalId: string,
    id: string,
    name: string,
    now: Date,
  ): Promise<DynamicRouteRecord | 'name_exists' | 'no_gateway' | null> {
    return this.write(gatewayInternalId, async (transaction) => {
      const where = { gatewayInternalId, id };
      await transaction.dynamicRoute.updateMany({ where, data: { name, modifiedAt: now } });
      return findRecord(transaction, gatewayInternalId, id);
    }).catch(orNameExists);
  }

  /** What was deleted; null when there is no such route. */
  delete(gatewayInternalId: string, id: string): Promise<DynamicRouteRecord | 'no_gateway' | null> {
    return this.write(gatewayInternalId, async (transaction) => {
      const record = await findRecord(transaction, gatewayInternalId, id);
      await transaction.dynamicRoute.deleteMany({ where: { gatewayInternalId, id } });
      return record;
    });
  }

  /** A version that does not serve yet. The caller knows that there is such a route. */
  async addVersion(routeId: string, version: VersionDraft): Promise<void> {
    await insertVersion(this.prisma, routeId, version);
  }

  /** Null when there is no such route. */
  deploy(
    gatewayInternalId: string,
    id: string,
    { id: deploymentId, versionId, createdAt }: RouteDeployment,
  ): Promise<DynamicRouteRecord | 'no_gateway' | null> {
    return this.write(gatewayInternalId, async (transaction) => {
      const where = { gatewayInternalId, id };
      const data = { versionId, deploymentId, modifiedAt: createdAt };
      const { count } = await transaction.dynamicRoute.updateMany({ where, data });
      if (count === 0) return null;
      await transaction.dynamicRouteDeployment.create({
        data: { id: deploymentId, routeId: id, versionId, createdAt },
      });
      return findRecord(transaction, gatewayInternalId, id);
    });
  }

  async listVersions(routeId: string, page: PageRequest): Promise<Page<RouteVersion>> {
    const where = { routeId };
    const [rows, total] = await this.prisma.$transaction([
      this.prisma.dynamicRouteVersion.findMany({ where, orderBy: NEWEST_FIRST, ...offsetOf(page) }),
      this.prisma.dynamicRouteVersion.count({ where }),
    ]);
    return { items: rows.map(toVersion), total };
  }

  async findVersion(routeId: string, id: string): Promise<RouteVersion | null> {
    const row = await this.prisma.dynamicRouteVersion.findFirst({ where: { routeId, id } });
    return row === null ? null : toVersion(row);
  }

  async listDeployments(routeId: string, page: PageRequest): Promise<Page<RouteDeployment>> {
    const where = { routeId };
    const [items, total] = await this.prisma.$transaction([
      this.prisma.dynamicRouteDeployment.findMany({ where, orderBy: NEWEST_FIRST, ...offsetOf(page) }),
      this.prisma.dynamicRouteDeployment.count({ where }),
    ]);
    return { items, total };
  }

  /** Every route with the version that serves, in batches: the directory's load. */
  async *serving(): AsyncGenerator<ServingRoute> {
    let after = '';
    for (;;) {
      const rows = await this.prisma.dynamicRoute.findMany({
        where: { id: { gt: after } },
        orderBy: { id: 'asc' },
        take: BATCH,
        select: { id: true, gatewayInternalId: true, name: true, versionId: true },
      });
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < BATCH) return;
      after = last.id;
    }
  }

  /** The elements of versions, by the versions' ids, in batches: the directory's load. */
  async *elementsOf(versionIds: readonly string[]): AsyncGenerator<RouteVersion> {
    for (let from = 0; from < versionIds.length; from += BATCH) {
      const rows = await this.prisma.dynamicRouteVersion.findMany({
        where: { id: { in: versionIds.slice(from, from + BATCH) } },
      });
      yield* rows.map(toVersion);
    }
  }

  /** In a transaction that holds the gateway. */
  private write<T>(
    gatewayInternalId: string,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T | 'no_gateway'> {
    return this.prisma.$transaction(async (transaction) =>
      (await holdGateway(transaction, gatewayInternalId)) ? work(transaction) : 'no_gateway',
    );
  }
}

function orNameExists(error: unknown): 'name_exists' {
  if (isUniqueViolation(error)) return 'name_exists';
  throw error;
}

async function insertVersion(
  transaction: Transaction | PrismaService,
  routeId: string,
  { id, elements, createdAt }: VersionDraft,
): Promise<void> {
  await transaction.dynamicRouteVersion.create({
    data: { id, routeId, createdAt, elements: storedElements.parse(elements) },
  });
}

async function findRecord(
  transaction: Transaction,
  gatewayInternalId: string,
  id: string,
): Promise<DynamicRouteRecord | null> {
  const row = await transaction.dynamicRoute.findFirst({ where: { gatewayInternalId, id } });
  return row === null ? null : ((await toRecords(transaction, [row]))[0] ?? null);
}

/** A route's row names its version and its deployment; both were written with it. */
async function toRecords(transaction: Transaction, rows: readonly Row[]): Promise<DynamicRouteRecord[]> {
  const versions = await transaction.dynamicRouteVersion.findMany({
    where: { id: { in: rows.map(({ versionId }) => versionId) } },
  });
  const deployments = await transaction.dynamicRouteDeployment.findMany({
    where: { id: { in: rows.map(({ deploymentId }) => deploymentId) } },
  });
  return rows.map(({ id, name, versionId, deploymentId, createdAt, modifiedAt }) => ({
    id,
    name,
    version: toVersion(versions.find((version) => version.id === versionId)!),
    deployment: deployments.find((deployment) => deployment.id === deploymentId)!,
    createdAt,
    modifiedAt,
  }));
}

const toVersion = ({ id, elements, createdAt }: VersionRow): RouteVersion => ({
  id,
  elements: storedElements.parse(elements),
  createdAt,
});
