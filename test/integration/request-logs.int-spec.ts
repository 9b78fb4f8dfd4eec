import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Subject } from 'rxjs';

import type { CallRecord } from '../../src/accounting/call-record.js';
import { readInbound } from '../../src/accounting/inbound-facts.js';
import { SystemClock } from '../../src/common/clock.js';
import { ulid, ulidTime } from '../../src/common/ids.js';
import { newDefaultGateway } from '../../src/gateways/default-gateway.js';
import type { GatewaySettings } from '../../src/gateways/gateway-settings.js';
import { openDatabase } from '../../src/persistence/database.js';
import { PrismaService } from '../../src/persistence/prisma.service.js';
import { FilterValueError } from '../../src/request-logs/log-conditions.repository.js';
import type { LogFilter } from '../../src/request-logs/log-filter.js';
import { LogPartitionsRepository } from '../../src/request-logs/log-partitions.repository.js';
import { LogPipeline } from '../../src/request-logs/log-pipeline.service.js';
import { LogWriterRepository } from '../../src/request-logs/log-writer.repository.js';
import { MAX_COUNTED, RequestLogRepository } from '../../src/request-logs/request-log.repository.js';
import { aCallRecord, anAttempt } from '../support/call-records.js';
import {
  type DatabaseFixture,
  describeOnEachDatabase,
  describeOnServer,
  onAnotherConnection,
} from '../support/database.js';
import { heldBytes } from '../support/held-memory.js';
import { scratchDirectory } from '../support/scratch-directory.js';

Logger.overrideLogger(false);

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long Postgres is away in the test of that, and how many calls end in each second of it. `LOG_OUTAGE_SECONDS=60` is the whole proof. */
const OUTAGE_MS = Number(process.env['LOG_OUTAGE_SECONDS'] ?? 2) * 1000;
const CALLS_A_SECOND = 500;

/** A pipeline from records to a database of its own. */
async function aPipeline(fixture: DatabaseFixture, config: { spoolDir?: string; spoolMaxBytes?: number } = {}) {
  const { settings } = await fixture.create();
  const database = await openDatabase(settings);
  const prisma = new PrismaService(database);
  const partitions = new LogPartitionsRepository();
  const logs = new RequestLogRepository(prisma);
  const scratch = scratchDirectory();
  fixture.cleanUp(async () => {
    await prisma.onApplicationShutdown();
    scratch.remove();
  });
  const start = async () => {
    const calls$ = new Subject<CallRecord>();
    const writer = new LogWriterRepository(database, partitions);
    const pipeline = new LogPipeline({ calls$ }, writer, partitions, logs, new SystemClock(), {
      spoolDir: scratch.path,
      spoolMaxBytes: 1_000_000_000,
      flushMs: 50,
      retentionDays: 30,
      ...config,
    });
    await pipeline.onModuleInit();
    let isStopped = false;
    const stop = async () => {
      if (isStopped) return;
      isStopped = true;
      await pipeline.onApplicationShutdown();
      await writer.onApplicationShutdown();
    };
    fixture.cleanUp(stop);
    return { pipeline, calls$, writer, stop };
  };
  return { ...(await start()), start, logs, database, partitions, spoolDir: scratch.path };
}

const aGateway = (rest: Partial<GatewaySettings> = {}): GatewaySettings => ({
  ...newDefaultGateway('default', new Date(0)),
  ...rest,
});
const gateway = aGateway();

const record = (rest: Partial<CallRecord> = {}, metadata?: unknown): CallRecord => {
  const requestId = ulid();
  const headers = metadata === undefined ? {} : { 'cf-aig-metadata': JSON.stringify(metadata) };
  const of = rest.gateway ?? gateway;
  return aCallRecord({
    requestId,
    eventId: requestId,
    gateway: of,
    inbound: readInbound('compat', '/v1/default/default/compat/chat/completions', headers, of),
    ...rest,
  });
};

const all = { gatewayInternalId: gateway.internalId, filters: [], search: null };
const firstPage = { page: 1, perPage: 50 };

describeOnEachDatabase('Logs of calls', (fixture) => {
  it('are found by every filter, ordered, paged and counted', async () => {
    const { pipeline, calls$, logs } = await aPipeline(fixture);
    const start = Date.now() - 10_000;
    const names: string[] = [];
    const add = (name: string, rest: Partial<CallRecord> = {}, metadata?: unknown): void => {
      const requestId = ulid(start + names.length * 1000);
      names.push(name);
      calls$.next(record({ requestId, eventId: requestId, ...rest }, metadata));
    };
    add('plain');
    add('groq', { provider: 'groq', model: 'llama', attempts: [anAttempt({ key: 'inline' })] });
    add('failed', {
      outcome: 'failed',
      status: 500,
      error: 'upstream_error',
      usage: null,
      cost: { computed: null, reported: null, charged: null, basis: 'uncounted', priceVersion: null },
    });
    add('slow', { durationMs: 9000, usage: { prompt_tokens: 500, completion_tokens: 70, total_tokens: 570 } });
    add('dear', { cost: { computed: 2e9, reported: null, charged: 2e9, basis: 'catalogue', priceVersion: 'x' } });
    add('ann', { eventId: 'event-1' }, { user: 'ann', plan: 'free', seats: 5 });
    add('bob', {}, { user: 'bob', plan: 'ann', trial: true });
    add('open', { tokenId: null });
    await pipeline.flush();

    const found = async (filters: readonly Partial<LogFilter>[], search: string | null = null): Promise<string[]> => {
      const selection = {
        ...all,
        filters: filters.map((one) => ({ operator: 'eq', value: [], ...one }) as LogFilter),
        search,
      };
      const items = await logs.list(selection, firstPage, 'created_at', 'asc');
      expect(await logs.count(selection)).toBe(items.length);
      return items.map(({ id }) => names[(ulidTime(id) - start) / 1000]!);
    };
    const others = (...without: string[]): string[] => names.filter((name) => !without.includes(name));

    expect(await found([])).toEqual(names);
    expect(await found([{ key: 'provider', value: ['groq', 'none'] }])).toEqual(['groq']);
    expect(await found([{ key: 'provider', operator: 'neq', value: ['groq'] }])).toEqual(others('groq'));
    expect(await found([{ key: 'model', value: ['groq/llama'] }])).toEqual(['groq']);
    expect(await found([{ key: 'model', operator: 'contains', value: ['LLAM'] }])).toEqual(['groq']);
    expect(await found([{ key: 'model', operator: 'contains', value: ['l%m'] }])).toEqual([]);
    expect(await found([{ key: 'success', value: ['false'] }])).toEqual(['failed']);
    expect(await found([{ key: 'success', operator: 'neq', value: [true] }])).toEqual(['failed']);
    expect(await found([{ key: 'cached', value: [true] }])).toEqual([]);
    expect(await found([{ key: 'duration', operator: 'gt', value: [8999] }])).toEqual(['slow']);
    expect(await found([{ key: 'duration', operator: 'gt', value: [9000] }])).toEqual([]);
    expect(await found([{ key: 'tokens', operator: 'gt', value: ['569'] }])).toEqual(['slow']);
    expect(await found([{ key: 'tokens_in', value: [null] }])).toEqual(['failed']);
    expect(await found([{ key: 'tokens_out', operator: 'lt', value: [4] }])).toEqual([]);
    expect(await found([{ key: 'cost', operator: 'gt', value: [1.5] }])).toEqual(['dear']);
    expect(await found([{ key: 'cost', value: [null, 2] }])).toEqual(['failed', 'dear']);
    expect(await found([{ key: 'event_id', value: ['event-1'] }])).toEqual(['ann']);
    expect(await found([{ key: 'authentication', value: [false] }])).toEqual(['open']);
    expect(await found([{ key: 'compatibilityMode', value: [true] }, { key: 'wholesale', value: ['false'] }])).toEqual(names); // prettier-ignore
    expect(await found([{ key: 'dlp_action', value: [null] }])).toEqual(names);
    expect(await found([{ key: 'feedback', operator: 'gt', value: [-2] }])).toEqual([]);
    expect(await found([{ key: 'created_at', operator: 'gt', value: [new Date(start + 5000).toISOString()] }])).toEqual(['bob', 'open']); // prettier-ignore
    expect(await found([{ key: 'created_at', operator: 'lt', value: [start + 1000] }])).toEqual(['plain']);
    expect(await found([{ key: 'created_at', value: [start + 1000] }])).toEqual(['groq']);

    // A name and a value given together are of one entry.
    expect(await found([{ key: 'metadata.key', value: ['user'] }])).toEqual(['ann', 'bob']);
    expect(await found([{ key: 'metadata.value', value: ['ann'] }])).toEqual(['ann', 'bob']);
    expect(await found([{ key: 'metadata.key', value: ['user'] }, { key: 'metadata.value', value: ['ann'] }])).toEqual(['ann']); // prettier-ignore
    expect(await found([{ key: 'metadata.value', value: ['ann'] }, { key: 'metadata.key', value: ['plan'] }])).toEqual(['bob']); // prettier-ignore
    expect(await found([{ key: 'metadata.key', value: ['seats'] }, { key: 'metadata.value', value: ['5'] }])).toEqual(['ann']); // prettier-ignore
    expect(await found([{ key: 'metadata.key', value: ['trial'] }, { key: 'metadata.value', value: ['true'] }])).toEqual(['bob']); // prettier-ignore
    expect(await found([{ key: 'metadata.key', value: ['seats'] }, { key: 'metadata.value', operator: 'gt', value: [4] }])).toEqual(['ann']); // prettier-ignore
    expect(await found([{ key: 'metadata.key', value: ['user'] }, { key: 'metadata.value', operator: 'neq', value: ['ann'] }])).toEqual(['bob']); // prettier-ignore
    expect(await found([{ key: 'metadata.key', operator: 'contains', value: ['us'] }, { key: 'metadata.value', operator: 'contains', value: ['AN'] }])).toEqual(['ann']); // prettier-ignore
    expect(await found([{ key: 'metadata.key', operator: 'neq', value: ['user'] }])).toEqual(others('ann', 'bob'));
    expect(await found([{ key: 'metadata.key', value: ['user'] }, { key: 'metadata.value', value: ['bob'] }, { key: 'metadata.key', value: ['plan'] }, { key: 'metadata.value', value: ['free'] }])).toEqual([]); // prettier-ignore
    expect(await found([], 'FREE')).toEqual(['ann']);

    for (const wrong of [
      { key: 'success', operator: 'eq', value: ['perhaps'] },
      { key: 'cost', operator: 'gt', value: ['much'] },
      { key: 'cost', operator: 'gt', value: [null] },
      { key: 'created_at', operator: 'eq', value: ['yesterday'] },
      { key: 'created_at', operator: 'contains', value: ['2026'] },
      { key: 'provider', operator: 'eq', value: [] },
    ] as const)
      await expect(found([wrong])).rejects.toBeInstanceOf(FilterValueError);

    const page = await logs.list(all, { page: 2, perPage: 3 }, 'created_at', 'desc');
    expect(page.map(({ id }) => names[(ulidTime(id) - start) / 1000])).toEqual(['dear', 'slow', 'failed']);
    expect(await logs.list(all, { page: 4, perPage: 3 }, 'created_at', 'desc')).toEqual([]);
    const byProvider = await logs.list(all, firstPage, 'provider', 'asc');
    expect(byProvider[0]).toMatchObject({ provider: 'groq' });
    expect(await logs.ranges(all)).toMatchObject({
      cost: { min: 0.0000625, max: 2 },
      duration: { min: 300, max: 9000 },
      totalTokens: { min: 13, max: 570 },
    });

    // Deleting goes by the same filters, and counts.
    expect(
      await logs.delete(
        { ...all, filters: [{ key: 'metadata.key', operator: 'eq', value: ['user'] }] },
        1,
        'created_at',
        'desc',
      ),
    ).toBe(1);
    expect(await logs.count(all)).toBe(names.length - 1);
    expect(await found([{ key: 'metadata.key', value: ['user'] }])).toEqual(['ann']);
    expect(await logs.delete(all, 10_000, 'duration', 'asc')).toBe(names.length - 1);
    expect(await logs.count(all)).toBe(0);
  });

  it('are written once, however often they are given', async () => {
    const { pipeline, calls$, logs, database } = await aPipeline(fixture);
    const one = record({ requestBody: Buffer.from('asked'), responseBody: [Buffer.from('ans'), Buffer.from('wered')] });
    calls$.next(one);
    await pipeline.flush();
    calls$.next({ ...one, durationMs: 1 });
    calls$.next(one);
    calls$.next(record());
    await pipeline.flush();

    expect(await logs.count(all)).toBe(2);
    expect(await logs.find(gateway.internalId, one.requestId)).toMatchObject({
      durationMs: one.durationMs,
      requestHead: Buffer.from('asked'),
      responseHead: Buffer.from('answered'),
    });
    expect(await onAnotherConnection(database, 'SELECT id FROM request_log_payloads')).toHaveLength(1);
  });

  it('pass one by that cannot be written', async () => {
    const { pipeline, calls$, logs } = await aPipeline(fixture);
    for (let i = 0; i < 5; i++) calls$.next(record());
    calls$.next(record({ durationMs: 1e15 }));
    for (let i = 0; i < 5; i++) calls$.next(record());
    await pipeline.flush();

    expect(await logs.count(all)).toBe(10);
    expect(pipeline.statistics).toMatchObject({ accepted: 11, written: 10, unwritable: 1, backlogBytes: 0 });
  });

  it('are as many as log_management says', async () => {
    const { pipeline, calls$, logs } = await aPipeline(fixture);
    const kept = async (logManagementStrategy: 'STOP_INSERTING' | 'DELETE_OLDEST'): Promise<number[]> => {
      const limited = aGateway({ logManagement: 3, logManagementStrategy });
      const selection = { ...all, gatewayInternalId: limited.internalId };
      for (let i = 0; i < 7; i++) {
        calls$.next(record({ gateway: limited, durationMs: i, requestId: ulid(1_760_000_000_000 + i) }));
        if (i % 4 === 0) await pipeline.flush();
      }
      await pipeline.flush();
      expect(await logs.count(selection)).toBe(3);
      return (await logs.list(selection, firstPage, 'duration', 'asc')).map(({ durationMs }) => durationMs);
    };

    expect(await kept('DELETE_OLDEST')).toEqual([4, 5, 6]);
    expect(await kept('STOP_INSERTING')).toEqual([0, 1, 2]);
    expect(pipeline.statistics.stopped).toBeGreaterThan(0);
  });

  it('go with their day', async () => {
    const { pipeline, calls$, writer, logs, partitions, database } = await aPipeline(fixture);
    const now = Date.now();
    const daysOld = (days: number) => record({ requestId: ulid(now - days * DAY_MS) });
    for (const days of [0, 1, 2, 3, 40]) calls$.next(daysOld(days));
    await pipeline.flush();
    await writer.withClient((client) => partitions.makeAhead(client, now, 2));

    const tables = async () =>
      (await onAnotherConnection<{ name: string }>(database, `SELECT relname AS name FROM pg_class WHERE relname ~ '^request_log(s|_payloads)_\\d+$'`)).length; // prettier-ignore
    expect(await tables()).toBe(2 * 7);
    expect(await writer.withClient((client) => partitions.dropBefore(client, now, 2))).toBe(2);
    expect(await tables()).toBe(2 * 5);
    expect(await logs.count(all)).toBe(3);
    expect(await logs.list(all, firstPage, 'created_at', 'asc')).toHaveLength(3);

    // A day that is gone is made again for what still comes of it.
    calls$.next(daysOld(3));
    await pipeline.flush();
    expect(await logs.count(all)).toBe(4);
  });

  it('of gateways that are no more go too', async () => {
    const { pipeline, calls$, logs } = await aPipeline(fixture);
    for (let i = 0; i < 5; i++) calls$.next(record({ requestId: ulid(Date.now() - 2 * DAY_MS) }));
    await pipeline.flush();
    expect(await logs.count(all)).toBe(5);

    while (await logs.deleteOrphans(2));

    expect(await logs.count(all)).toBe(0);
    expect(await logs.list(all, firstPage, 'created_at', 'asc')).toEqual([]);
  });

  it('wait for the next process, once this one stops taking them', async () => {
    const { calls$, stop, start, logs } = await aPipeline(fixture);
    calls$.next(record());
    await stop();
    expect(await logs.count(all)).toBe(1);

    const next = await start();
    next.calls$.next(record());
    await next.pipeline.flush();
    expect(await logs.count(all)).toBe(2);
  });

  it('are dropped, and counted, when the spool is full', async () => {
    const { pipeline, calls$, logs } = await aPipeline(fixture, { spoolMaxBytes: 5000 });
    for (let i = 0; i < 20; i++) calls$.next(record());

    const { accepted, dropped } = pipeline.statistics;
    expect(accepted).toBeGreaterThan(1);
    expect(accepted + dropped).toBe(20);
    await pipeline.flush();
    expect(await logs.count(all)).toBe(accepted);
  });
});

describeOnServer('Logs while Postgres is away', (fixture) => {
  it(
    'wait in the spool, and none is lost',
    async () => {
      const { pipeline, calls$, logs } = await aPipeline(fixture);
      const server = fixture.server();
      if (server === null) return; // one that is not ours to stop
      pipeline.onApplicationBootstrap();
      const body = Buffer.alloc(1000, 'x');
      let made = 0;
      const load = setInterval(() => {
        for (let i = 0; i < CALLS_A_SECOND / 50; i++) calls$.next(record({ requestBody: body, responseBody: [body] }));
        made += CALLS_A_SECOND / 50;
      }, 20);
      await new Promise((resolve) => setTimeout(resolve, 300));
      await server.stop();
      const before = heldBytes();
      await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
      const after = heldBytes();
      expect(pipeline.statistics.backlogBytes).toBeGreaterThan(1_000_000);
      await server.start();
      clearInterval(load);

      while (pipeline.statistics.backlogBytes > 0) await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await logs.count(all)).toBe(made);
      expect(pipeline.statistics).toMatchObject({ accepted: made, dropped: 0, unwritable: 0 });
      // The backlog is on disk.
      expect(after - before).toBeLessThan(64 * 1024 * 1024);
    },
    OUTAGE_MS + 60_000,
  );

  it('count matches of a filter up to a limit', async () => {
    const { pipeline, calls$, logs } = await aPipeline(fixture);
    for (let i = 0; i < MAX_COUNTED + 50; i++) calls$.next(record());
    await pipeline.flush();

    expect(await logs.count(all)).toBe(MAX_COUNTED + 50);
    expect(await logs.count({ ...all, filters: [{ key: 'success', operator: 'eq', value: [true] }] })).toBe(
      MAX_COUNTED,
    );
  });
});
