import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

const readPage = (page: string): string => readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');

/** What a page's samples in the shell need, beside Node. */
export const hasShellTools = ['curl', 'sh'].every((tool) => spawnSync(tool, ['--version']).error === undefined);

/** The code of a page's samples in a language, in order, each with the heading above it. */
export function samplesOf(
  page: string,
  language: string,
): readonly { readonly heading: string; readonly code: string }[] {
  return readPage(page)
    .split(/^#+ /m)
    .flatMap((section) => {
      const heading = section.split('\n', 1)[0] ?? '';
      const blocks = section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'));
      return [...blocks].map(([, code = '']) => ({ heading, code }));
    });
}

/** A page's curl commands, in order. */
export const curlCommandsOf = (page: string): readonly string[] =>
  samplesOf(page, 'sh').flatMap(({ code }) =>
    code
      .split(/^(?=curl )/m)
      .filter((command) => command.startsWith('curl '))
      .map((command) => command.trim()),
  );

/** Bounded, and each answer ends its line. */
const CURL = 'curl() { command curl -sS --max-time 20 "$@"; echo; }';

/**
 * Runs a page's samples one after the other in one shell, as a reader would.
 * @param adapt What a reader would change in them: the port, a token.
 * @param env What a reader would have in the environment.
 * @returns By heading, what its samples printed.
 */
export async function runInOneShell(
  page: string,
  adapt: (code: string) => string,
  env: Readonly<Record<string, string>> = {},
): Promise<ReadonlyMap<string, string>> {
  const samples = samplesOf(page, 'sh');
  const mark = (at: number): string => `--- sample ${at} ---`;
  const script = samples.map(({ code }, at) => `echo '${mark(at)}'\n${adapt(code)}`).join('\n');
  const { stdout } = await run('sh', ['-c', `${CURL}\n${script}`], { env: { ...process.env, ...env } });
  return samples.reduce((printed, { heading }, at) => {
    const own = stdout.split(`${mark(at)}\n`)[1]?.split(`${mark(at + 1)}\n`)[0] ?? '';
    return printed.set(heading, (printed.get(heading) ?? '') + own);
  }, new Map<string, string>());
}
