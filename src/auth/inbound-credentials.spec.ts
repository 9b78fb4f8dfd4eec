import { describe, expect, it } from '@jest/globals';
import { readCredentials } from './inbound-credentials.js';

const OURS = 'aig_ours';
const OTHER = 'aig_other';
const isOurs = (value: string) => value === OURS || value === OTHER;

type Row = [
  name: string,
  headers: Record<string, string>,
  queryKey: string | undefined,
  gatewayToken: string | null,
  providerKey: string | null,
];

const rows: Row[] = [
  ['nothing at all', {}, undefined, null, null],
  [
    'a token of ours behind a scheme that is none',
    { 'cf-aig-authorization': `Bearer ${OURS}`, 'api-key': `earer aig_${'a'.repeat(43)}` },
    undefined,
    OURS,
    null,
  ],
  ['the gateway header alone', { 'cf-aig-authorization': `Bearer ${OURS}` }, undefined, OURS, null],
  ['the gateway header without Bearer', { 'cf-aig-authorization': OURS }, undefined, OURS, null],
  [
    'the gateway header and a provider key',
    { 'cf-aig-authorization': `Bearer ${OURS}`, authorization: 'Bearer sk-1' },
    undefined,
    OURS,
    'sk-1',
  ],
  [
    'the same token twice',
    { 'cf-aig-authorization': `Bearer ${OURS}`, authorization: `Bearer ${OURS}` },
    undefined,
    OURS,
    null,
  ],
  [
    'another token of ours as provider key',
    { 'cf-aig-authorization': OURS, authorization: `Bearer ${OTHER}` },
    undefined,
    OURS,
    null,
  ],
  [
    'an unknown gateway token twice',
    { 'cf-aig-authorization': 'Bearer nope', authorization: 'Bearer nope' },
    undefined,
    'nope',
    null,
  ],
  ['a token as API key', { authorization: `Bearer ${OURS}` }, undefined, OURS, null],
  ['a token as x-api-key', { 'x-api-key': OURS }, undefined, OURS, null],
  ['a token as x-goog-api-key', { 'x-goog-api-key': OURS }, undefined, OURS, null],
  ['a token as api-key', { 'api-key': OURS }, undefined, OURS, null],
  ['a token as ?key=', {}, OURS, OURS, null],
  ['a provider key as API key', { authorization: 'Bearer sk-1' }, undefined, null, 'sk-1'],
  ['a provider key as x-api-key', { 'x-api-key': 'sk-1' }, undefined, null, 'sk-1'],
  ['a provider key as ?key=', {}, 'AIza-1', null, 'AIza-1'],
  [
    'a token and a provider key in two headers',
    { authorization: `Bearer ${OURS}`, 'x-api-key': 'sk-1' },
    undefined,
    OURS,
    'sk-1',
  ],
  [
    'a provider key and a token in two headers',
    { authorization: 'Bearer sk-1', 'api-key': OURS },
    undefined,
    OURS,
    'sk-1',
  ],
  ['two tokens in two headers', { authorization: `Bearer ${OURS}`, 'x-api-key': OTHER }, undefined, OURS, null],
  [
    'two provider keys: the first counts',
    { authorization: 'Bearer sk-1', 'x-api-key': 'sk-2' },
    undefined,
    null,
    'sk-1',
  ],
  ['Bearer undefined in the gateway header', { 'cf-aig-authorization': 'Bearer undefined' }, undefined, null, null],
  [
    'Bearer undefined, and a token as API key',
    { 'cf-aig-authorization': 'Bearer undefined', authorization: `Bearer ${OURS}` },
    undefined,
    OURS,
    null,
  ],
  ['an empty gateway header', { 'cf-aig-authorization': '' }, undefined, null, null],
  ['Bearer and nothing', { 'cf-aig-authorization': 'Bearer ', authorization: 'Bearer' }, undefined, null, null],
  ...['unused', 'undefined', 'null', 'none', 'dummy', 'sk-placeholder', 'CF_TEMP_TOKEN', 'UNUSED'].map((word): Row => [
    `the placeholder ${word}`,
    { 'cf-aig-authorization': OURS, authorization: `Bearer ${word}` },
    undefined,
    OURS,
    null,
  ]),
  ['a placeholder before a real key', { authorization: 'Bearer unused', 'x-api-key': 'sk-1' }, undefined, null, 'sk-1'],
  ['lower-case bearer', { authorization: 'bearer sk-1' }, undefined, null, 'sk-1'],
];

describe('readCredentials', () => {
  it.each(rows)('reads %s', (_name, headers, queryKey, gatewayToken, providerKey) => {
    expect(readCredentials(headers, queryKey, isOurs)).toEqual({ gatewayToken, providerKey });
  });

  it('never calls one of our tokens a provider key, in whatever combination of places', () => {
    const places = ['cf-aig-authorization', 'authorization', 'x-api-key', 'x-goog-api-key', 'api-key'];
    const values = [undefined, OURS, OTHER, 'sk-1', 'unused'];
    let combinations = 0;
    for (let code = 0; code < values.length ** places.length; code++) {
      const headers: Record<string, string> = {};
      places.forEach((place, i) => {
        const value = values[Math.floor(code / values.length ** i) % values.length];
        if (value !== undefined) headers[place] = value;
      });

      const { providerKey } = readCredentials(headers, OURS, isOurs);

      expect([null, 'sk-1']).toContain(providerKey);
      combinations++;
    }
    expect(combinations).toBe(3125);
  });
});
