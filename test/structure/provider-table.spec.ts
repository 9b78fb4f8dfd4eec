import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { hasFixtures } from '../support/fixtures.js';
import { surveyProviders } from '../support/provider-survey.js';
import { bareTable, TABLE_BEGIN, TABLE_END, toProviderTable } from '../support/provider-table.js';

const document = readFileSync(fileURLToPath(new URL('../../docs/providers.md', import.meta.url)), 'utf8');

(hasFixtures ? describe : describe.skip)('the table of what was recorded and read', () => {
  it('is the one that `npm run docs:providers` writes now', () => {
    const written = document.slice(document.indexOf(TABLE_BEGIN) + TABLE_BEGIN.length, document.indexOf(TABLE_END));

    expect(bareTable(written)).toBe(bareTable(toProviderTable(surveyProviders())));
  });
});
