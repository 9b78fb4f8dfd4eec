import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '../../src/common/errors/error-codes.js';
import { PLATFORM_CODES, SECRETS_STORE_CODES } from '../../src/common/errors/platform-error.js';

const ROOT = new URL('../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/troubleshooting.md', ROOT), 'utf8');

/** The cells of the tables under a heading, without the tables' heads. */
const rowsUnder = (heading: string): readonly (readonly string[])[] =>
  (PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line, at, lines) => line.startsWith('|') && !line.startsWith('| -') && !lines[at + 1]?.startsWith('| -'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const wordsOf = (cell: string): readonly string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);

const sources = readdirSync(fileURLToPath(new URL('src', ROOT)), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.startsWith('generated'))
  .map((path) => readFileSync(new URL(`src/${path}`, ROOT), 'utf8'));

const inSources = (expression: RegExp): readonly string[] =>
  sources.flatMap((source) => [...source.matchAll(expression)].map(([, word = '']) => word));

/** Codes that the source names and never answers with: zod's own, one that it looks for at OpenAI, and the sandbox's word as a provider. */
const NOT_GIVEN = new Set(['custom', 'server_error', 'invalid_value']);

/** Every `error.code` that the source names: its own table's, and those that it gives providers' errors and refusals. */
const codesInSource = new Set([
  ...Object.values(ERROR_CODES).map(({ code }) => code),
  ...inSources(/\bcode: '([a-z][a-z_]+)'/g).filter((code) => !NOT_GIVEN.has(code)),
]);

describe('docs/troubleshooting.md', () => {
  const calls = rowsUnder('Calls, by code').map(([number = '', statuses = '', codes = '']) => ({
    number: Number(number),
    statuses: statuses.split(', ').map(Number),
    codes: wordsOf(codes),
  }));

  it('has a row for each error of the table of codes, and for none that is not there', () => {
    const missing = Object.entries(ERROR_CODES).filter(
      ([, { internalCode, status, code }]) =>
        !calls.some((row) => row.number === internalCode && row.statuses.includes(status) && row.codes.includes(code)),
    );
    const known = new Set<number>(Object.values(ERROR_CODES).map(({ internalCode }) => internalCode));

    expect(missing).toEqual([]);
    expect(calls.filter(({ number }) => !known.has(number))).toEqual([]);
  });

  it('has each `error.code` that the source gives an error, and no other', () => {
    const providers = rowsUnder("A provider's errors, by `error.code`").flatMap(([code = '']) => wordsOf(code));
    const told = new Set([...calls.flatMap(({ codes }) => codes), ...providers]);

    expect([...codesInSource].filter((code) => !told.has(code))).toEqual([]);
    expect([...told].filter((code) => !codesInSource.has(code))).toEqual([]);
  });

  it("has the control plane's codes", () => {
    const numbers = rowsUnder('The control plane, by code').map(([number]) => Number(number));

    expect(new Set(numbers)).toEqual(
      new Set([...Object.values(PLATFORM_CODES), ...Object.values(SECRETS_STORE_CODES)]),
    );
  });

  it("has the Secrets Store's words", () => {
    const told = rowsUnder('The control plane, by code').flatMap(([, , words = '']) =>
      wordsOf(words).filter((word) => /^(?:store|secret|maximum|invalid)_/.test(word)),
    );
    const inSource = inSources(/(?:limit\(|message: |^ {2})'((?:store|secret|maximum|invalid_json)_[a-z_]+)'/gm);

    expect(new Set(told)).toEqual(new Set(inSource));
  });
});
