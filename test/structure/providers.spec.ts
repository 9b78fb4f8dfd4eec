import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { PROVIDER_SLUGS } from '../../src/common/provider-slugs.js';

const PROVIDERS = fileURLToPath(new URL('../../src/providers', import.meta.url));
const DOCS = fileURLToPath(new URL('../../docs/providers.md', import.meta.url));
const FIXTURES = [
  'SOURCES.md',
  'text.response.json',
  'text.stream.sse',
  'text.expected.json',
  'tool-call.response.json',
  'tool-call.stream.sse',
  'tool-call.expected.json',
  'error-429.json',
  'error-429.expected.json',
];

const folders = readdirSync(PROVIDERS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'dialects')
  .map(({ name }) => name);

describe('the provider folders', () => {
  it('are there, one for each line of the module', () => {
    const module = readFileSync(join(PROVIDERS, 'providers.module.ts'), 'utf8');
    const imported = [...module.matchAll(/from '\.\/([a-z-]+)\/\1\.strategy\.js'/g)].map((match) => match[1] ?? '');

    expect(imported.toSorted()).toEqual(folders.toSorted());
    expect(folders.length).toBeGreaterThan(10);
  });

  describe.each(folders)('%s', (name) => {
    const path = (file: string) => join(PROVIDERS, name, file);

    it('has a strategy, a catalog, a spec and fixtures', () => {
      const wanted = [
        `${name}.strategy.ts`,
        `${name}.strategy.spec.ts`,
        `${name}.catalog.ts`,
        ...FIXTURES.map((file) => `__fixtures__/${file}`),
      ];

      // A stream that is no text has its events as lines of JSON.
      const stands = (file: string): boolean =>
        existsSync(path(file)) || existsSync(path(file.replace(/[.]sse$/, '.jsonl')));

      expect(wanted.filter((file) => !stands(file))).toEqual([]);
    });

    it('asks its strategy what is asked of all', () => {
      expect(readFileSync(path(`${name}.strategy.spec.ts`), 'utf8')).toContain('describeProviderConformance(');
    });

    it('is named by its slug, which is known, and stands in the documentation', () => {
      expect(readFileSync(path(`${name}.strategy.ts`), 'utf8')).toMatch(new RegExp(`\\bid(?::| =) '${name}'`));
      expect(PROVIDER_SLUGS).toContain(name);
      expect(readFileSync(DOCS, 'utf8')).toContain(`\`${name}\``);
    });
  });
});
