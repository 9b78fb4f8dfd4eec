import { afterAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { CallRecord } from '../accounting/call-record.js';
import { ulid } from '../common/ids.js';
import { toLogRow } from '../request-logs/log-entry.js';
import { type Position, Spool } from '../request-logs/spool.js';
import { aCallRecord, anAttempt } from '../../test/support/call-records.js';
import { scratchDirectory } from '../../test/support/scratch-directory.js';
import type { SumsToWrite } from './analytics.repository.js';
import { CallRollups } from './call-rollups.service.js';

type Row = Readonly<Record<string, unknown>>;

const MINUTE = 60_000;
const NOON = Date.parse('2026-11-23T12:00:00Z');

/** The table: a row by its key, written over. `fails` says what happens to the next writes. */
class FakeTable {
  readonly rows = new Map<string, Row>();
  fails: ('before' | 'after')[] = [];

  private noted: ReadonlyMap<string, Position> = new Map();

  write(take: () => SumsToWrite): Promise<void> {
    const fails = this.fails.shift();
    if (fails === 'before') return Promise.reject(new Error('Away.'));
    const { rows, marks } = take();
    this.noted = new Map([...this.noted, ...marks]);
    for (const row of rows) {
      this.rows.set(JSON.stringify([row['resolution'], row['at'], row['writer'], row['series']]), row);
    }
    return fails === 'after' ? Promise.reject(new Error('The answer was lost.')) : Promise.resolve();
  }

  marks(): Promise<ReadonlyMap<string, Position>> {
    return Promise.resolve(this.noted);
  }

  deleteOld(): Promise<void> {
    return Promise.resolve();
  }

  total(resolution: string, where: Row = {}, field = 'requests'): number {
    return [...this.rows.values()]
      .filter((row) => row['resolution'] === resolution)
      .filter((row) => Object.entries({ metadata_key: '', ...where }).every(([key, value]) => row[key] === value))
      .reduce((sum, row) => sum + Number(row[field]), 0);
  }
}

function rollups(table = new FakeTable(), spools: Spool[] = []) {
  const calls$ = new Subject<CallRecord>();
  const made = new CallRollups({ calls$ }, table, { spools });
  const call = (at: number, extra: Partial<CallRecord> = {}): void =>
    calls$.next(aCallRecord({ startedAt: at - 300, durationMs: 300, ...extra }));
  return { call, made, table };
}

Logger.overrideLogger(false);

describe('CallRollups', () => {
  it('adds calls up by the minute and the hour in which they ended', async () => {
    const { call, made, table } = rollups();

    call(NOON);
    call(NOON + MINUTE - 1);
    call(NOON + MINUTE, { model: 'gpt-5.2' });
    await made.flush();

    expect(table.total('minute', { at: '2026-11-23T12:00:00.000Z' })).toBe(2);
    expect(table.total('minute', { at: '2026-11-23T12:01:00.000Z', model: 'gpt-5.2' })).toBe(1);
    expect(table.total('hour', { at: '2026-11-23T12:00:00.000Z' })).toBe(3);
    expect(table.total('hour', {}, 'tokens_in')).toBe(27);
  });

  it.each(['before', 'after'] as const)('counts nothing twice when a write breaks off %s it is done', async (when) => {
    const { call, made, table } = rollups();
    call(NOON);
    await made.flush();

    table.fails = [when, when];
    call(NOON + 1);
    await made.flush();
    call(NOON + 2);
    await made.flush();
    await made.flush();

    expect(table.total('minute')).toBe(3);
    expect(table.total('hour')).toBe(3);
    expect(made.waiting).toBe(0);
  });

  it('adds to what a process before it wrote, and never writes over it', async () => {
    const first = rollups();
    first.call(NOON);
    await first.made.flush();

    const second = rollups(first.table);
    second.call(NOON + 1);
    await second.made.flush();

    expect(first.table.total('minute')).toBe(2);
  });

  it('loses nothing when the clock is set back over an hour', async () => {
    const { call, made, table } = rollups();
    for (const at of [NOON, NOON + 61 * MINUTE, NOON, NOON + 62 * MINUTE]) {
      call(at);
      await made.flush();
    }

    expect(table.total('hour')).toBe(4);
    expect(table.total('minute')).toBe(4);
  });

  it('tells so many combinations apart, and adds the rest up', async () => {
    const { call, made, table } = rollups();

    for (let i = 0; i < 7_000; i++) call(NOON, { model: `model-${i}` });
    await made.flush();

    expect(table.rows.size).toBeLessThanOrEqual(2 * 5_001);
    expect(table.total('hour')).toBe(7_000);
    expect(table.total('hour', { model: 'other' })).toBe(2_000);
  });

  it('keeps a bounded number of sums while the database is away, and the hours whole', async () => {
    const { call, made, table } = rollups();
    table.fails = Array.from({ length: 60 }, () => 'before');

    for (let minute = 0; minute < 59; minute++) {
      for (let i = 0; i < 1_000; i++) call(NOON + minute * MINUTE, { model: `model-${i}` });
      await made.flush();
    }
    expect(made.waiting).toBeLessThanOrEqual(51_000);
    table.fails = [];
    await made.flush();

    expect(table.total('hour')).toBe(59_000);
    expect(table.total('minute')).toBe(59_000 - made.dropped);
    expect(made.dropped).toBeGreaterThan(0);
  });

  describe('with a spool of logs', () => {
    const scratch = scratchDirectory();
    afterAll(() => scratch.remove());
    const limits = { maxBytes: 1e9, segmentBytes: 1000 };

    /** A process whose calls all leave a log. */
    async function aProcess(table: FakeTable) {
      const spool = new Spool(scratch.path, limits);
      const { made, call: count } = rollups(table, [spool]);
      await made.onModuleInit();
      const call = (at: number, extra: Partial<CallRecord> = {}): void => {
        count(at, extra);
        spool.append(toLogRow(aCallRecord({ requestId: ulid(at - 300), durationMs: 300, ...extra })));
        for (let batch = spool.next(); batch !== null; batch = spool.next()) spool.commit(batch);
      };
      return { made, call, kill: () => spool.close() };
    }

    it('counts every logged call once, whenever the process is killed', async () => {
      const table = new FakeTable();
      let calls = 0;
      for (let kill = 0; kill < 4; kill++) {
        const { made, call, kill: end } = await aProcess(table);
        for (let i = 0; i < 3; i++) {
          for (let n = 0; n < 5; n++) call(NOON + calls++ * 1000, { model: `model-${n}` });
          if (i < kill) await made.flush();
        }
        end();
      }
      const failed = { outcome: 'failed', status: 502, error: 'upstream_failed', usage: null } as const;
      const { call, kill } = await aProcess(table);
      call(NOON, { ...failed, attempts: [anAttempt({ outcome: 'server' })] });
      kill();

      const { made } = await aProcess(table);
      await made.flush();

      expect(table.total('hour')).toBe(calls + 1);
      expect(table.total('minute')).toBe(calls + 1);
      expect(table.total('minute', { at: '2026-11-23T12:00:00.000Z', failure: '' })).toBe(60);
      expect(table.total('hour', { model: 'model-3' })).toBe(calls / 5);
      expect(table.total('hour', {}, 'tokens_in')).toBe(9 * calls);
      expect(table.total('hour', { failure: 'server' })).toBe(1);
    });
  });
});
