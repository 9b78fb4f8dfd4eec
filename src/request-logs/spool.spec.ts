import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
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
  batch?.entries.map(({ start, rowBytes, requestBytes, responseBytes }) => {
    const ends = [start, start + rowBytes, start + rowBytes + requestBytes];
    const lengths = [rowBytes, requestBytes, responseBytes];
    return ends.map((from, at) => batch.bytes.toString('utf8', from, from + lengths[at]!));
  });

const rowsOf = (batch: SpoolBatch): string[] => textsOf(batch)?.map(([row = '']) => row) ?? [];

const drain = (spool: Spool): string[] => {
  const rows: string[] = [];
  for (let batch = spool.next(); batch !== null; batch = spool.next()) {
    rows.push(...rowsOf(batch));
    spool.commit(batch);
  }
  return rows;
};

const segments = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.spool'));

describe('Spool', () => {
  it('gives back what was appended, bodies and all, until it is committed', () => {
    const spool = spoolOf();
    spool.append(Buffer.from('{"é":1}'), Buffer.from('asked'), [Buffer.from('ans'), Buffer.from('wered')]);
    spool.append(Buffer.from('{"b":2}'));

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
    first.append(Buffer.from('{"a":1}'));
    first.commit(first.next()!);
    first.append(Buffer.from('{"b":2}'));
    killed(first);

    const second = spoolOf();
    second.append(Buffer.from('{"c":3}'));

    expect(second.backlogBytes).toBeGreaterThan(0);
    expect(drain(second)).toEqual(['{"b":2}', '{"c":3}']);
    expect(second.backlogBytes).toBe(0);
  });

  it('passes over an entry that was cut by the end of its process', () => {
    const first = spoolOf();
    first.append(Buffer.from('{"a":1}'));
    first.append(Buffer.from('{"b":2}'), Buffer.alloc(5000, 'b'));
    killed(first);
    truncateSync(join(directory, segments()[0]!), 3000);

    const second = spoolOf();
    second.append(Buffer.from('{"c":3}'));

    expect(drain(second)).toEqual(['{"a":1}', '{"c":3}']);
    expect(second.backlogBytes).toBe(0);
  });

  it('passes over what is no entry', () => {
    const first = spoolOf();
    first.append(Buffer.from('{"a":1}'));
    killed(first);
    appendFileSync(join(directory, segments()[0]!), 'rubbish, more than a header of it');

    expect(drain(spoolOf())).toEqual(['{"a":1}']);
  });

  it('keeps the order over many files, and drops those that it is done with', () => {
    const spool = spoolOf();
    const rows = Array.from({ length: 60 }, (_, i) => `{"n":${i}}`);
    for (const row of rows) spool.append(Buffer.from(row), Buffer.alloc(300_000));

    expect(segments().length).toBeGreaterThan(5);
    expect(drain(spool)).toEqual(rows);
    expect(segments()).toHaveLength(1);
  });

  it('takes entries that are larger than a batch and its own buffer', () => {
    const spool = spoolOf();
    const large = Buffer.alloc(3_000_000, 'x');
    spool.append(Buffer.from('{"large":1}'), large, [large, large]);
    spool.append(Buffer.from('{"small":1}'));

    expect(spool.next()?.entries[0]?.responseBytes).toBe(6_000_000);
    expect(drain(spool)).toEqual(['{"large":1}', '{"small":1}']);
  });

  it('refuses what there is no room for, and takes more when there is', () => {
    const spool = spoolOf({ maxBytes: 1000 });

    expect(spool.append(Buffer.from('{"a":1}'), Buffer.alloc(600))).toBe(true);
    expect(spool.append(Buffer.from('{"b":2}'), Buffer.alloc(600))).toBe(false);
    spool.commit(spool.next()!);
    expect(spool.append(Buffer.from('{"c":3}'), Buffer.alloc(600))).toBe(true);
    expect(drain(spool)).toEqual(['{"c":3}']);
  });

  it('reads a file while it grows', () => {
    const spool = spoolOf();
    const seen: string[] = [];
    for (let i = 0; i < 50; i++) {
      spool.append(Buffer.from(`{"n":${i}}`));
      if (i % 7 === 0) seen.push(...drain(spool));
    }
    seen.push(...drain(spool));

    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => `{"n":${i}}`));
  });

  it('writes over files that it is done with, and finds nothing of them again', () => {
    const first = spoolOf({ segmentBytes: 2000 });
    const rows = Array.from({ length: 100 }, (_, i) => `{"n":${i}}`);
    for (const row of rows) {
      first.append(Buffer.from(row), Buffer.alloc(400, 'o'));
      expect(drain(first)).toEqual([row]);
    }
    first.append(Buffer.from('{"last":1}'));
    killed(first);
    const second = spoolOf();

    expect(drain(second)).toEqual(['{"last":1}']);
    expect(second.backlogBytes).toBe(0);
  });

  it.each(['appended to memory', 'read back'])('gives the same again until it is committed, when %s', (how) => {
    let spool = spoolOf();
    spool.append(Buffer.from('{"a":1}'), Buffer.from('asked'));
    if (how === 'read back') {
      killed(spool);
      spool = spoolOf();
    }
    const first = textsOf(spool.next());
    spool.append(Buffer.from('{"b":2}'));

    expect(textsOf(spool.next())).toEqual(first);
    expect(drain(spool)).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('keeps what somebody else wants too, for the next process as well', () => {
    const limits = { segmentBytes: 100 };
    const first = spoolOf(limits);
    first.append(Buffer.from('{"a":1}'), Buffer.alloc(200));
    drain(first);
    first.keepFrom(first.end);
    const mark = first.end;
    for (const name of ['b', 'c', 'd']) {
      first.append(Buffer.from(`{"${name}":1}`), Buffer.alloc(200));
      drain(first);
    }
    killed(first);

    const second = spoolOf(limits);
    expect(second.id).toBe(first.id);
    expect(Array.from(second.since(mark), rowsOf).flat()).toEqual(['{"b":1}', '{"c":1}', '{"d":1}']);
    second.keepFrom(second.end);
    expect([...second.since(mark)]).toEqual([]);
  });

  it('has no key on disk', () => {
    const key = `sk-proj-${'B1x9'.repeat(12)}`;
    spoolOf().append(Buffer.from('{"a":1}'), Buffer.from(`my key is ${key}`), [
      Buffer.from('so it is '),
      Buffer.from(key),
    ]);

    const bytes = Buffer.concat(segments().map((name) => readFileSync(join(directory, name))));
    expect(bytes.toString('latin1')).toContain('my key is sk-p***');
    expect(bytes.toString('latin1')).not.toContain('B1x9');
  });
});
