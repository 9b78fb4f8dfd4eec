import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Spool, type SpoolBatch } from './spool.js';

const LIMITS = { maxBytes: 100_000_000, segmentBytes: 1_000_000 };

let directory: string;
let open: Spool[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-'));
});
afterEach(() => {
  for (const spool of open.splice(0)) spool.close();
  rmSync(directory, { recursive: true });
});

const spoolOf = (limits: Partial<typeof LIMITS> = {}): Spool => {
  const spool = new Spool(directory, { ...LIMITS, ...limits });
  open.push(spool);
  return spool;
};

/** As the next process finds it. */
const killed = (spool: Spool): void => {
  spool.close();
  open = open.filter((one) => one !== spool);
};

const textsOf = (batch: SpoolBatch | null) =>
  batch?.entries.map(({ row, request, response }) => [row.toString(), request.toString(), response.toString()]);

const drain = (spool: Spool): string[] => {
  const rows: string[] = [];
  for (let batch = spool.next(); batch !== null; batch = spool.next()) {
    rows.push(...batch.entries.map(({ row }) => row.toString()));
    spool.commit(batch);
  }
  return rows;
};

const segments = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.spool'));

describe('Spool', () => {
  it('gives back what was appended, bodies and all, until it is committed', () => {
    const spool = spoolOf();
    spool.append('{"é":1}', Buffer.from('asked'), [Buffer.from('ans'), Buffer.from('wered')]);
    spool.append('{"b":2}');

    const batch = spool.next();

    expect(textsOf(batch)).toEqual([
      ['{"é":1}', 'asked', 'answered'],
      ['{"b":2}', '', ''],
    ]);
    expect(textsOf(spool.next())).toEqual(textsOf(batch));
    spool.commit(batch!);
    expect(spool.next()).toBeNull();
    expect(spool.backlogBytes).toBe(0);
  });

  it('goes on where the process before was killed', () => {
    const first = spoolOf();
    first.append('{"a":1}');
    first.commit(first.next()!);
    first.append('{"b":2}');
    killed(first);

    const second = spoolOf();
    second.append('{"c":3}');

    expect(second.backlogBytes).toBeGreaterThan(0);
    expect(drain(second)).toEqual(['{"b":2}', '{"c":3}']);
    expect(second.backlogBytes).toBe(0);
  });

  it('passes over an entry that was cut by the end of its process', () => {
    const first = spoolOf();
    first.append('{"a":1}');
    first.append('{"b":2}', Buffer.alloc(5000, 'b'));
    killed(first);
    truncateSync(join(directory, segments()[0]!), 3000);

    const second = spoolOf();
    second.append('{"c":3}');

    expect(drain(second)).toEqual(['{"a":1}', '{"c":3}']);
    expect(second.backlogBytes).toBe(0);
  });

  it('passes over what is no entry', () => {
    const first = spoolOf();
    first.append('{"a":1}');
    killed(first);
    appendFileSync(join(directory, segments()[0]!), 'rubbish, more than a header of it');

    expect(drain(spoolOf())).toEqual(['{"a":1}']);
  });

  it('keeps the order over many files, and drops those that it is done with', () => {
    const spool = spoolOf({ segmentBytes: 1000 });
    const rows = Array.from({ length: 300 }, (_, i) => `{"n":${i}}`);
    for (const row of rows) spool.append(row, Buffer.alloc(100));

    expect(segments().length).toBeGreaterThan(20);
    expect(drain(spool)).toEqual(rows);
    expect(segments()).toHaveLength(1);
  });

  it('takes entries that are larger than a batch and its own buffer', () => {
    const spool = spoolOf();
    const large = Buffer.alloc(3_000_000, 'x');
    spool.append('{"large":1}', large, [large, large]);
    spool.append('{"small":1}');

    expect(spool.next()?.entries[0]?.response.length).toBe(6_000_000);
    expect(drain(spool)).toEqual(['{"large":1}', '{"small":1}']);
  });

  it('refuses what there is no room for, and takes more when there is', () => {
    const spool = spoolOf({ maxBytes: 1000 });

    expect(spool.append('{"a":1}', Buffer.alloc(600))).toBe(true);
    expect(spool.append('{"b":2}', Buffer.alloc(600))).toBe(false);
    spool.commit(spool.next()!);
    expect(spool.append('{"c":3}', Buffer.alloc(600))).toBe(true);
    expect(drain(spool)).toEqual(['{"c":3}']);
  });

  it('reads a file while it grows', () => {
    const spool = spoolOf();
    const seen: string[] = [];
    for (let i = 0; i < 50; i++) {
      spool.append(`{"n":${i}}`);
      if (i % 7 === 0) seen.push(...drain(spool));
    }
    seen.push(...drain(spool));

    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => `{"n":${i}}`));
  });
});
