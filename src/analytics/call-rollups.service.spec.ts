import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { CallRecord } from '../accounting/call-record.js';
import { aCallRecord } from '../../test/support/call-records.js';
import { CallRollups } from './call-rollups.service.js';

type Row = Readonly<Record<string, unknown>>;

const MINUTE = 60_000;
const NOON = Date.parse('2026-11-23T12:00:00Z');

/** The table: a row by its key, written over. `fails` says what happens to the next writes. */
class FakeTable {
  readonly rows = new Map<string, Row>();
  fails: ('before' | 'after')[] = [];

  write(rows: readonly Row[]): Promise<void> {
    const fails = this.fails.shift();
    if (fails === 'before') return Promise.reject(new Error('Away.'));
    for (const row of rows) {
      this.rows.set(JSON.stringify([row['resolution'], row['at'], row['writer'], row['series']]), row);
    }
    return fails === 'after' ? Promise.reject(new Error('The answer was lost.')) : Promise.resolve();
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

function rollups(table = new FakeTable()) {
  const calls$ = new Subject<CallRecord>();
  const made = new CallRollups({ calls$ }, table);
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
});
