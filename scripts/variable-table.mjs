// `npm run docs:variables`: writes what `.env.example` says of every variable into docs/configuration.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import prettier from 'prettier';

import { withTable } from '../test/support/provider-table.ts';
import { toVariableTables, VARIABLES_BEGIN, VARIABLES_END } from '../test/support/variable-table.ts';

const path = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
const tables = toVariableTables(readFileSync(new URL('../.env.example', import.meta.url), 'utf8'));
const text = withTable(readFileSync(path, 'utf8'), tables, VARIABLES_BEGIN, VARIABLES_END);
const options = await prettier.resolveConfig(path);
writeFileSync(path, await prettier.format(text, { ...options, filepath: path }));
