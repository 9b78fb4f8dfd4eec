import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/architecture.md', ROOT), 'utf8');

const section = (heading: string): string => PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

const foldersOf = (path: string): readonly string[] =>
  readdirSync(new URL(path, ROOT), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** The import rules themselves are dependency-cruiser's to check: `npm run deps`. */
describe('docs/architecture.md', () => {
  it('has a row for each room of the source, and for no other', () => {
    const rows = section('Rooms')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const rooms = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );

    expect(rooms.toSorted()).toEqual(
      foldersOf('src')
        .filter((name) => name !== 'generated')
        .toSorted(),
    );
  });

  it('has a row for each kind of tests', () => {
    const kinds = foldersOf('test').filter((name) => name !== 'support');

    expect(kinds.filter((name) => !section('Tests').includes(`test/${name}`))).toEqual([]);
  });
});
