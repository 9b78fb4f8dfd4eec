import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { isWritten, readClientTable, readNumberedTests } from '../support/client-table.js';

const rows = readClientTable(readFileSync(fileURLToPath(new URL('../../docs/clients.md', import.meta.url)), 'utf8'));
const tests = readNumberedTests();

/** The suites are not run here; when one of these fails, `npm run docs:clients` runs them and writes the table anew. */
describe('the table of what holds for clients', () => {
  it('has each point that a test is about, and the suite it is in', () => {
    const inTable = rows.flatMap(({ point, suites }) => suites.map((suite) => `${point} ${suite}`));

    expect(new Set(inTable)).toEqual(new Set(tests.map(({ point, suite }) => `${point} ${suite}`)));
  });

  it('tells of each point what a test of it says', () => {
    const unknown = rows.filter(
      ({ point, asks }) => !tests.some((test) => test.point === point && isWritten(test, asks)),
    );

    expect(unknown).toEqual([]);
  });
});
