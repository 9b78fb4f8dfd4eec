import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export const CLIENTS_BEGIN = '<!-- client-table: npm run docs:clients -->';
export const CLIENTS_END = '<!-- /client-table -->';

const FOLDER = fileURLToPath(new URL('../clients', import.meta.url));

/** A test's name begins with the points of the checklist that it is about: `44, 45 · is answered by …`. */
const POINTS = String.raw`(\d+(?:, \d+)*) · `;

/** A numbered test as it is written in a suite; `asks` may have places that Jest fills in. */
interface NumberedTest {
  readonly suite: string;
  readonly point: number;
  readonly asks: string;
}

const byPoint = (points: string, suite: string, asks: string): NumberedTest[] =>
  points.split(', ').map((point) => ({ suite, point: Number(point), asks }));

/** The numbered tests that the suites' sources have. Nothing is run. */
export function readNumberedTests(): readonly NumberedTest[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .toSorted()
    .flatMap((file) => {
      const source = readFileSync(join(FOLDER, file), 'utf8');
      const names = source.matchAll(new RegExp(String.raw`(['"\`])${POINTS}(.*?)\1`, 'g'));
      return [...names].flatMap(([, , points = '', asks = '']) => byPoint(points, file, asks));
    });
}

/** Whether a test that ran is one that is written: its places filled in, or with what a row of a table adds. */
export function isWritten({ asks }: NumberedTest, ran: string): boolean {
  const [first = '', ...rest] = asks.split(/%[a-z]|\$\w+|\$\{.*?\}/);
  if (!ran.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = ran.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return true;
}

/** What Jest's `--json` says, as far as it is read. */
export const clientResults = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
});

/** A line of the table: a point that holds. */
export interface ClientRow {
  readonly point: number;
  /** What one of its tests says. */
  readonly asks: string;
  readonly clients: readonly string[];
  readonly suites: readonly string[];
}

/** What held in a run, a row a point. */
export function toClientRows(
  { testResults }: z.infer<typeof clientResults>,
  written: readonly NumberedTest[],
): readonly ClientRow[] {
  const tests = testResults
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ assertionResults }) => assertionResults);
  const rows = new Map<number, { asks: string; clients: Set<string> }>();
  for (const { ancestorTitles, title, status } of tests) {
    const [, points = '', asks = ''] = new RegExp(`^${POINTS}(.*)$`, 's').exec(title) ?? [];
    if (points === '' || status !== 'passed') continue;
    const client = (ancestorTitles[0] ?? '').replace(/ at .*/, '');
    for (const { point } of byPoint(points, '', asks)) {
      const row = rows.get(point) ?? { asks, clients: new Set() };
      rows.set(point, row);
      row.clients.add(client);
    }
  }
  return [...rows]
    .toSorted(([a], [b]) => a - b)
    .map(([point, { asks, clients }]) => ({
      point,
      asks,
      clients: [...clients].toSorted((a, b) => a.localeCompare(b)),
      suites: [...new Set(written.filter((test) => test.point === point).map(({ suite }) => suite))],
    }));
}

const HEAD = ['point', 'for example', 'clients', 'suite'];

/** The rows as a table of Markdown. */
export const toClientTable = (rows: readonly ClientRow[]): string =>
  [
    HEAD,
    HEAD.map(() => '---'),
    ...rows.map(({ point, asks, clients, suites }) => [
      String(point),
      asks.replaceAll('|', '\\|').replaceAll(/\s+/g, ' '),
      clients.join(', '),
      suites.map((suite) => `\`${suite}\``).join(', '),
    ]),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** The rows of a table that is written. */
export const readClientTable = (document: string): readonly ClientRow[] =>
  document
    .slice(document.indexOf(CLIENTS_BEGIN), document.indexOf(CLIENTS_END))
    .split('\n')
    .filter((line) => /^\| *\d/.test(line))
    .map((line) => {
      const [point = '', asks = '', clients = '', suites = ''] = line
        .split(/(?<!\\)\|/)
        .slice(1)
        .map((cell) => cell.trim().replaceAll('\\|', '|'));
      return {
        point: Number(point),
        asks,
        clients: clients.split(', '),
        suites: suites.replaceAll('`', '').split(', '),
      };
    });
