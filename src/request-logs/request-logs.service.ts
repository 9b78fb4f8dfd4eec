import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';

import { Clock } from '../common/clock.js';
import { inputError, notFound } from '../common/errors/platform-error.js';
import { isUlid, ulidTime } from '../common/ids.js';
import type { Page, PageRequest } from '../common/page.js';
import { assembledAnswer } from './assembled-answer.js';
import { FilterValueError } from './log-conditions.repository.js';
import { LogPipeline } from './log-pipeline.service.js';
import type { LogBody, LogEdit, LogEntry, LogItem, LogRanges } from './request-log.js';
import { type Direction, type LogOrder, type LogSelection, RequestLogRepository } from './request-log.repository.js';

/** How long after its call a log may still be on its way, from another replica too. */
const ON_ITS_WAY_MS = 60_000;
const OTHER_REPLICAS_MS = 500;

/** Logs for admins. */
@Injectable()
export class RequestLogsService {
  constructor(
    private readonly logs: RequestLogRepository,
    private readonly pipeline: LogPipeline,
    private readonly clock: Clock,
  ) {}

  /** Throws 400/7001 for a value that a filter cannot have. */
  async list(
    selection: LogSelection,
    page: PageRequest,
    order: LogOrder,
    direction: Direction,
  ): Promise<Page<LogItem>> {
    return asInputErrors(async () => {
      const [items, total] = await Promise.all([
        this.logs.list(selection, page, order, direction),
        this.logs.count(selection),
      ]);
      return { items, total };
    });
  }

  /** What `meta_info` says. */
  ranges(selection: LogSelection): Promise<LogRanges> {
    return asInputErrors(() => this.logs.ranges(selection));
  }

  /** Throws 404/7002. */
  async get(gatewayInternalId: string, id: string): Promise<LogEntry> {
    return this.found(id, () => this.logs.find(gatewayInternalId, id));
  }

  /** Throws 404/7002, also where the log was kept without its bodies. */
  async getBody(gatewayInternalId: string, id: string, which: 'request' | 'response'): Promise<LogBody> {
    const find = () => this.logs.findBody(gatewayInternalId, id, which);
    const kept = (isUlid(id) ? await find() : null) ?? ((await this.get(gatewayInternalId, id)) && (await find()));
    if (kept === null) throw notFound();
    return kept;
  }

  /** The answer in one piece: a stream as the answer that it amounts to, where its kind is known. Throws 404/7002. */
  async getAnswer(gatewayInternalId: string, id: string): Promise<LogBody> {
    const body = await this.getBody(gatewayInternalId, id, 'response');
    return assembledAnswer(body) ?? body;
  }

  /** Throws 404/7002. */
  async edit(gatewayInternalId: string, id: string, edit: LogEdit): Promise<void> {
    await this.found(id, async () => ((await this.logs.edit(gatewayInternalId, id, edit)) ? true : null));
  }

  /** Throws 400/7001 for a value that a filter cannot have. */
  async delete(selection: LogSelection, limit: number, order: LogOrder, direction: Direction): Promise<void> {
    // What has ended before is meant too.
    await this.pipeline.flush();
    await asInputErrors(() => this.logs.delete(selection, limit, order, direction));
  }

  /** A caller may ask for a log as soon as its call is answered: one that is not there yet is waited for. */
  private async found<T>(id: string, find: () => Promise<T | null>): Promise<T> {
    if (!isUlid(id)) throw notFound();
    const first = await find();
    if (first !== null) return first;
    if (this.clock.now() - ulidTime(id) < ON_ITS_WAY_MS) {
      await this.pipeline.flush();
      const second = await find();
      if (second !== null) return second;
      await sleep(OTHER_REPLICAS_MS);
      const third = await find();
      if (third !== null) return third;
    }
    throw notFound();
  }
}

async function asInputErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FilterValueError)
      throw inputError({ path: ['query', 'filters', error.filter.key], reason: error.message });
    throw error;
  }
}
