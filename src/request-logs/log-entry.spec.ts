import { describe, expect, it } from '@jest/globals';

import { aCallRecord, anAttempt } from '../../test/support/call-records.js';
import { readInbound } from '../accounting/inbound-facts.js';
import { ulid } from '../common/ids.js';
import { idOfRow, LOG_COLUMNS, toLogRow } from './log-entry.js';

const at = Date.parse('2026-11-23T10:00:00.007Z');

/** Its members by the names of their columns. */
function parsed(row: Buffer): Record<string, unknown> {
  const columns = new Map<string, string>(LOG_COLUMNS.map(([column, , member]) => [member, column]));
  const members = Object.entries(JSON.parse(row.toString()) as Record<string, unknown>);
  return Object.fromEntries(members.map(([member, value]) => [columns.get(member) ?? `unknown ${member}`, value]));
}

describe('toLogRow', () => {
  it('is JSON with the columns of the table', () => {
    const requestId = ulid(at);
    const route = { id: 'r', name: 'a "route"', versionId: 'v', path: ['start', 'main'] };
    const { gateway } = aCallRecord();
    const headers = {
      'cf-aig-metadata': '{"user":"ann","a":1,"b":2,"c":3,"d":4,"e":5}',
      'user-agent': 'a "b" \\u0000',
    };
    const row = toLogRow(
      aCallRecord({
        requestId,
        eventId: 'event "7"',
        inbound: readInbound('compat', '/v1/a/b?key=secret', headers, gateway),
        requestedModel: 'openai/"quoted"',
        route,
        error: 'upstream_error',
        errorMessage: 'It said: "no".',
        startedAt: at,
        attempts: [
          anAttempt({ outcome: 'server', status: 500, next: 'retry' }),
          anAttempt({ startedAt: at + 3, phases: { connectedAt: at + 5, headAt: at + 9, contentAt: at + 9 } }),
        ],
      }),
    );

    expect(Object.keys(parsed(row)).toSorted()).toEqual(LOG_COLUMNS.map(([column]) => column).toSorted());
    expect(idOfRow(row, 0)).toBe(requestId);
    expect(parsed(row)).toMatchObject({
      id: requestId,
      created_at: '2026-11-23T10:00:00.007Z',
      model: 'openai/gpt-4o',
      requested_model: 'openai/"quoted"',
      path: '/v1/a/b',
      user_agent: 'a "b" \\u0000',
      event_id: 'event "7"',
      error: 'upstream_error',
      error_message: 'It said: "no".',
      metadata: { user: 'ann', a: 1, b: 2, c: 3, d: 4 },
      cost_nano: 62_500,
      detail: {
        usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
        usage_source: 'provider',
        cost: { computed: 62_500, reported: null, charged: 62_500, basis: 'catalogue', price_version: 'a list' },
        timings: { queue: 3, connect: 2, headers: 4, first_token: 250, total: 300 },
        attempts: [
          { outcome: 'server', status: 500, next: 'retry' },
          { outcome: 'ok', next: null },
        ],
        route,
        metadata_dropped: ['e'],
      },
    });
  });

  it('says of a call that was refused what there is to say', () => {
    const row = toLogRow(
      aCallRecord({
        provider: null,
        model: null,
        kind: null,
        attempts: [],
        usage: null,
        usageSource: null,
        status: 401,
      }),
    );

    expect(parsed(row)).toMatchObject({
      provider: null,
      model: null,
      request_type: null,
      tokens_in: null,
      credential: null,
    });
  });

  it('is whole however long it is', () => {
    const attempts = Array.from({ length: 100 }, (_, n) => anAttempt({ durationMs: n, model: 'm'.repeat(300) }));
    for (const length of [10, 14_000, 15_500, 16_000, 16_384, 40_000]) {
      const row = parsed(toLogRow(aCallRecord({ eventId: 'e'.repeat(length), attempts })));

      expect(row['event_id']).toHaveLength(length);
      expect(row['detail']).toMatchObject({
        attempts: attempts.map(({ durationMs }) => ({ duration_ms: durationMs })),
      });
    }
  });

  it('replaces what Postgres cannot store, and nothing that only looks like it', () => {
    const row = toLogRow(aCallRecord({ eventId: 'a\0\0b\uD800c\\u0000\\\0' }));

    expect(parsed(row)['event_id']).toBe('a\uFFFD\uFFFDb\uFFFDc\\u0000\\\uFFFD');
  });
});

it('a row full of backslashes is written in the time it takes to read it', () => {
  const model = `${'\\'.repeat(400_000)}\0`;
  const from = performance.now();
  const row = parsed(toLogRow(aCallRecord({ requestedModel: model })));

  expect(row['requested_model']).toBe(`${'\\'.repeat(400_000)}\uFFFD`);
  // Looking back from each of them would take minutes.
  expect(performance.now() - from).toBeLessThan(10_000);
});
