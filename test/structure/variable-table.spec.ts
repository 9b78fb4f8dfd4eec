import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { bareTable } from '../support/provider-table.js';
import { toVariableTables, VARIABLES_BEGIN, VARIABLES_END } from '../support/variable-table.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the tables of variables', () => {
  it('are those that `npm run docs:variables` writes now', () => {
    const page = read('docs/configuration.md');
    const written = page.slice(page.indexOf(VARIABLES_BEGIN) + VARIABLES_BEGIN.length, page.indexOf(VARIABLES_END));

    expect(bareTable(written)).toBe(bareTable(toVariableTables(read('.env.example'))));
  });
});
