import { Body, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { DynamicRoutesService } from '../dynamic-routes/dynamic-routes.service.js';
import { GatewaysService } from '../gateways/gateways.service.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { Enveloped } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import { AdminController } from './admin-controller.decorator.js';
import { gatewayIdParam, idParam, toPageRequest } from './request-parts.schema.js';
import {
  deletedRouteAnswer,
  deploymentAnswer,
  historyQuery,
  listDeployments,
  listRoutes,
  listVersions,
  newDeploymentBody,
  type NewDeploymentBody,
  newRouteBody,
  type NewRouteBody,
  newVersionBody,
  type NewVersionBody,
  type PagingQuery,
  presentDeletedRoute,
  presentRoute,
  presentRouteDeployment,
  presentRouteVersion,
  presentSimulation,
  renameRouteBody,
  type RenameRouteBody,
  routeAnswer,
  routeDeploymentAnswer,
  routeListQuery,
  routeVersionAnswer,
  simulateBody,
  type SimulateBody,
  simulationAnswer,
  toMessages,
  toSimulationInput,
  versionAnswer,
} from './routes.schema.js';

const routeId = idParam('route_id');
const versionId = idParam('version_id');

/** Dynamic routes. Their lists, and the answer to PATCH, stand outside `result` for the clients that look for them there. */
@AdminController('accounts/:account_id/ai-gateway/gateways/:gateway_id/routes')
export class RoutesAdminController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly routes: DynamicRoutesService,
  ) {}

  @Post()
  @HttpCode(200)
  @Answers(routeAnswer)
  @Permissions(['ai-gateway.write'])
  async create(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Body(new ContractValidationPipe('body', newRouteBody)) { name, elements }: NewRouteBody,
  ): Promise<Enveloped> {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const { saved, notes } = await this.routes.create(gateway, name, elements);
    return new Enveloped(presentRoute(accountId, gatewayId)(saved), { messages: toMessages(notes) });
  }

  @Get()
  @Answers(routeAnswer.array())
  @Permissions(['ai-gateway.read'])
  async list(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Query(new ContractValidationPipe('query', routeListQuery)) query: PagingQuery,
  ): Promise<Enveloped> {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const page = toPageRequest(query);
    return listRoutes(accountId, gatewayId, await this.routes.list(gateway, page), page);
  }

  @Get(':route_id')
  @Answers(routeAnswer)
  @Permissions(['ai-gateway.read'])
  async get(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    return presentRoute(accountId, gatewayId)(await this.routes.get(gateway, id));
  }

  @Patch(':route_id')
  @Answers(routeAnswer)
  @Permissions(['ai-gateway.write'])
  async rename(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
    @Body(new ContractValidationPipe('body', renameRouteBody)) { name }: RenameRouteBody,
  ): Promise<Enveloped> {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const route = presentRoute(accountId, gatewayId)(await this.routes.rename(gateway, id, name));
    return new Enveloped(route, { beside: { route } });
  }

  @Delete(':route_id')
  @Answers(deletedRouteAnswer)
  @Permissions(['ai-gateway.write'])
  async delete(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    return presentDeletedRoute(await this.routes.delete(gateway, id), gatewayId);
  }

  @Post(':route_id/versions')
  @HttpCode(200)
  @Answers(routeVersionAnswer)
  @Permissions(['ai-gateway.write'])
  async createVersion(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
    @Body(new ContractValidationPipe('body', newVersionBody)) { elements }: NewVersionBody,
  ): Promise<Enveloped> {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const { saved, notes } = await this.routes.createVersion(gateway, id, elements);
    const result = presentRouteVersion(saved.route, gatewayId, saved.version);
    return new Enveloped(result, { messages: toMessages(notes) });
  }

  @Get(':route_id/versions')
  @Answers(versionAnswer.array())
  @Permissions(['ai-gateway.read'])
  async listVersions(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
    @Query(new ContractValidationPipe('query', historyQuery)) query: PagingQuery,
  ): Promise<Enveloped> {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const page = toPageRequest(query);
    const { route, versions } = await this.routes.listVersions(gateway, id, page);
    return listVersions(route, versions, page);
  }

  @Get(':route_id/versions/:version_id')
  @Answers(routeVersionAnswer)
  @Permissions(['ai-gateway.read'])
  async getVersion(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
    @Param('version_id', versionId) version: string,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const found = await this.routes.getVersion(gateway, id, version);
    return presentRouteVersion(found.route, gatewayId, found.version);
  }

  @Post(':route_id/deployments')
  @HttpCode(200)
  @Answers(routeDeploymentAnswer)
  @Permissions(['ai-gateway.write'])
  async deploy(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
    @Body(new ContractValidationPipe('body', newDeploymentBody)) { version_id }: NewDeploymentBody,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    return presentRouteDeployment(await this.routes.deploy(gateway, id, version_id), gatewayId);
  }

  @Get(':route_id/deployments')
  @Answers(deploymentAnswer.array())
  @Permissions(['ai-gateway.read'])
  async listDeployments(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
    @Query(new ContractValidationPipe('query', historyQuery)) query: PagingQuery,
  ): Promise<Enveloped> {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const page = toPageRequest(query);
    return listDeployments(await this.routes.listDeployments(gateway, id, page), page);
  }

  /** Ours: the way a made-up call would take over the version that serves. */
  @Post(':route_id/simulate')
  @HttpCode(200)
  @Answers(simulationAnswer)
  @Permissions(['ai-gateway.read'])
  async simulate(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
    @Body(new ContractValidationPipe('body', simulateBody)) body: SimulateBody,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const { route, simulation } = await this.routes.simulate(gateway, id, null, toSimulationInput(body));
    return presentSimulation(route, simulation);
  }

  /** Ours: the same over any version, before it is deployed. */
  @Post(':route_id/versions/:version_id/simulate')
  @HttpCode(200)
  @Answers(simulationAnswer)
  @Permissions(['ai-gateway.read'])
  async simulateVersion(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('route_id', routeId) id: string,
    @Param('version_id', versionId) version: string,
    @Body(new ContractValidationPipe('body', simulateBody)) body: SimulateBody,
  ) {
    const gateway = await this.gateways.get(accountId, gatewayId);
    const { route, simulation } = await this.routes.simulate(gateway, id, version, toSimulationInput(body));
    return presentSimulation(route, simulation);
  }
}
