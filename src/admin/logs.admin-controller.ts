import { Body, Delete, Get, Headers, Param, Patch, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { CurrentCaller } from '../auth/decorators/current-caller.decorator.js';
import { Permissions } from '../auth/decorators/permissions.decorator.js';
import type { Caller } from '../common/caller.js';
import { GatewaysService } from '../gateways/gateways.service.js';
import { Answers } from '../http/decorators/answers.decorator.js';
import { Described } from '../http/decorators/described.decorator.js';
import { Enveloped, pageOf } from '../http/envelope.interceptor.js';
import { ContractValidationPipe } from '../http/pipes/contract-validation.pipe.js';
import type { LogBody } from '../request-logs/request-log.js';
import { RequestLogsService } from '../request-logs/request-logs.service.js';
import { AdminController } from './admin-controller.decorator.js';
import { readLogFilters } from './log-filters.js';
import {
  logAnswer,
  logDeleteQuery,
  type LogDeleteQuery,
  logEditBody,
  type LogEditBody,
  logEntryAnswer,
  logListQuery,
  type LogListQuery,
  presentLog,
  presentLogEntry,
  presentRanges,
  toFlatFilters,
} from './logs.schema.js';
import { gatewayIdParam, idParam, toPageRequest } from './request-parts.schema.js';

const logIdParam = idParam('log_id');

@AdminController('accounts/:account_id/ai-gateway/gateways/:gateway_id/logs')
export class LogsAdminController {
  constructor(
    private readonly gateways: GatewaysService,
    private readonly logs: RequestLogsService,
  ) {}

  @Get()
  @Answers(logAnswer.array())
  @Permissions(['ai-gateway.read'])
  async list(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Query(new ContractValidationPipe('query', logListQuery)) query: LogListQuery,
    @Req() { raw }: FastifyRequest,
  ): Promise<Enveloped> {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    const page = toPageRequest(query);
    const filters = [...readLogFilters(raw.url ?? ''), ...toFlatFilters(query)];
    const selection = { gatewayInternalId: internalId, filters, search: query.search ?? null };
    const order = query.direction ?? query.order_by_direction;
    const found = pageOf(await this.logs.list(selection, page, query.order_by, order), page, presentLog);
    if (!query.meta_info) return found;
    const ranges = presentRanges(await this.logs.ranges(selection));
    return new Enveloped(found.result, { ...found.more, resultInfo: { ...found.more.resultInfo, ...ranges } });
  }

  /** Answers without the envelope, as clients expect it. */
  @Delete()
  @Permissions(['ai-gateway.write'])
  async delete(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Query(new ContractValidationPipe('query', logDeleteQuery)) query: LogDeleteQuery,
    @Req() { raw }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    const selection = { gatewayInternalId: internalId, filters: readLogFilters(raw.url ?? ''), search: null };
    await this.logs.delete(selection, query.limit, query.order_by, query.order_by_direction);
    void reply.send({ success: true });
  }

  @Get(':log_id')
  @Answers(logEntryAnswer)
  @Permissions(['ai-gateway.read'])
  async get(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('log_id', logIdParam) id: string,
  ) {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    return presentLogEntry(await this.logs.get(internalId, id));
  }

  @Patch(':log_id')
  @Answers(logEntryAnswer)
  @Permissions(['ai-gateway.write'])
  async edit(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('log_id', logIdParam) id: string,
    @Body(new ContractValidationPipe('body', logEditBody)) { feedback, score, metadata }: LogEditBody,
  ) {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    await this.logs.edit(internalId, id, {
      ...(feedback === undefined ? {} : { feedback }),
      ...(score === undefined ? {} : { score }),
      ...(metadata === undefined ? {} : { metadata }),
    });
    return presentLogEntry(await this.logs.get(internalId, id));
  }

  /** What was asked, byte for byte but for keys. */
  @Get(':log_id/request')
  @Described({ summary: 'What was asked, as it was sent', answers: ['*/*'] })
  @Permissions(['ai-gateway.read'])
  async request(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('log_id', logIdParam) id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    send(await this.logs.getBody(internalId, id, 'request'), reply);
  }

  /** What was answered. A stream comes as the answer that it amounts to; as it was sent for `accept: text/event-stream`. */
  @Get(':log_id/response')
  @Described({ summary: 'What was answered', answers: ['application/json', '*/*'] })
  @Permissions(['ai-gateway.read'])
  async response(
    @CurrentCaller() { accountId }: Caller,
    @Param('gateway_id', gatewayIdParam) gatewayId: string,
    @Param('log_id', logIdParam) id: string,
    @Headers('accept') accept: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { internalId } = await this.gateways.get(accountId, gatewayId);
    const body =
      accept?.includes('text/event-stream') === true
        ? await this.logs.getBody(internalId, id, 'response')
        : await this.logs.getAnswer(internalId, id);
    send(body, reply);
  }
}

/** Types that are what they say. What a caller says of its request may be anything, and no browser is to make a page of it. */
const PLAIN_TYPES = /^(?:application\/(?:[\w.-]+\+)?json|text\/event-stream)(?:;|$)/i;

function send({ bytes, contentType, isCut }: LogBody, reply: FastifyReply): void {
  // Clients parse what says that it is JSON; what was cut is none any more.
  const type = isCut ? 'text/plain; charset=utf-8' : typeOf(bytes, contentType);
  void reply
    .headers({ 'content-type': type, 'x-content-type-options': 'nosniff', 'content-disposition': 'attachment' })
    .headers(isCut ? { 'cf-aig-payload-truncated': 'true' } : {})
    .send(bytes);
}

/** Many callers send JSON under another name, or none. */
function typeOf(bytes: Buffer, contentType: string | null): string {
  if (contentType !== null && PLAIN_TYPES.test(contentType)) return contentType;
  const first = bytes.toString('latin1', 0, 64).trimStart()[0];
  return first === '{' || first === '[' ? 'application/json' : 'application/octet-stream';
}
