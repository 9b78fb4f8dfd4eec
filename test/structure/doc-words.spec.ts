import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const filesUnder = (folder: string, ending: RegExp): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => ending.test(path) && !path.includes('node_modules') && !path.startsWith('generated'))
    .map((path) => join(folder, path));

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const PAGES = ['README.md', ...filesUnder('docs', /\.md$/)];

/** The names of a kind that code under some folders has. */
const namesIn = (folders: readonly string[], name: RegExp): ReadonlySet<string> =>
  new Set(
    folders.flatMap((folder) => filesUnder(folder, /\.m?[jt]s$/)).flatMap((path) => read(path).match(name) ?? []),
  );

const scripts = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json'))).scripts;

const headers = namesIn(['src'], /\bcf-aig-[a-z]+(?:-[a-z]+)*/g);
// Tests and benchmarks have some of their own.
const variables = namesIn(['src', 'test', 'scripts', 'bench'], /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g);

/** The C library's own. */
const FOREIGN = new Set(['MALLOC_ARENA_MAX']);

/** Cloudflare's, of which docs/differences.md says that nothing is done with them. */
const WITHOUT_EFFECT = new Set(['cf-aig-no-wholesale', 'cf-aig-zdr']);

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('names headers that the code knows', () => {
    const named = text.match(/`cf-aig-[a-z]+(?:-[a-z]+)*(?=[`:])/g) ?? [];

    expect(
      named.map((name) => name.slice(1)).filter((name) => !headers.has(name) && !WITHOUT_EFFECT.has(name)),
    ).toEqual([]);
  });

  it('names variables that the code knows', () => {
    const named = [...text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)[`=]/g)].map(([, name = '']) => name);

    expect(named.filter((name) => !variables.has(name) && !FOREIGN.has(name))).toEqual([]);
  });

  it('names commands that there are', () => {
    const named = [...text.matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g)].map(([, name = '']) => name);

    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
