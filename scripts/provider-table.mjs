// `npm run docs:providers`: reads every recorded exchange and writes into docs/providers.md what was found in them.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import prettier from 'prettier';

import { hasFixtures } from '../test/support/fixtures.ts';
import { surveyProviders } from '../test/support/provider-survey.ts';
import { TABLE_BEGIN, TABLE_END, toProviderTable, withTable } from '../test/support/provider-table.ts';

if (!hasFixtures) {
  console.error('Set FIXTURES_DIR to the folder of recorded exchanges.');
  process.exit(1);
}

const path = fileURLToPath(new URL('../docs/providers.md', import.meta.url));
const surveys = surveyProviders();
const text = withTable(readFileSync(path, 'utf8'), toProviderTable(surveys), TABLE_BEGIN, TABLE_END);
const options = await prettier.resolveConfig(path);
writeFileSync(path, await prettier.format(text, { ...options, filepath: path }));
for (const { provider, unread } of surveys) for (const line of unread) console.log(`${provider}: ${line}`);
