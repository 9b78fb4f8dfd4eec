// `npm run docs:clients`: runs the tests of the client suites that are named by points of the checklist, and writes into
// docs/clients.md which points hold for which clients.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import prettier from 'prettier';

import {
  CLIENTS_BEGIN,
  CLIENTS_END,
  clientResults,
  readNumberedTests,
  toClientRows,
  toClientTable,
} from '../test/support/client-table.ts';
import { hasFixtures } from '../test/support/fixtures.ts';
import { withTable } from '../test/support/provider-table.ts';

if (!hasFixtures) {
  console.error('Set FIXTURES_DIR to the folder of recorded exchanges.');
  process.exit(1);
}

const directory = mkdtempSync(join(tmpdir(), 'clients-'));
const output = join(directory, 'results.json');
const jest = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
const numbered = ['--selectProjects', 'clients', '--testNamePattern', String.raw`\d · `];
const { status } = spawnSync(process.execPath, [...jest, ...numbered, '--json', `--outputFile=${output}`, '--silent'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
// A table that leaves out what failed would tell only half of it.
const results = status === 0 ? clientResults.parse(JSON.parse(readFileSync(output, 'utf8'))) : null;
rmSync(directory, { recursive: true });
if (results === null) process.exit(1);

const path = fileURLToPath(new URL('../docs/clients.md', import.meta.url));
const table = toClientTable(toClientRows(results, readNumberedTests()));
const text = withTable(readFileSync(path, 'utf8'), table, CLIENTS_BEGIN, CLIENTS_END);
const options = await prettier.resolveConfig(path);
writeFileSync(path, await prettier.format(text, { ...options, filepath: path }));
